#include "profile/variable.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "object/kind_descriptor.h"

namespace farholm::profile {

namespace {

bool has_type(VariableType type, const json::Value& value) {
  switch (type) {
    case VariableType::String:
      return value.is_string();
    case VariableType::Integer:
      return value.is_number_integer();
    case VariableType::Boolean:
      return value.is_boolean();
  }
  return false;
}

// Whole numbers beyond it do not survive JSON readers that use doubles; canonical JSON refuses them.
constexpr std::int64_t kIntegerMost = (std::int64_t{1} << 53) - 1;

bool in_range(const json::Value& number) {
  if (number.is_number_unsigned()) return number.get<std::uint64_t>() <= std::uint64_t{kIntegerMost};
  const auto integer = number.get<std::int64_t>();
  return integer >= -kIntegerMost && integer <= kIntegerMost;
}

}  // namespace

std::string_view to_string(VariableType type) {
  switch (type) {
    case VariableType::String:
      return "string";
    case VariableType::Integer:
      return "integer";
    case VariableType::Boolean:
      return "boolean";
  }
  return "";
}

std::vector<ErrorCause> check_value(const Variable& variable, const json::Value& value,
                                    const std::string& path) {
  const json::Value shown = variable.sensitive ? json::Value("<hidden>") : value;
  auto invalid = [&](std::string detail) {
    return std::vector{object::field_invalid(path, shown, std::move(detail))};
  };
  if (!has_type(variable.type, value))
    return {object::field_type_invalid(
        path, shown, fmt::format("variable {} must be of type {}", variable.name, to_string(variable.type)))};
  if (value.is_number() && !in_range(value)) return invalid("must be between -(2^53-1) and 2^53-1");
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > kVariableBytesMax) return {object::field_too_long(path, kVariableBytesMax)};
    if (!variable.pattern.empty()) {
      const RE2 pattern(variable.pattern, RE2::Quiet);
      if (!pattern.ok() || !RE2::PartialMatch(text, pattern))
        return invalid(
            fmt::format("must match the pattern {} of variable {}", variable.pattern, variable.name));
    }
  }
  if (!variable.allowed.empty() &&
      std::find(variable.allowed.begin(), variable.allowed.end(), value) == variable.allowed.end())
    return {object::field_not_supported(path, shown, variable.allowed)};
  return {};
}

Result<json::Value> value_from_secret(const Variable& variable, std::string_view bytes) {
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::Invalid,
                fmt::format("the Secret's value for variable {} {}", variable.name, what));
  };
  json::Value value;
  if (variable.type == VariableType::Integer) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
    if (error != std::errc() || end != bytes.data() + bytes.size()) return wrong("is not an integer");
    value = number;
  } else if (variable.type == VariableType::Boolean) {
    if (bytes != "true" && bytes != "false") return wrong("is neither true nor false");
    value = bytes == "true";
  } else {
    value = std::string(bytes);
    // Canonical JSON, in which it is sealed, holds only valid UTF-8.
    if (!json::to_canonical_text(value)) return wrong("is not text in UTF-8");
  }
  Variable hidden = variable;
  hidden.sensitive = true;
  const auto causes = check_value(hidden, value, "");
  if (!causes.empty()) return wrong("does not match its type, pattern or enum");
  return value;
}

}  // namespace farholm::profile
