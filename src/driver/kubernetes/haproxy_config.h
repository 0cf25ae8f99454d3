// haproxy.cfg of a site, rendered whole from its settings: the same settings give the same bytes. Servers
// are slots, not nodes: a node that is replaced changes nothing here. Pure; any thread.
#pragma once

#include <string>

#include "driver/kubernetes/cluster_settings.h"

namespace farholm::driver::kubernetes {

std::string render_haproxy_config(const ClusterSettings& settings);

}  // namespace farholm::driver::kubernetes
