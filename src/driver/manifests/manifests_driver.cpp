#include "driver/manifests/manifests_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "driver/manifests/inventory.h"
#include "driver/manifests/order.h"
#include "io/scope.h"
#include "kube_client/health.h"

namespace farholm::driver::manifests {
namespace {

using kube_client::ObjectRef;

constexpr auto kGoneDeadline = std::chrono::minutes(3);
constexpr auto kGonePause = std::chrono::milliseconds(500);
constexpr auto kServedDeadline = std::chrono::seconds(60);

// How an API server words it when an update touches what is fixed after creation.
bool is_about_immutable_field(const Error& error) {
  if (error.code != ErrorCode::Invalid && error.code != ErrorCode::Forbidden) return false;
  for (const std::string_view phrase :
       {"immutable", "may not change once set", "updates to parameters are forbidden",
        "updates to statefulset spec for fields other than", "cannot change roleRef",
        "is immutable after creation"}) {
    if (error.message.find(phrase) != std::string::npos) return true;
  }
  return false;
}

// Removing these to make them again would remove what people keep in them.
bool holds_data(const ObjectRef& ref) {
  constexpr std::array<std::string_view, 4> kKinds{"PersistentVolumeClaim", "PersistentVolume", "Namespace",
                                                   "CustomResourceDefinition"};
  return std::ranges::find(kKinds, ref.kind) != kKinds.end();
}

// Selects the Pods of a workload; empty for what has none, or chooses them in a way that is not read here.
std::string selector_of(const json::Value& object) {
  const auto* labels = json::find_path(object, {"spec", "selector", "matchLabels"});
  if (labels == nullptr || !labels->is_object() || json::find_path(object, {"spec", "template"}) == nullptr)
    return {};
  std::string selector;
  for (const auto& [name, value] : labels->items())
    if (value.is_string())
      selector += fmt::format("{}{}={}", selector.empty() ? "" : ",", name, value.get<std::string>());
  return selector;
}

// Why the workload's Pods are not ready, as far as one of them tells; empty when none does.
io::Task<std::string> trouble_of(kube_client::Cluster& cluster, json::Value object) {
  const auto selector = selector_of(object);
  if (selector.empty()) co_return std::string();
  const auto pods = co_await cluster.list({.api_version = "v1", .kind = "Pod", .label_selector = selector});
  if (!pods) co_return std::string();
  const auto name_space = kube_client::ref_of(object).name_space;
  for (const auto& pod : *pods) {
    if (kube_client::ref_of(pod).name_space != name_space) continue;
    auto trouble = kube_client::trouble_of_pod(pod);
    if (!trouble.empty()) co_return trouble;
  }
  co_return std::string();
}

io::Task<Result<void>> until_gone(io::Loop& loop, kube_client::Cluster& cluster, ObjectRef ref) {
  while (true) {
    auto object = co_await cluster.get(ref);
    if (!object && object.error().code == ErrorCode::NotFound) co_return Result<void>{};
    if (!object && !may_succeed_on_retry(object.error().code))
      co_return std::unexpected(std::move(object).error());
    co_await loop.sleep(kGonePause);
  }
}

}  // namespace

ManifestsDriver::ManifestsDriver(io::Loop& loop, ClusterSource cluster)
    : loop_(loop), cluster_(std::move(cluster)), changed_(loop) {}

ManifestsDriver::LayerMemory& ManifestsDriver::memory_of(kube_client::Cluster& cluster,
                                                         const std::string& layer_name) {
  auto& memory = layers_[layer_name];
  // The API may have got another port, and with it another client.
  if (!memory.live || memory.cluster != &cluster) {
    memory.live = std::make_unique<LiveObjects>(loop_, cluster, layer_name, changed_);
    memory.cluster = &cluster;
  }
  return memory;
}

io::Task<Result<Observation>> ManifestsDriver::observe(const SiteContext&, const Layer& layer) {
  FARHOLM_CO_TRY(auto* cluster, cluster_());
  FARHOLM_CO_TRY(const auto objects, prepare(layer.spec, layer.name));
  auto& memory = memory_of(*cluster, layer.name);
  std::set<std::pair<std::string, std::string>> kinds;
  for (const auto& object : objects) {
    const auto ref = kube_client::ref_of(object);
    kinds.emplace(ref.api_version, ref.kind);
  }

  if (memory.fingerprint != layer.fingerprint) {
    // Nothing of this version was applied since we started: the cluster knows what was applied before.
    FARHOLM_CO_TRY(auto inventory, co_await load_inventory(*cluster, layer.name));
    if (!inventory)
      co_return Observation{.health = Health::Absent, .fingerprint = {}, .message = "it was not applied yet"};
    const bool is_same = inventory->fingerprint == layer.fingerprint;
    if (!is_same || inventory->versions.size() != objects.size())
      co_return Observation{.health = Health::Drifted,
                            .fingerprint = inventory->fingerprint,
                            .message = is_same
                                           ? "it has to be looked through once: an earlier agent applied it"
                                           : "another version of it was applied",
                            // Whether anything of it is gone cannot be told before.
                            .lost = is_same};
    memory.fingerprint = layer.fingerprint;
    memory.versions = std::move(inventory->versions);
  }

  memory.live->watch_kinds(kinds);
  if (!memory.live->complete()) {
    Observation observation{.health = Health::Progressing, .fingerprint = layer.fingerprint, .message = {}};
    observation.message =
        memory.live->failure().empty() ? "its objects are being listed" : memory.live->failure();
    co_return observation;
  }
  Observation observation{.health = Health::Healthy, .fingerprint = layer.fingerprint, .message = {}};
  // The worst of what is found counts; within one, the first by order.
  const json::Value* waited_for = nullptr;
  const auto worsen = [&](Health health, std::string message, const json::Value* object = nullptr) {
    constexpr std::array<Health, 4> kFromBest{Health::Healthy, Health::Progressing, Health::Failed,
                                              Health::Drifted};
    if (std::ranges::find(kFromBest, health) <= std::ranges::find(kFromBest, observation.health)) return;
    observation.health = health;
    observation.message = std::move(message);
    waited_for = object;
  };
  for (const auto& object : objects) {
    const auto ref = kube_client::ref_of(object);
    const auto* live = memory.live->find(ref);
    const auto version = memory.versions.find(ref);
    if (live == nullptr) {
      worsen(Health::Drifted, ref.to_string() + " is gone");
      observation.lost = true;
    } else if (version == memory.versions.end() || version->second != live->version) {
      worsen(Health::Drifted, ref.to_string() + " was changed by somebody");
    } else if (live->failed) {
      worsen(Health::Failed, ref.to_string() + ": " + live->message, &object);
    } else if (!live->healthy) {
      worsen(Health::Progressing, ref.to_string() + ": " + live->message, &object);
    }
  }
  if (waited_for != nullptr) {
    const auto trouble = co_await trouble_of(*cluster, *waited_for);
    if (!trouble.empty()) observation.message += ": " + trouble;
  }
  co_return observation;
}

io::Task<Result<json::Value>> ManifestsDriver::apply_object(kube_client::Cluster& cluster, json::Value object,
                                                            Progress progress) {
  const auto ref = kube_client::ref_of(object);
  auto applied = co_await cluster.apply(object, std::string(kFieldManager));
  if (applied || !is_about_immutable_field(applied.error())) {
    if (!applied) co_return fail_while(std::move(applied).error(), "applying " + ref.to_string());
    co_return applied;
  }
  if (holds_data(ref)) {
    co_return fail(
        ErrorCode::Invalid,
        fmt::format("{} would have to be removed and made again for this change, and what it keeps would be "
                    "lost: give it another name, or move its data and delete it by hand ({})",
                    ref.to_string(), applied.error().message));
  }
  progress(fmt::format("{} cannot be changed in place: removing it to make it anew", ref.to_string()));
  FARHOLM_CO_CHECK(co_await cluster.remove(ref, "", kube_client::Propagation::Foreground));
  FARHOLM_CO_CHECK(co_await io::with_deadline<void>(
      loop_, kGoneDeadline, ref.to_string() + " did not go away", until_gone(loop_, cluster, ref)));
  co_return co_await cluster.apply(std::move(object), std::string(kFieldManager));
}

io::Task<Result<void>> ManifestsDriver::apply(const SiteContext&, const Layer& layer, Progress progress) {
  FARHOLM_CO_TRY(auto* cluster, cluster_());
  FARHOLM_CO_TRY(auto objects, prepare(layer.spec, layer.name));
  auto& memory = memory_of(*cluster, layer.name);
  memory.fingerprint.clear();
  memory.versions.clear();

  // Before anything changes the inventory names the old objects and the new: whatever is cut off after
  // this, the next apply knows what there may be to prune.
  FARHOLM_CO_TRY(const auto known, co_await load_inventory(*cluster, layer.name));
  Inventory inventory = known.value_or(Inventory{});
  std::set<ObjectRef> wanted;
  for (const auto& object : objects) wanted.insert(kube_client::ref_of(object));
  const bool same_objects = inventory.objects == wanted;
  if (!same_objects || inventory.fingerprint != layer.fingerprint) {
    inventory.fingerprint.clear();
    inventory.objects.insert(wanted.begin(), wanted.end());
    FARHOLM_CO_CHECK(co_await save_inventory(*cluster, layer.name, inventory));
  }

  std::size_t done = 0;
  for (auto& object : objects) {
    const auto ref = kube_client::ref_of(object);
    progress(fmt::format("applying {} ({} of {})", ref.to_string(), ++done, objects.size()));
    // A kind whose definition this layer has just brought takes a moment to be served.
    const auto begun = loop_.clock().monotonic();
    while (true) {
      const auto served = co_await cluster->is_namespaced(ref.api_version, ref.kind);
      if (served || served.error().code != ErrorCode::NotFound ||
          loop_.clock().monotonic() - begun > kServedDeadline) {
        break;
      }
      co_await loop_.sleep(kGonePause);
    }
    FARHOLM_CO_TRY(const auto applied, co_await apply_object(*cluster, std::move(object), progress));
    memory.versions[ref] = summarize(applied).version;
    memory.live->note(applied);
  }

  std::set<ObjectRef> leaving;
  std::ranges::set_difference(inventory.objects, wanted, std::inserter(leaving, leaving.end()));
  FARHOLM_CO_CHECK(co_await prune(*cluster, layer.name, std::move(leaving), progress));
  const Inventory now{
      .fingerprint = layer.fingerprint, .objects = std::move(wanted), .versions = memory.versions};
  if (inventory != now) FARHOLM_CO_CHECK(co_await save_inventory(*cluster, layer.name, now));
  memory.fingerprint = layer.fingerprint;
  changed_.notify();
  co_return Result<void>{};
}

io::Task<Result<void>> ManifestsDriver::prune(kube_client::Cluster& cluster, std::string layer_name,
                                              std::set<ObjectRef> leaving, Progress progress) {
  std::vector<ObjectRef> ordered(leaving.begin(), leaving.end());
  std::ranges::sort(ordered, std::greater<>(),
                    [](const ObjectRef& ref) { return std::pair(rank(ref), ref); });
  for (const auto& ref : ordered) {
    auto object = co_await cluster.get(ref);
    if (!object) {
      // Gone, or of a kind that is no longer served: nothing to remove.
      if (object.error().code == ErrorCode::NotFound) continue;
      co_return std::unexpected(std::move(object).error());
    }
    // An object that another layer has taken over is that layer's.
    const auto* label = json::find_path(*object, {"metadata", "labels", kLayerLabel});
    if (label == nullptr || *label != layer_name) continue;
    progress("removing " + ref.to_string());
    const auto* metadata = json::find_object(*object, "metadata");
    FARHOLM_CO_CHECK(co_await cluster.remove(ref, json::string_or(*metadata, "uid"),
                                             kube_client::Propagation::Background));
    FARHOLM_CO_CHECK(co_await io::with_deadline<void>(
        loop_, kGoneDeadline, ref.to_string() + " did not go away", until_gone(loop_, cluster, ref)));
  }
  co_return Result<void>{};
}

io::Task<Result<void>> ManifestsDriver::remove(const SiteContext&, const std::string& layer_name,
                                               Progress progress) {
  FARHOLM_CO_TRY(auto* cluster, cluster_());
  FARHOLM_CO_TRY(auto inventory, co_await load_inventory(*cluster, layer_name));
  layers_.erase(layer_name);
  if (!inventory) co_return Result<void>{};
  FARHOLM_CO_CHECK(co_await prune(*cluster, layer_name, std::move(inventory->objects), progress));
  co_return co_await remove_inventory(*cluster, layer_name);
}

io::Task<Result<std::vector<std::string>>> ManifestsDriver::layers(const SiteContext&) {
  const auto cluster = cluster_();
  // Where no cluster was made there is nothing of any layer.
  if (!cluster && cluster.error().code == ErrorCode::NotFound) co_return std::vector<std::string>();
  if (!cluster) co_return std::unexpected(cluster.error());
  co_return co_await list_inventories(**cluster);
}

}  // namespace farholm::driver::manifests
