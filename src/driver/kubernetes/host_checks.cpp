#include "driver/kubernetes/host_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "driver/docker/engine_error.h"
#include "driver/kubernetes/container_specs.h"
#include "driver/kubernetes/site_names.h"

namespace farholm::driver::kubernetes {

Result<void> check_capabilities(const std::vector<std::string>& given) {
  const auto missing = missing_essentials(given);
  if (missing.empty()) return {};
  return fail(
      ErrorCode::Forbidden,
      fmt::format(
          "This host cannot run Kubernetes nodes: Docker Engine may not give the {} {}. Start it where "
          "it may: its systemd unit (CapabilityBoundingSet), or the container or virtual machine that "
          "it runs in, takes them away (CapBnd in its /proc/PID/status)",
          missing.size() == 1 ? "capability" : "capabilities", fmt::join(missing, ", ")));
}

Result<void> check_subnet(const ClusterSettings& settings, const std::vector<HostRoute>& routes) {
  FARHOLM_TRY(const auto site, network_of(settings.subnet));
  for (const HostRoute& route : routes) {
    if (route.interface == bridge_name(settings)) continue;
    const auto common = 32U - static_cast<unsigned>(std::min(site.prefix, route.prefix));
    if ((std::uint64_t{site.base ^ route.base} >> common) != 0) continue;
    return fail(
        ErrorCode::Conflict,
        fmt::format(
            "The site's subnet {} is taken: this host reaches {}/{} through {}. Choose another subnet "
            "for the site (network.subnet), or remove that network (`ip route` and `docker network "
            "ls` show it)",
            settings.subnet, address_text(route.base), route.prefix, route.interface));
  }
  return {};
}

Result<void> check_ports(const docker::ContainerSpec& haproxy, const docker::ContainerInfo* present,
                         HostProbe& host) {
  for (const docker::PortBinding& port : haproxy.ports) {
    const bool ours =
        present != nullptr && std::ranges::any_of(present->ports, [&](const docker::PortBinding& published) {
          return published.host_port == port.host_port;
        });
    if (ours || host.port_is_free(port.host_address, port.host_port)) continue;
    return std::unexpected(docker::port_taken(std::to_string(port.host_port)));
  }
  return {};
}

}  // namespace farholm::driver::kubernetes
