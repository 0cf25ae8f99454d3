// What a plain YAML scalar means: the reading of Kubernetes' tools (sigs.k8s.io/yaml over go-yaml v2), which
// is YAML 1.1's without its base-60 numbers and its timestamps. Pure; any thread.
#pragma once

#include <string_view>

#include "json/json.h"

namespace farholm::json {

// null, bool, number or the text itself. Invalid for .inf and .nan, which JSON cannot say.
Result<Value> resolve_plain_scalar(std::string_view text);

}  // namespace farholm::json
