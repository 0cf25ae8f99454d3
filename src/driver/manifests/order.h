// In which order the objects of a layer are applied (and, backwards, removed), and what each carries so that
// it can be found again. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kube_client/cluster.h"

namespace farholm::driver::manifests {

// On every object that a layer applied; its value is the layer's name.
inline constexpr std::string_view kLayerLabel = "farholm.dev/layer";
inline constexpr std::string_view kFieldManager = "farholm";
inline constexpr std::size_t kObjectsMax = 2000;  // of one layer

// What others need comes first: Namespaces, definitions, accounts and roles, configuration, storage,
// services, then everything else, in the layer's own order within each of these.
int rank(const kube_client::ObjectRef& ref);

// The layer's objects, labelled, in order. Invalid for one without apiVersion, kind or name, for two of the
// same name, and for more than kObjectsMax.
Result<std::vector<json::Value>> prepare(const json::Value& layer_spec, const std::string& layer_name);

}  // namespace farholm::driver::manifests
