// The part of JSONPath that printer columns use: .a.b, ['a.b'], \. in a name, [0], [*], [?(@.type=="Ready")].
// Compiled once, evaluated often. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace farholm::object {

class JsonPath {
 public:
  // BadRequest says what is not understood.
  static Result<JsonPath> parse(std::string_view text);

  // What the path selects, in order; pointers into `value`. At most kMatchesMax.
  static constexpr std::size_t kMatchesMax = 256;
  std::vector<const json::Value*> find(const json::Value& value) const;
  // The first, or nullptr.
  const json::Value* first(const json::Value& value) const;

 private:
  struct Step {
    enum class Kind : std::uint8_t { Member, Index, Every, Filter };
    Kind kind = Kind::Member;
    std::string name;           // of a member
    std::int64_t index = 0;     // negative: from the end
    std::vector<Step> operand;  // of a filter: a path from @
    json::Value literal;        // that it must equal; discarded: that it must exist
    bool equal = true;
  };
  static Result<std::vector<Step>> parse_steps(std::string_view& text, bool within_filter);
  static Result<Step> parse_bracket(std::string_view& text);
  static Result<Step> parse_filter(std::string_view body);
  static std::vector<const json::Value*> follow(const std::vector<Step>& steps, const json::Value& value);

  std::vector<Step> steps_;
};

}  // namespace farholm::object
