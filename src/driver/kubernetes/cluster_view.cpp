#include "driver/kubernetes/cluster_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "driver/kubernetes/registry_hosts.h"
#include "driver/kubernetes/site_names.h"
#include "io/scope.h"

namespace farholm::driver::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr auto kApiLimit = 10s;

}  // namespace

std::string api_container(const ClusterJournal& journal, const Observed& observed) {
  for (const JournalNode& node : journal.nodes) {
    if (!node.joined || node.lost || node.role != NodeSlot::Role::ControlPlane) continue;
    const auto container = observed.containers.find(node.name);
    if (container != observed.containers.end() && container->second.running) return node.name;
  }
  return "";
}

io::Task<Result<Observed>> observe_cluster(io::Loop& loop, docker::Engine& engine,
                                           const ClusterSettings& settings, const ClusterJournal& journal,
                                           bool with_registry_hosts) {
  Observed observed;
  FARHOLM_CO_TRY(observed.network, co_await engine.inspect_network(network_name(settings)));
  FARHOLM_CO_TRY(auto containers, co_await engine.list_containers(site_label(settings.site_uid)));
  for (docker::ContainerInfo& container : containers)
    observed.containers.emplace(container.name, std::move(container));
  FARHOLM_CO_TRY(auto volumes, co_await engine.list_volumes(site_label(settings.site_uid)));
  for (const docker::VolumeInfo& volume : volumes) observed.volumes.insert(volume.name);
  if (observed.containers.contains(haproxy_name(settings))) {
    FARHOLM_CO_TRY(auto loaded,
                   co_await engine.get_file(haproxy_name(settings), "/etc/haproxy/farholm.loaded"));
    observed.haproxy_config = loaded.value_or("");
  }
  for (const JournalNode& node : journal.nodes) {
    const auto container = observed.containers.find(node.name);
    if (!with_registry_hosts || !node.joined || node.retired || container == observed.containers.end() ||
        !container->second.running)
      continue;
    FARHOLM_CO_TRY(auto hosts, co_await engine.get_file(node.name, fmt::format("{}/{}", kRegistryHostsFolder,
                                                                               kRegistryHostsFile)));
    observed.registry_hosts.emplace(node.name, hosts.value_or(""));
  }
  if (const std::string container = api_container(journal, observed); !container.empty()) {
    KubectlNodeApi api(engine, container);
    auto nodes = co_await io::with_deadline(loop, kApiLimit, "The cluster's API did not answer", api.list());
    if (nodes) observed.nodes = std::move(*nodes);
  }
  co_return observed;
}

std::vector<SiteListener> listeners_of(const ClusterSettings& settings, const Observed& observed) {
  std::vector<SiteListener> result;
  const auto haproxy = observed.containers.find(haproxy_name(settings));
  if (haproxy == observed.containers.end()) return result;
  for (const docker::PortBinding& port : haproxy->second.ports) {
    const auto named = std::ranges::find(settings.listeners, port.host_port, &ListenerSettings::port);
    std::string name = "not in the plan";
    if (named != settings.listeners.end()) name = named->name;
    if (port.container_port == kApiServerPort) name = "Kubernetes API";
    result.push_back({port.host_address.empty() ? "0.0.0.0" : port.host_address, port.host_port, name});
  }
  std::ranges::sort(result, {}, &SiteListener::port);
  return result;
}

Observation judge_nodes(const ClusterJournal& journal, const Observed& observed) {
  Observation result;
  result.fingerprint = journal.fingerprint;
  result.health = Health::Progressing;
  if (!observed.nodes) {
    result.message = "the cluster's API does not answer yet";
    return result;
  }
  std::vector<std::string> without_network;
  for (const JournalNode& node : journal.nodes) {
    if (node.retired) continue;
    const auto found = observed.nodes->find(node.name);
    if (found == observed.nodes->end()) {
      result.message = fmt::format("{} is not registered in the cluster yet", node.name);
      return result;
    }
    if (found->second.ready) continue;
    if (!found->second.lacks_network) {
      result.message = fmt::format("{} is not Ready: {}", node.name, found->second.message);
      return result;
    }
    without_network.push_back(node.name);
  }
  result.health = Health::Healthy;
  if (!without_network.empty())
    result.message =
        fmt::format("{} {} for a Pod network, which is another layer's", fmt::join(without_network, ", "),
                    without_network.size() == 1 ? "waits" : "wait");
  return result;
}

}  // namespace farholm::driver::kubernetes
