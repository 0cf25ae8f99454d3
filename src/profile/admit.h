// admit: one of our objects from a file becomes what the hub would have stored: defaults filled in, judged by
// schema and rules. For programs that work without a hub. Pure; any thread.
#pragma once

#include "base/result.h"
#include "json/json.h"
#include "object/kind_descriptor.h"

namespace farholm::profile {

// BadRequest when the object is of another kind or version; Invalid with causes for unknown fields and wrong
// values.
Result<json::Value> admit(const object::KindDescriptor& kind, json::Value object);

}  // namespace farholm::profile
