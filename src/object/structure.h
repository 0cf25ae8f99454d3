// Bringing an object into the structure that its schema describes: defaults in, unknown members out
// (apiextensions-apiserver, pkg/apiserver/schema/{defaulting,pruning}). Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"
#include "object/schema.h"

namespace farholm::object {

inline constexpr std::size_t kUnknownFieldsMax = 64;  // that are named

// Fills in defaults where members are missing. A null where null is not allowed but a default exists is
// replaced by it. Not inside of lists: a client-side apply compares lists whole, so a default written there
// would make it say "configured" for ever; whoever reads an item of a list supplies the default itself.
void apply_defaults(const Schema& schema, json::Value& value);

// Removes members that the schema does not know and names them ("spec.replicaz"). apiVersion, kind and
// metadata are kept at the top of an object (`path` empty).
std::vector<std::string> prune(const Schema& schema, json::Value& value, const std::string& path = "");

}  // namespace farholm::object
