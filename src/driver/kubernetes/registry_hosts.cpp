#include "driver/kubernetes/registry_hosts.h"

#include <fmt/format.h>

namespace farholm::driver::kubernetes {

std::string render_registry_hosts(const std::string& registry, bool pulls_allowed) {
  // Without `server`, containerd asks the registry that an image is named after when the hosts have not got
  // it.
  return fmt::format("{}[host.\"{}\"]\n  capabilities = [\"pull\", \"resolve\"]\n",
                     pulls_allowed ? "" : fmt::format("server = \"{}\"\n\n", registry), registry);
}

}  // namespace farholm::driver::kubernetes
