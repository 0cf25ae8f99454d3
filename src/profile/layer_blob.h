// A layer's blob as the site reads it: checked, its variables put in. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "profile/freeze.h"
#include "profile/plan.h"
#include "profile/substitution.h"

namespace farholm::profile {

struct LayerContent {
  json::Value spec;                           // the blob's value, references still in it
  std::vector<std::string> bundles;           // digests that must be local before it can be applied
  std::map<std::string, std::string> images;  // "name:tag" → digest, for the site's registry
};

// `bytes` already match `layer.blob`. BadRequest or Invalid for what is not a blob of this name and type;
// sizes, depth and counts are limited.
Result<LayerContent> parse_layer_blob(const PlanLayer& layer, std::string_view bytes);

// The spec that a driver gets. `secrets` are the opened values of sealed variables. Invalid when a variable
// that the layer refers to has no value, or when it refers to one that the plan does not list.
Result<json::Value> resolve_layer(const SitePlan& plan, const PlanLayer& layer, const LayerContent& content,
                                  const Values& secrets);

}  // namespace farholm::profile
