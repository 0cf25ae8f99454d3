// `${name}` in the string scalars of a layer: finding, replacing, escaping (docs/formats/plan.md). Works on
// parsed values, never on text, so that a value cannot add structure. `$${` is a literal `${`; a `$` that no
// `{` follows is itself. Member names are never looked at. Pure; any thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace farholm::profile {

using Values = std::map<std::string, json::Value>;

// A name is [A-Za-z_][A-Za-z0-9_]{0,62}.
bool is_variable_name(std::string_view text);

struct References {
  std::set<std::string> names;
  std::vector<ErrorCause> malformed;  // `${` that neither ends nor holds a name, with the field's path
};

// `path` is that of `value` itself ("spec.layers[2].content.inline"); array members get "[i]".
References find_references(const json::Value& value, const std::string& path);

// Replaces every reference. A scalar that is exactly `${name}` takes the value's type; inside other text
// strings, integers and booleans are written as text. Invalid naming the field when a variable has no value.
Result<json::Value> substitute(const json::Value& value, const Values& values);

// For content that was not written for us: every `${` that is not a reference to one of `names` becomes
// `$${`.
json::Value escape_others(const json::Value& value, const std::set<std::string>& names);

// The path of a member of the object at `path`, as causes name it ("a.b"; "a[x/y]" where a dot would not do).
std::string member_path(const std::string& path, std::string_view member);

}  // namespace farholm::profile
