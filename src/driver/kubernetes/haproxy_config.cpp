#include "driver/kubernetes/haproxy_config.h"

#include <fmt/format.h>

namespace farholm::driver::kubernetes {
namespace {

// Watches and port-forwards are quiet for long; a worker of before a reload may serve its connections this
// long.
constexpr std::string_view kHead = R"(global
  maxconn 4000
  hard-stop-after 30m
  stats socket /run/haproxy.sock mode 600 level admin expose-fd listeners
defaults
  mode tcp
  timeout connect 3s
  timeout client 1h
  timeout server 1h
  timeout check 2s
  option redispatch
  retries 3
)";

}  // namespace

std::string render_haproxy_config(const ClusterSettings& settings) {
  std::string config(kHead);
  config += fmt::format("frontend api\n  bind :{}\n  default_backend api\n", kApiServerPort);
  config +=
      "backend api\n"
      "  option httpchk GET /readyz\n"
      "  http-check expect status 200\n"
      "  default-server check check-ssl verify none inter 2s downinter 500ms fall 3 rise 1 "
      "on-marked-down shutdown-sessions\n";
  for (const NodeSlot& slot : settings.slots)
    if (slot.role == NodeSlot::Role::ControlPlane)
      config += fmt::format("  server {} {}:{}\n", slot.slot, slot.address, kApiServerPort);
  for (const ListenerSettings& listener : settings.listeners) {
    config += fmt::format("frontend listener-{0}\n  bind :{1}\n  default_backend listener-{0}\n",
                          listener.name, listener.port);
    config += fmt::format(
        "backend listener-{}\n"
        "  balance roundrobin\n"
        "  default-server check inter 2s downinter 500ms fall 2 rise 1\n",
        listener.name);
    for (const NodeSlot& slot : settings.slots)
      config += fmt::format("  server {} {}:{}\n", slot.slot, slot.address, listener.node_port);
  }
  return config;
}

}  // namespace farholm::driver::kubernetes
