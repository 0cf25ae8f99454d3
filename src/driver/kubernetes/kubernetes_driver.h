// KubernetesDriver: brings up and keeps a Kubernetes of several nodes, each a container, on one host. It
// looks at what is there, asks plan_steps (pure) what may be done now, does it, and looks again.
// One thread, that of its loop.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "driver/docker/engine.h"
#include "driver/driver.h"
#include "driver/kubernetes/host_probe.h"
#include "driver/kubernetes/image_source.h"
#include "driver/kubernetes/site_state.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/loop.h"

namespace farholm::driver::kubernetes {

struct KubernetesDriverOptions {
  // The host's folder of persistent volumes, mounted at /var/lib/farholm/volumes in every node.
  std::string volumes_folder = "/var/lib/farholm/volumes";
  // Where nodes pull images from, as they reach it; "" for the site's registry, http://<subnet>.1:5000.
  std::string registry;
  // DNS servers for nodes and Pods, separated by blanks; "" for a site that has none.
  std::string nameservers;
  // For one apply, from its start to its end.
  std::chrono::minutes apply_limit{20};
};

// What the agent needs to reach the cluster's API by itself.
struct ClusterAccess {
  std::string endpoint;        // "https://127.0.0.1:6443", on this host
  std::string ca_pem;          // that signed the API server's certificate
  std::string client_pem;      // a client certificate of the group kubeadm:cluster-admins…
  std::string client_key_pem;  // …and its key
};

// Where the site listens for its apps and its API.
struct SiteListener {
  std::string address;  // "0.0.0.0" for all of the host's
  std::uint16_t port = 0;
  std::string name;  // the plan's, or "Kubernetes API"
  bool operator==(const SiteListener&) const = default;
};

class KubernetesDriver final : public Driver {
 public:
  // Everything outlives the driver.
  struct Parts {
    io::Loop& loop;
    io::Entropy& entropy;
    docker::Engine& engine;
    ImageSource& images;
    SiteState& state;
    HostProbe& host;
  };
  KubernetesDriver(const Parts& parts, KubernetesDriverOptions options);
  ~KubernetesDriver() override;

  io::Task<Result<Observation>> observe(const SiteContext& site, const Layer& layer) override;
  io::Task<Result<void>> apply(const SiteContext& site, const Layer& layer, Progress progress) override;
  io::Task<Result<void>> remove(const SiteContext& site, const std::string& layer_name,
                                Progress progress) override;
  io::Task<Result<std::vector<std::string>>> layers(const SiteContext& site) override;
  io::Event& changed() override;

  // Feeds changed() from the engine's events about this site; ends when the task is dropped.
  io::Task<void> watch(std::string site_uid);

  // As they were when it was last looked; none before.
  const std::vector<SiteListener>& listeners() const;

  // NotFound until the site's keys were made, that is until the first apply has begun.
  Result<ClusterAccess> access() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// A kubeconfig of one cluster and one user, as kubectl reads it (YAML). For the agent and the operator.
std::string make_kubeconfig(const std::string& cluster_name, const ClusterAccess& access);

}  // namespace farholm::driver::kubernetes
