#include "object/json_path.h"

#include <charconv>

namespace farholm::object {

namespace {

std::unexpected<Error> bad_path(std::string_view what) {
  return fail(ErrorCode::BadRequest, "JSONPath: " + std::string(what));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_quoted(std::string_view text) {
  return text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front();
}

Result<json::Value> parse_literal(std::string_view text) {
  text = trimmed(text);
  if (is_quoted(text)) return json::Value(std::string(text.substr(1, text.size() - 2)));
  return json::parse(text);
}

// Where the bracket that opens at 0 closes; quotes hide brackets. npos: nowhere.
std::size_t closing_bracket(std::string_view text) {
  char quote = 0;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '\'' || text[i] == '"') {
      quote = text[i];
    } else if (text[i] == '[') {
      ++depth;
    } else if (text[i] == ']' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

Result<JsonPath::Step> JsonPath::parse_filter(std::string_view body) {
  // body: ?(@.type=="Ready")
  if (!body.starts_with("?(") || !body.ends_with(")"))
    return bad_path("a filter is written ?(@.name==\"value\")");
  body = trimmed(body.substr(2, body.size() - 3));
  if (!body.starts_with("@")) return bad_path("a filter begins with @");
  body.remove_prefix(1);
  Step step;
  step.kind = Step::Kind::Filter;
  FARHOLM_TRY(step.operand, parse_steps(body, /*within_filter=*/true));
  body = trimmed(body);
  if (body.empty()) {
    step.literal = json::Value(json::Value::value_t::discarded);
    return step;
  }
  step.equal = body.starts_with("==");
  if (!step.equal && !body.starts_with("!=")) return bad_path("a filter compares with == or !=");
  FARHOLM_TRY(step.literal, parse_literal(body.substr(2)));
  return step;
}

Result<JsonPath::Step> JsonPath::parse_bracket(std::string_view& text) {
  const auto end = closing_bracket(text);
  if (end == std::string_view::npos) return bad_path("a bracket is not closed");
  const auto body = trimmed(text.substr(1, end - 1));
  text.remove_prefix(end + 1);
  Step step;
  if (body == "*") {
    step.kind = Step::Kind::Every;
  } else if (is_quoted(body)) {
    step.name = body.substr(1, body.size() - 2);
  } else if (body.starts_with('?')) {
    return parse_filter(body);
  } else {
    step.kind = Step::Kind::Index;
    const auto [last, error] = std::from_chars(body.data(), body.data() + body.size(), step.index);
    if (error != std::errc() || last != body.data() + body.size() || body.empty())
      return bad_path("an index is a whole number");
  }
  return step;
}

Result<std::vector<JsonPath::Step>> JsonPath::parse_steps(std::string_view& text, bool within_filter) {
  constexpr std::size_t kStepsMax = 64;
  std::vector<Step> steps;
  while (!text.empty()) {
    if (steps.size() == kStepsMax) return bad_path("it is too long");
    if (text.front() == '[') {
      FARHOLM_TRY(auto step, parse_bracket(text));
      steps.push_back(std::move(step));
      continue;
    }
    if (text.front() != '.') {
      if (within_filter) break;
      return bad_path("a member begins with a dot");
    }
    text.remove_prefix(1);
    Step step;
    while (!text.empty() && text.front() != '.' && text.front() != '[') {
      if (within_filter && std::string_view("=!<> )").find(text.front()) != std::string_view::npos) break;
      if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
      step.name += text.front();
      text.remove_prefix(1);
    }
    if (step.name == "*") step.kind = Step::Kind::Every;
    if (!step.name.empty()) steps.push_back(std::move(step));
  }
  return steps;
}

Result<JsonPath> JsonPath::parse(std::string_view text) {
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  JsonPath path;
  FARHOLM_TRY(path.steps_, parse_steps(text, /*within_filter=*/false));
  return path;
}

std::vector<const json::Value*> JsonPath::follow(const std::vector<Step>& steps, const json::Value& value) {
  std::vector<const json::Value*> current{&value};
  for (const auto& step : steps) {
    std::vector<const json::Value*> next;
    const auto add = [&](const json::Value* found) {
      if (found && next.size() < kMatchesMax) next.push_back(found);
    };
    for (const auto* from : current) {
      switch (step.kind) {
        case Step::Kind::Member:
          add(json::find(*from, step.name));
          break;
        case Step::Kind::Index: {
          if (!from->is_array()) break;
          const auto size = static_cast<std::int64_t>(from->size());
          const auto index = step.index < 0 ? size + step.index : step.index;
          if (index >= 0 && index < size) add(&(*from)[static_cast<std::size_t>(index)]);
          break;
        }
        case Step::Kind::Every:
          if (from->is_structured())
            for (const auto& item : *from) add(&item);
          break;
        case Step::Kind::Filter:
          if (!from->is_array()) break;
          for (const auto& item : *from) {
            const auto operands = follow(step.operand, item);
            const bool exists = !operands.empty();
            if (step.literal.is_discarded() ? exists
                                            : exists && (*operands.front() == step.literal) == step.equal)
              add(&item);
          }
          break;
      }
    }
    current = std::move(next);
  }
  return current;
}

std::vector<const json::Value*> JsonPath::find(const json::Value& value) const {
  return follow(steps_, value);
}

const json::Value* JsonPath::first(const json::Value& value) const {
  const auto found = find(value);
  return found.empty() ? nullptr : found.front();
}

}  // namespace farholm::object
