// plan_steps: from what is wanted, what is remembered and what is seen, the steps that may be taken now, all
// at once. Pure: the driver takes them, looks again, and asks again, until there are none. Any thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "driver/docker/engine_types.h"
#include "driver/kubernetes/cluster_journal.h"
#include "driver/kubernetes/cluster_settings.h"
#include "driver/kubernetes/node_api.h"

namespace farholm::driver::kubernetes {

// What is on the host, and in the cluster if its API answers.
struct Observed {
  std::optional<docker::NetworkInfo> network;
  std::map<std::string, docker::ContainerInfo> containers;  // by name
  std::set<std::string> volumes;
  std::string haproxy_config;                              // that HAProxy was last told to load
  std::map<std::string, std::string> registry_hosts;       // of the nodes that run, when it was asked for
  std::optional<std::map<std::string, NodeObject>> nodes;  // nothing: the API does not answer
};

// What the containers should be made of.
struct DesiredContainers {
  docker::ContainerSpec etcd;
  docker::ContainerSpec haproxy;
  std::map<std::string, docker::ContainerSpec> nodes;  // by name
  std::string haproxy_config;
  std::optional<std::string> registry_hosts;  // of every node; nothing: as the node has made it
};

enum class StepKind : std::uint8_t {
  CreateNetwork,
  CreateEtcd,
  CreateHaproxy,
  CreateNode,
  StartContainer,
  ReloadHaproxy,
  InitControlPlane,  // kubeadm init
  JoinNode,          // kubeadm join
  ConfigurePulls,    // where its containerd gets images from
  RestartKubelet,    // its Node object is gone: a kubelet registers when it starts
  DrainNode,         // and take its Node object out of the cluster
  DeleteNodeObject,  // of a node that is no more
  RemoveNode,        // container, volume and Pods, and then forget it
  RemoveContainer,   // of a node that is no more, but may still be listed in the cluster
};

struct Step {
  StepKind kind{};
  std::string target;       // a container's (and node's) name
  std::string reason;       // a sentence for whoever asks why
  bool interrupts = false;  // what runs now and serves
  bool operator==(const Step&) const = default;
};

struct StepPlan {
  std::vector<Step> steps;  // independent of one another
  std::string waiting_for;  // what must happen by itself before the next ones; "" for nothing
  bool done() const { return steps.empty() && waiting_for.empty(); }
};

// `journal` names a node for every slot (settle_roster). Conflict when something is in the way that is not
// ours to remove.
Result<StepPlan> plan_steps(const ClusterSettings& settings, const ClusterJournal& journal,
                            const DesiredContainers& desired, const Observed& observed);

}  // namespace farholm::driver::kubernetes
