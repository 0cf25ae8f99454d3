// ManifestsDriver: layers of Kubernetes objects in the site's own cluster. Applies server-side as the field
// manager "farholm", prunes what left the layer, and judges health from the objects. One thread.
//
// How drift is told: after an apply the driver remembers which fields of each object are the layer's, here
// and in the layer's inventory. When they are fewer, somebody took one: applying again puts ours back. What
// others add is theirs, and no drift; an object that is gone is.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "driver/driver.h"
#include "driver/manifests/live_objects.h"
#include "kube_client/cluster.h"

namespace farholm::driver::manifests {

// Gives the site's cluster; NotFound with a sentence while there is none.
using ClusterSource = std::function<Result<kube_client::Cluster*>()>;

class ManifestsDriver final : public Driver {
 public:
  // The loop, and every cluster that `cluster` gives, outlive the driver.
  ManifestsDriver(io::Loop& loop, ClusterSource cluster);

  io::Task<Result<Observation>> observe(const SiteContext& site, const Layer& layer) override;
  io::Task<Result<void>> apply(const SiteContext& site, const Layer& layer, Progress progress) override;
  io::Task<Result<void>> remove(const SiteContext& site, const std::string& layer_name,
                                Progress progress) override;
  io::Task<Result<std::vector<std::string>>> layers(const SiteContext& site) override;
  io::Event& changed() override { return changed_; }

 private:
  struct LayerMemory {
    std::string fingerprint;                                 // of the layer that was applied completely
    std::map<kube_client::ObjectRef, std::string> versions;  // as they were after that apply
    std::unique_ptr<LiveObjects> live;
    kube_client::Cluster* cluster = nullptr;  // through which `live` looks
  };

  LayerMemory& memory_of(kube_client::Cluster& cluster, const std::string& layer_name);
  io::Task<Result<json::Value>> apply_object(kube_client::Cluster& cluster, json::Value object,
                                             Progress progress);
  io::Task<Result<void>> prune(kube_client::Cluster& cluster, std::string layer_name,
                               std::set<kube_client::ObjectRef> leaving, Progress progress);

  io::Loop& loop_;
  ClusterSource cluster_;
  io::Event changed_;
  std::map<std::string, LayerMemory> layers_;
};

}  // namespace farholm::driver::manifests
