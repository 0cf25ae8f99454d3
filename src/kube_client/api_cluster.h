// A Cluster over HTTPS: what the agent uses towards its site's own API server. One thread.
#pragma once

#include <memory>
#include <string>

#include "io/world.h"
#include "kube_client/cluster.h"

namespace farholm::kube_client {

struct ApiAccess {
  std::string endpoint;  // "https://127.0.0.1:6443"
  std::string ca_pem;
  std::string client_pem;
  std::string client_key_pem;
};

// The world outlives the cluster. BadRequest when the access is not usable. Does not connect yet.
Result<std::unique_ptr<Cluster>> make_api_cluster(const io::World& world, const ApiAccess& access);

}  // namespace farholm::kube_client
