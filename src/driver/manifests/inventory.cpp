#include "driver/manifests/inventory.h"

#include <fmt/format.h>

#include "driver/manifests/order.h"

namespace farholm::driver::manifests {
namespace {

constexpr std::string_view kPrefix = "layer-";
constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";

kube_client::ObjectRef inventory_ref(const std::string& layer_name) {
  return {.api_version = "v1",
          .kind = "ConfigMap",
          .name_space = std::string(kInventoryNamespace),
          .name = std::string(kPrefix) + layer_name};
}

}  // namespace

io::Task<Result<std::vector<std::string>>> list_inventories(kube_client::Cluster& cluster) {
  FARHOLM_CO_TRY(const auto objects,
                 co_await cluster.list({.api_version = "v1",
                                        .kind = "ConfigMap",
                                        .label_selector = fmt::format("{}={}", kManagedBy, kFieldManager)}));
  std::vector<std::string> names;
  for (const auto& object : objects) {
    const auto ref = kube_client::ref_of(object);
    if (ref.name_space == kInventoryNamespace && ref.name.starts_with(kPrefix))
      names.push_back(ref.name.substr(kPrefix.size()));
  }
  co_return names;
}

io::Task<Result<std::optional<Inventory>>> load_inventory(kube_client::Cluster& cluster,
                                                          std::string layer_name) {
  auto object = co_await cluster.get(inventory_ref(layer_name));
  if (!object) {
    if (object.error().code == ErrorCode::NotFound) co_return std::optional<Inventory>();
    co_return std::unexpected(std::move(object).error());
  }
  Inventory inventory;
  const auto* data = json::find_object(*object, "data");
  if (data == nullptr) co_return std::optional(inventory);
  inventory.fingerprint = json::string_or(*data, "fingerprint");
  // Somebody may have edited it: what cannot be read is as if the layer had applied nothing, and the next
  // apply writes it afresh.
  const auto listed = json::parse(json::string_or(*data, "objects", "[]"));
  if (!listed || !listed->is_array()) co_return std::optional(Inventory{});
  for (const auto& row : *listed) {
    kube_client::ObjectRef ref{.api_version = json::string_or(row, "apiVersion"),
                               .kind = json::string_or(row, "kind"),
                               .name_space = json::string_or(row, "namespace"),
                               .name = json::string_or(row, "name")};
    if (!kube_client::valid_ref(ref)) continue;
    if (auto version = json::string_or(row, "version"); !version.empty())
      inventory.versions.emplace(ref, std::move(version));
    inventory.objects.insert(std::move(ref));
  }
  co_return std::optional(std::move(inventory));
}

io::Task<Result<void>> save_inventory(kube_client::Cluster& cluster, std::string layer_name,
                                      Inventory inventory) {
  json::Value rows = json::Value::array();
  for (const auto& ref : inventory.objects) {
    rows.push_back({{"apiVersion", ref.api_version},
                    {"kind", ref.kind},
                    {"namespace", ref.name_space},
                    {"name", ref.name}});
    if (const auto version = inventory.versions.find(ref); version != inventory.versions.end())
      rows.back()["version"] = version->second;
  }
  json::Value object{{"apiVersion", "v1"},
                     {"kind", "ConfigMap"},
                     {"metadata",
                      {{"name", inventory_ref(layer_name).name},
                       {"namespace", kInventoryNamespace},
                       {"labels", {{kManagedBy, kFieldManager}}}}},
                     {"data", {{"fingerprint", inventory.fingerprint}, {"objects", json::to_text(rows)}}}};
  auto saved = co_await cluster.apply(object, std::string(kFieldManager));
  if (!saved && saved.error().code == ErrorCode::NotFound) {
    FARHOLM_CO_CHECK(co_await cluster.apply(
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", kInventoryNamespace}}}},
        std::string(kFieldManager)));
    saved = co_await cluster.apply(std::move(object), std::string(kFieldManager));
  }
  if (!saved) co_return std::unexpected(std::move(saved).error());
  co_return Result<void>{};
}

io::Task<Result<void>> remove_inventory(kube_client::Cluster& cluster, std::string layer_name) {
  co_return co_await cluster.remove(inventory_ref(layer_name), "", kube_client::Propagation::Background);
}

}  // namespace farholm::driver::manifests
