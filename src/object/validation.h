// Judging a value by a schema, with Kubernetes' words and field paths (kube-openapi, pkg/validation). Pure;
// any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "object/schema.h"

namespace farholm::object {

// A hostile object can be wrong in a million places; nobody reads more than this.
inline constexpr std::size_t kCausesMax = 64;
// A bad value that is longer is not repeated in full in a message.
inline constexpr std::size_t kShownValueBytesMax = 256;

// Every place where `value` is not what the schema allows. `path` is that of the value ("spec"; empty for the
// object itself). Members that the schema does not know are not looked at: pruning removes them.
std::vector<ErrorCause> validate(const Schema& schema, const json::Value& value, const std::string& path);

// Changes to fields that the schema calls fixed.
std::vector<ErrorCause> validate_immutable(const Schema& schema, const json::Value& old,
                                           const json::Value& changed, const std::string& path);

// "spec" + "name" -> "spec.name"; members that are not plain words stand in brackets.
std::string child_path(const std::string& path, std::string_view member);
std::string index_path(const std::string& path, std::size_t index);

// Whether a string is in one of the formats that Schema names; unknown formats accept everything.
bool in_format(const std::string& format, const std::string& text);

}  // namespace farholm::object
