#include <algorithm>
#include <charconv>

#include "object/metadata.h"
#include "object/selector.h"

namespace farholm::object {

namespace {

using Operator = LabelRequirement::Operator;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Tokens of apimachinery's lexer: words and the symbols ! = == != in notin ( ) , < >.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::string_view peek() {
    if (!token_) token_ = scan();
    return *token_;
  }
  std::string_view take() {
    const auto token = peek();
    token_.reset();
    return token;
  }

 private:
  std::string_view scan() {
    while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
    if (text_.empty()) return {};
    std::size_t length = 0;
    if (is_symbol(text_.front())) {
      length = (text_.starts_with("==") || text_.starts_with("!=")) ? 2 : 1;
    } else {
      while (length < text_.size() && !is_symbol(text_[length]) && !is_space(text_[length])) ++length;
    }
    const auto token = text_.substr(0, length);
    text_.remove_prefix(length);
    return token;
  }
  static bool is_symbol(char c) { return std::string_view("!=(),<>").find(c) != std::string_view::npos; }

  std::string_view text_;
  std::optional<std::string_view> token_;
};

std::unexpected<Error> unable(std::string why) {
  return fail(ErrorCode::BadRequest, "unable to parse requirement: " + std::move(why));
}

bool is_word(std::string_view token) {
  return !token.empty() && std::string_view("!=(),<>").find(token.front()) == std::string_view::npos;
}

Result<void> check_requirement(const LabelRequirement& requirement) {
  if (auto why = label_key_problem(requirement.key); !why.empty())
    return unable("<nil>: Invalid value: " + json::to_text(requirement.key) + ": " + why);
  for (const auto& value : requirement.values)
    if (auto why = label_value_problem(value); !why.empty())
      return unable("values[0][" + requirement.key + "]: Invalid value: " + json::to_text(value) + ": " +
                    why);
  return {};
}

Result<std::vector<std::string>> parse_values(Lexer& lexer) {
  std::vector<std::string> values;
  if (lexer.take() != "(") return unable("found '" + std::string(lexer.peek()) + "' expected: '('");
  while (true) {
    if (is_word(lexer.peek()))
      values.emplace_back(lexer.take());
    else
      values.emplace_back();  // "in (a,)" and "in ()" name the empty value
    if (values.size() > kSelectorRequirementsMax) return unable("too many values");
    const auto token = lexer.take();
    if (token == ")") break;
    if (token != ",") return unable("found '" + std::string(token) + "', expected: ',', or ')'");
  }
  std::sort(values.begin(), values.end());
  return values;
}

Result<LabelRequirement> parse_requirement(Lexer& lexer) {
  LabelRequirement requirement;
  if (lexer.peek() == "!") {
    lexer.take();
    requirement.op = Operator::DoesNotExist;
  }
  if (!is_word(lexer.peek()))
    return unable("found '" + std::string(lexer.peek()) + "', expected: identifier");
  requirement.key = lexer.take();
  const auto op = lexer.peek();
  if (requirement.op == Operator::DoesNotExist || op.empty() || op == ",") {
    FARHOLM_CHECK(check_requirement(requirement));
    return requirement;
  }
  lexer.take();
  if (op == "in" || op == "notin") {
    requirement.op = op == "in" ? Operator::In : Operator::NotIn;
    FARHOLM_TRY(requirement.values, parse_values(lexer));
  } else if (op == "=" || op == "==" || op == "!=" || op == "<" || op == ">") {
    requirement.op = op == "!="  ? Operator::NotIn
                     : op == "<" ? Operator::LessThan
                     : op == ">" ? Operator::GreaterThan
                                 : Operator::In;
    requirement.values.emplace_back(is_word(lexer.peek()) ? lexer.take() : std::string_view());
  } else {
    return unable("found '" + std::string(op) + "', expected: in, notin, =, ==, !=, gt, lt");
  }
  FARHOLM_CHECK(check_requirement(requirement));
  return requirement;
}

std::optional<std::int64_t> as_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool holds(const LabelRequirement& requirement, const std::string* value) {
  const auto listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), *value) !=
           requirement.values.end();
  };
  switch (requirement.op) {
    case Operator::In:
      return value && listed();
    case Operator::NotIn:
      return !value || !listed();
    case Operator::Exists:
      return value != nullptr;
    case Operator::DoesNotExist:
      return value == nullptr;
    case Operator::GreaterThan:
    case Operator::LessThan: {
      if (!value || requirement.values.size() != 1) return false;
      const auto have = as_number(*value);
      const auto bound = as_number(requirement.values.front());
      if (!have || !bound) return false;
      return requirement.op == Operator::GreaterThan ? *have > *bound : *have < *bound;
    }
  }
  return false;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  if (text.size() > kSelectorBytesMax) return unable("the selector is too long");
  Lexer lexer(text);
  std::vector<LabelRequirement> requirements;
  while (!lexer.peek().empty()) {
    FARHOLM_TRY(auto requirement, parse_requirement(lexer));
    requirements.push_back(std::move(requirement));
    if (requirements.size() > kSelectorRequirementsMax) return unable("too many requirements");
    if (lexer.peek().empty()) break;
    if (lexer.take() != ",")
      return unable("found '" + std::string(lexer.peek()) + "', expected: ',' or 'end of string'");
    if (lexer.peek().empty()) return unable("found '', expected: identifier after ','");
  }
  return LabelSelector(std::move(requirements));
}

Result<LabelSelector> LabelSelector::from_json(const json::Value& selector) {
  std::vector<LabelRequirement> requirements;
  if (const auto* labels = json::find_object(selector, "matchLabels"))
    for (const auto& [key, value] : labels->items()) {
      if (!value.is_string()) return fail(ErrorCode::Invalid, "matchLabels: values must be strings");
      requirements.push_back({key, Operator::In, {value.get<std::string>()}});
    }
  if (const auto* expressions = json::find_array(selector, "matchExpressions"))
    for (const auto& expression : *expressions) {
      LabelRequirement requirement;
      requirement.key = json::string_or(expression, "key");
      const auto op = json::string_or(expression, "operator");
      if (op == "In")
        requirement.op = Operator::In;
      else if (op == "NotIn")
        requirement.op = Operator::NotIn;
      else if (op == "Exists")
        requirement.op = Operator::Exists;
      else if (op == "DoesNotExist")
        requirement.op = Operator::DoesNotExist;
      else
        return fail(
            ErrorCode::Invalid,
            "matchExpressions: operator must be In, NotIn, Exists or DoesNotExist, not \"" + op + "\"");
      if (const auto* values = json::find_array(expression, "values"))
        for (const auto& value : *values)
          if (value.is_string()) requirement.values.push_back(value.get<std::string>());
      const bool needs_values = requirement.op == Operator::In || requirement.op == Operator::NotIn;
      if (needs_values == requirement.values.empty())
        return fail(ErrorCode::Invalid,
                    "matchExpressions: In and NotIn need values, Exists and DoesNotExist have none");
      requirements.push_back(std::move(requirement));
    }
  for (const auto& requirement : requirements) {
    if (auto why = label_key_problem(requirement.key); !why.empty())
      return fail(ErrorCode::Invalid, "label key " + json::to_text(requirement.key) + ": " + why);
  }
  return LabelSelector(std::move(requirements));
}

bool LabelSelector::matches(const json::Value* labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const LabelRequirement& requirement) {
    return holds(requirement, labels ? json::find_string(*labels, requirement.key) : nullptr);
  });
}

bool LabelSelector::matches_object(const json::Value& object) const {
  return requirements_.empty() || matches(json::find_path(object, {"metadata", "labels"}));
}

}  // namespace farholm::object
