#include "driver/manifests/order.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace farholm::driver::manifests {

int rank(const kube_client::ObjectRef& ref) {
  constexpr std::array<std::string_view, 16> kFirst{"Namespace",
                                                    "CustomResourceDefinition",
                                                    "PriorityClass",
                                                    "ServiceAccount",
                                                    "ClusterRole",
                                                    "ClusterRoleBinding",
                                                    "Role",
                                                    "RoleBinding",
                                                    "ConfigMap",
                                                    "Secret",
                                                    "StorageClass",
                                                    "PersistentVolume",
                                                    "PersistentVolumeClaim",
                                                    "NetworkPolicy",
                                                    "Service",
                                                    "PodDisruptionBudget"};
  const auto found = std::ranges::find(kFirst, ref.kind);
  return static_cast<int>(found - kFirst.begin());
}

Result<std::vector<json::Value>> prepare(const json::Value& layer_spec, const std::string& layer_name) {
  FARHOLM_TRY(const auto* listed, json::require_array(layer_spec, "objects"));
  if (listed->size() > kObjectsMax) {
    return fail(ErrorCode::Invalid,
                fmt::format("the layer {} has {} objects; at most {} are allowed: split it", layer_name,
                            listed->size(), kObjectsMax));
  }
  std::multimap<int, json::Value> ranked;  // keeps the layer's order among equals
  std::set<kube_client::ObjectRef> seen;
  for (const auto& object : *listed) {
    const auto ref = kube_client::ref_of(object);
    if (!kube_client::valid_ref(ref)) {
      return fail(ErrorCode::Invalid,
                  fmt::format("object {} of the layer {} lacks apiVersion, kind or metadata.name",
                              ranked.size() + 1, layer_name));
    }
    if (!seen.insert(ref).second) {
      return fail(ErrorCode::Invalid, fmt::format("the layer {} has {} twice", layer_name, ref.to_string()));
    }
    const auto placed = ranked.emplace(rank(ref), object);
    placed->second["metadata"]["labels"][kLayerLabel] = layer_name;
  }
  std::vector<json::Value> objects;
  objects.reserve(ranked.size());
  for (auto& [position, object] : ranked) objects.push_back(std::move(object));
  return objects;
}

}  // namespace farholm::driver::manifests
