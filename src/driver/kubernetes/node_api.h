// NodeApi: the few things that this driver asks of the cluster's own API. An interface, because the API is
// reached through the cluster that is being made. One thread.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "driver/docker/engine.h"
#include "io/task.h"

namespace farholm::driver::kubernetes {

struct NodeObject {
  bool ready = false;
  // Not ready only for want of a Pod network, which is a layer of its own.
  bool lacks_network = false;
  std::string message;  // of the Ready condition, when it is not true
};

class NodeApi {
 public:
  virtual ~NodeApi() = default;
  // By name. ServiceUnavailable when the API does not answer.
  virtual io::Task<Result<std::map<std::string, NodeObject>>> list() = 0;
  // Cordons the node and evicts what runs on it, as far as its disruption budgets allow within `limit`.
  virtual io::Task<Result<void>> drain(std::string node, std::chrono::seconds limit) = 0;
  // No error when there is none of that name.
  virtual io::Task<Result<void>> remove(std::string node) = 0;
  // Takes the Pods of a node that is no more for ended. Only when its container is gone: what still ran there
  // would run twice. Without it the cluster counts them as serving until its garbage collector is due, which
  // is about a minute (KEP-2268 has the reasons).
  virtual io::Task<Result<void>> forget_pods(std::string node) = 0;
};

// Reads the answer to `kubectl get nodes -o json`.
Result<std::map<std::string, NodeObject>> read_node_list(const std::string& text);

// By kubectl in a control-plane node's container.
class KubectlNodeApi final : public NodeApi {
 public:
  // The engine outlives it.
  KubectlNodeApi(docker::Engine& engine, std::string control_plane_container)
      : engine_(engine), container_(std::move(control_plane_container)) {}
  io::Task<Result<std::map<std::string, NodeObject>>> list() override;
  io::Task<Result<void>> drain(std::string node, std::chrono::seconds limit) override;
  io::Task<Result<void>> remove(std::string node) override;
  io::Task<Result<void>> forget_pods(std::string node) override;

 private:
  io::Task<Result<std::string>> kubectl(std::vector<std::string> arguments);

  docker::Engine& engine_;
  std::string container_;
};

}  // namespace farholm::driver::kubernetes
