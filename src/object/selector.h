// Label and field selectors, from the text of a query or from a metav1.LabelSelector. Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace farholm::object {

inline constexpr std::size_t kSelectorBytesMax = 64 << 10;
inline constexpr std::size_t kSelectorRequirementsMax = 1024;

struct LabelRequirement {
  enum class Operator : std::uint8_t { In, NotIn, Exists, DoesNotExist, GreaterThan, LessThan };
  std::string key;
  Operator op = Operator::Exists;
  std::vector<std::string> values;
};

// All requirements must hold; none at all selects everything.
class LabelSelector {
 public:
  LabelSelector() = default;
  explicit LabelSelector(std::vector<LabelRequirement> requirements)
      : requirements_(std::move(requirements)) {}

  // "a=b,c!=d,e in (f,g),h notin (i),j,!k,l>5". BadRequest with Kubernetes' words.
  static Result<LabelSelector> parse(std::string_view text);
  // metav1.LabelSelector: matchLabels and matchExpressions. Null or absent selects nothing in Kubernetes;
  // that decision is the caller's.
  static Result<LabelSelector> from_json(const json::Value& selector);

  bool empty() const { return requirements_.empty(); }
  // `labels` is metadata.labels, or nullptr.
  bool matches(const json::Value* labels) const;
  bool matches_object(const json::Value& object) const;
  const std::vector<LabelRequirement>& requirements() const { return requirements_; }

 private:
  std::vector<LabelRequirement> requirements_;
};

// "metadata.name=x,spec.host!=y": equality only.
class FieldSelector {
 public:
  struct Term {
    std::string path;
    std::string value;
    bool equal = true;
  };

  // BadRequest for bad syntax and for a path that is neither metadata.name, metadata.namespace nor one of
  // `selectable` (".spec.host" or "spec.host").
  static Result<FieldSelector> parse(std::string_view text, const std::vector<std::string>& selectable);

  bool empty() const { return terms_.empty(); }
  bool matches(const json::Value& object) const;
  // What a path must equal, when the selector says so: lets a list by name become a get.
  std::optional<std::string> exact(std::string_view path) const;
  const std::vector<Term>& terms() const { return terms_; }

 private:
  std::vector<Term> terms_;
};

}  // namespace farholm::object
