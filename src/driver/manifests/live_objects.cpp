#include "driver/manifests/live_objects.h"

#include <fmt/format.h>

#include "crypto/digest.h"
#include "driver/manifests/order.h"
#include "kube_client/health.h"

namespace farholm::driver::manifests {
namespace {

constexpr auto kRetryPause = std::chrono::seconds(2);

std::string version_of(const json::Value& metadata) {
  const auto* entries = json::find_array(metadata, "managedFields");
  if (entries == nullptr) return {};
  for (const auto& entry : *entries) {
    const auto* fields = json::find_object(entry, "fieldsV1");
    if (fields != nullptr && json::string_or(entry, "manager") == kFieldManager &&
        json::string_or(entry, "operation") == "Apply" && json::string_or(entry, "subresource").empty())
      return crypto::Digest::of(json::to_text(*fields)).hex();
  }
  return {};
}

}  // namespace

LiveObject summarize(const json::Value& object) {
  LiveObject live;
  if (const auto* metadata = json::find_object(object, "metadata")) {
    live.uid = json::string_or(*metadata, "uid");
    live.version = version_of(*metadata);
  }
  const auto report = kube_client::health_of(object);
  live.healthy = report.health == kube_client::ObjectHealth::Healthy;
  live.failed = report.health == kube_client::ObjectHealth::Failed;
  live.message = report.message;
  return live;
}

LiveObjects::LiveObjects(io::Loop& loop, kube_client::Cluster& cluster, std::string layer_name,
                         io::Event& changed)
    : loop_(loop),
      cluster_(cluster),
      selector_(fmt::format("{}={}", kLayerLabel, layer_name)),
      changed_(changed),
      watches_(loop) {}

void LiveObjects::watch_kinds(const std::set<KindKey>& api_versions_and_kinds) {
  for (const auto& key : api_versions_and_kinds) {
    if (kinds_.try_emplace(key).second) watches_.spawn(follow(key));
  }
}

const LiveObject* LiveObjects::find(const kube_client::ObjectRef& ref) const {
  const auto kind = kinds_.find({ref.api_version, ref.kind});
  if (kind == kinds_.end()) return nullptr;
  const auto found = kind->second.objects.find(ref);
  return found == kind->second.objects.end() ? nullptr : &found->second;
}

void LiveObjects::note(const json::Value& object) {
  const auto ref = kube_client::ref_of(object);
  // A kind that is not watched yet will be listed.
  const auto kind = kinds_.find({ref.api_version, ref.kind});
  if (kind != kinds_.end()) kind->second.objects[ref] = summarize(object);
}

bool LiveObjects::complete() const {
  for (const auto& [key, kind] : kinds_) {
    if (!kind.listed) return false;
  }
  return true;
}

// Lists, then watches; when the watch ends (as servers end them, and as they do when they restart) begins
// again. A list tells of deletions that happened between two watches.
io::Task<void> LiveObjects::follow(KindKey key) {
  const kube_client::Selection selection{
      .api_version = key.first, .kind = key.second, .label_selector = selector_};
  while (true) {
    auto listed = co_await cluster_.list(selection);
    if (listed) {
      auto& kind = kinds_[key];
      kind.objects.clear();
      for (const auto& object : *listed) kind.objects[kube_client::ref_of(object)] = summarize(object);
      kind.listed = true;
      failure_.clear();
      changed_.notify();
      auto ended = co_await cluster_.watch(selection, [this, key](const kube_client::WatchEvent& event) {
        auto& objects = kinds_[key].objects;
        const auto ref = kube_client::ref_of(event.object);
        if (event.type == kube_client::WatchEvent::Type::Deleted) {
          objects.erase(ref);
        } else {
          objects[ref] = summarize(event.object);
        }
        changed_.notify();
      });
      if (ended) continue;
      failure_ = ended.error().to_string();
    } else {
      failure_ = listed.error().to_string();
    }
    changed_.notify();
    co_await loop_.sleep(kRetryPause);
  }
}

}  // namespace farholm::driver::manifests
