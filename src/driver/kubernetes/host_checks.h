// What must be so on a host before something is made on it, each in one sentence that says what to do. Pure
// but for the probe; the driver's thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "driver/docker/engine_types.h"
#include "driver/kubernetes/cluster_settings.h"
#include "driver/kubernetes/host_probe.h"

namespace farholm::driver::kubernetes {

// Forbidden when a capability is missing without which no node comes up.
Result<void> check_capabilities(const std::vector<std::string>& given);

// Conflict when the site's subnet overlaps with a network of the host's. Docker Engine looks only at its own
// networks: a bridge over the shop's LAN would cut the box off from it.
Result<void> check_subnet(const ClusterSettings& settings, const std::vector<HostRoute>& routes);

// Conflict, naming it, when a port that HAProxy is to publish is taken. `present` is the HAProxy that runs
// now, or nullptr: what it publishes already is free for its successor.
Result<void> check_ports(const docker::ContainerSpec& haproxy, const docker::ContainerInfo* present,
                         HostProbe& host);

}  // namespace farholm::driver::kubernetes
