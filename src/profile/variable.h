// Variables: what a profile lets its sites choose. Declared with a type in the profile, given by the site as
// a scalar or as a reference to a Secret, checked in the hub before a plan is made. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace farholm::profile {

enum class VariableType : std::uint8_t { String, Integer, Boolean };

std::string_view to_string(VariableType type);  // "string"

struct Variable {
  std::string name;
  VariableType type = VariableType::String;
  std::string pattern;  // RE2, anywhere unless anchored; of strings only; empty: any
  bool required = false;
  bool sensitive = false;
  std::optional<json::Value> default_value;
  std::vector<json::Value> allowed;  // `enum`; empty: any
};

// A variable's value in plain text may be so long; a whole site's are bounded by the number of variables.
inline constexpr std::size_t kVariableBytesMax = 4096;

// Empty when `value` may stand for the variable, else causes for the field `path`. The value of a sensitive
// variable never appears in them.
std::vector<ErrorCause> check_value(const Variable& variable, const json::Value& value,
                                    const std::string& path);

// What a Secret's bytes mean for this variable: "42" is 42 for an integer. Invalid (without the value) when
// they do not fit. The canonical JSON of the result is what is sealed.
Result<json::Value> value_from_secret(const Variable& variable, std::string_view bytes);

}  // namespace farholm::profile
