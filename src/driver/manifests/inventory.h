// What a layer has applied, remembered in the cluster itself as a ConfigMap, so that an object that leaves
// the layer is pruned even by an agent that has just been installed. It holds references only: no content and
// no secret.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/task.h"
#include "kube_client/cluster.h"

namespace farholm::driver::manifests {

inline constexpr std::string_view kInventoryNamespace = "farholm-system";

struct Inventory {
  std::string fingerprint;  // of the layer that was applied completely; empty while it is being changed
  std::set<kube_client::ObjectRef> objects;
  // LiveObject::version as the complete apply left them, so that the next agent sees what was changed since
  // without touching anything; fewer where an earlier agent wrote it.
  std::map<kube_client::ObjectRef, std::string> versions;
  bool operator==(const Inventory&) const = default;
};

// The names of the layers that have one.
io::Task<Result<std::vector<std::string>>> list_inventories(kube_client::Cluster& cluster);
// Nothing when the layer was never applied.
io::Task<Result<std::optional<Inventory>>> load_inventory(kube_client::Cluster& cluster,
                                                          std::string layer_name);
io::Task<Result<void>> save_inventory(kube_client::Cluster& cluster, std::string layer_name,
                                      Inventory inventory);
io::Task<Result<void>> remove_inventory(kube_client::Cluster& cluster, std::string layer_name);

}  // namespace farholm::driver::manifests
