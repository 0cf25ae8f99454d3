#include "driver/kubernetes/plan_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/kubernetes/site_names.h"

namespace farholm::driver::kubernetes {
namespace {

// How a container is, compared with what it should be made of.
enum class Fit : std::uint8_t { Absent, Outdated, Stopped, Running };

class Planner {
 public:
  Planner(const ClusterSettings& settings, const ClusterJournal& journal, const DesiredContainers& desired,
          const Observed& observed)
      : settings_(settings), journal_(journal), desired_(desired), observed_(observed) {}

  Result<StepPlan> plan() {
    FARHOLM_CHECK(network());
    if (!plan_.steps.empty()) return std::move(plan_);
    retire_nodes();
    container(desired_.etcd, StepKind::CreateEtcd);
    container(desired_.haproxy, StepKind::CreateHaproxy);
    haproxy_config();
    for (const JournalNode& node : journal_.nodes)
      if (!node.retired) node_container(node);
    begin_cluster();
    join_nodes();
    configure_pulls();
    return std::move(plan_);
  }

 private:
  const docker::ContainerInfo* find(const std::string& name) const {
    const auto found = observed_.containers.find(name);
    return found == observed_.containers.end() ? nullptr : &found->second;
  }
  Fit fit(const docker::ContainerSpec& spec) const {
    const docker::ContainerInfo* container = find(spec.name);
    // One that was made but never started may lack the files that are put in before: it is made again.
    if (container == nullptr || container->status == "created") return Fit::Absent;
    const auto label = container->labels.find(std::string(kSpecLabel));
    if (label == container->labels.end() || label->second != spec.labels.at(std::string(kSpecLabel)))
      return Fit::Outdated;
    return container->running ? Fit::Running : Fit::Stopped;
  }
  bool running(const docker::ContainerSpec& spec) const { return fit(spec) == Fit::Running; }
  void add(StepKind kind, const std::string& target, std::string reason, bool interrupts = false) {
    plan_.steps.push_back({kind, target, std::move(reason), interrupts});
  }
  void wait_for(std::string what) {
    if (plan_.waiting_for.empty()) plan_.waiting_for = std::move(what);
  }

  Result<void> network() {
    const std::string name = network_name(settings_);
    if (!observed_.network) {
      add(StepKind::CreateNetwork, name, fmt::format("the network {} is not there", name));
      return {};
    }
    if (observed_.network->subnet != settings_.subnet)
      return fail(
          ErrorCode::Conflict,
          fmt::format(
              "The site's network has the subnet {}, the plan wants {}: a site cannot move to another "
              "subnet; decommission it, or plan the old subnet",
              observed_.network->subnet, settings_.subnet));
    return {};
  }

  void container(const docker::ContainerSpec& spec, StepKind create) {
    switch (fit(spec)) {
      case Fit::Absent:
        return add(create, spec.name, fmt::format("the container {} is not there", spec.name));
      case Fit::Outdated:
        return add(create, spec.name, fmt::format("the container {} is made of something else", spec.name),
                   find(spec.name)->running);
      case Fit::Stopped:
        return add(StepKind::StartContainer, spec.name,
                   fmt::format("the container {} does not run", spec.name));
      case Fit::Running:
        return;
    }
  }

  void haproxy_config() {
    if (running(desired_.haproxy) && observed_.haproxy_config != desired_.haproxy_config)
      add(StepKind::ReloadHaproxy, desired_.haproxy.name, "HAProxy's configuration is not what it should be");
  }

  // The address of a node is free once its predecessor's container is gone.
  bool address_free(const JournalNode& node) const {
    return std::ranges::none_of(journal_.nodes, [&](const JournalNode& other) {
      return other.retired && other.address == node.address && find(other.name) != nullptr;
    });
  }

  void node_container(const JournalNode& node) {
    const docker::ContainerSpec& spec = desired_.nodes.at(node.name);
    if (fit(spec) == Fit::Absent && !address_free(node))
      return wait_for(fmt::format("the predecessor of {} to be gone", node.name));
    if (fit(spec) == Fit::Outdated && node.joined) {
      // One node at a time, and only while the others run.
      if (remaking_) return wait_for(fmt::format("the turn of {} to be made again", node.name));
      remaking_ = true;
    }
    container(spec, StepKind::CreateNode);
  }

  void begin_cluster() {
    const auto joined = [](const JournalNode& node) {
      return !node.retired && node.joined && node.role == NodeSlot::Role::ControlPlane;
    };
    if (std::ranges::any_of(journal_.nodes, joined)) return;
    const JournalNode* first = nullptr;
    for (const NodeSlot& slot : settings_.slots)
      if (slot.role == NodeSlot::Role::ControlPlane && first == nullptr)
        first = node_in_slot(journal_, slot.slot);
    if (first == nullptr) return;
    beginning_ = first->name;
    if (running(desired_.etcd) && running(desired_.haproxy) && running(desired_.nodes.at(first->name)))
      add(StepKind::InitControlPlane, first->name, fmt::format("{} has no control plane yet", first->name));
    else
      wait_for(fmt::format("etcd, HAProxy and {} to run", first->name));
  }

  void join_nodes() {
    for (const JournalNode& node : journal_.nodes) {
      if (node.retired || node.name == beginning_) continue;
      if (!node.joined) {
        if (observed_.nodes && running(desired_.nodes.at(node.name)))
          add(StepKind::JoinNode, node.name, fmt::format("{} has not joined the cluster", node.name));
        else
          wait_for(fmt::format("the cluster's API to answer, so that {} can join", node.name));
      } else if (observed_.nodes && !observed_.nodes->contains(node.name) &&
                 running(desired_.nodes.at(node.name))) {
        add(StepKind::RestartKubelet, node.name,
            fmt::format("{} is not registered in the cluster", node.name));
      }
    }
  }

  void configure_pulls() {
    if (!desired_.registry_hosts) return;
    for (const auto& [name, hosts] : observed_.registry_hosts)
      if (hosts != *desired_.registry_hosts && desired_.nodes.contains(name))
        add(StepKind::ConfigurePulls, name,
            fmt::format("{} gets its images from elsewhere than the plan says", name));
  }

  void retire_nodes() {
    for (const JournalNode& node : journal_.nodes) {
      if (!node.retired) continue;
      const bool here = find(node.name) != nullptr || observed_.volumes.contains(node.name);
      const bool listed = observed_.nodes && observed_.nodes->contains(node.name);
      const std::string reason = fmt::format("{} has been replaced or is no longer in the plan", node.name);
      if (node.lost && here) {
        add(StepKind::RemoveContainer, node.name, reason);
      } else if (!observed_.nodes && node.joined) {
        wait_for(fmt::format("the cluster's API to answer, so that {} can be taken out", node.name));
      } else if (listed && !node.lost) {
        add(StepKind::DrainNode, node.name, reason, true);
      } else if (listed) {
        add(StepKind::DeleteNodeObject, node.name, reason);
      } else {
        add(StepKind::RemoveNode, node.name, reason);
      }
    }
  }

  const ClusterSettings& settings_;
  const ClusterJournal& journal_;
  const DesiredContainers& desired_;
  const Observed& observed_;
  StepPlan plan_;
  std::string beginning_;
  bool remaking_ = false;
};

}  // namespace

Result<StepPlan> plan_steps(const ClusterSettings& settings, const ClusterJournal& journal,
                            const DesiredContainers& desired, const Observed& observed) {
  return Planner(settings, journal, desired, observed).plan();
}

}  // namespace farholm::driver::kubernetes
