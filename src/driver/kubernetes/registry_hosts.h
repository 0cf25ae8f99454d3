// Where containerd in a node gets images from (containerd/docs/hosts.md): the site's registry, and nothing
// else unless a layer says allowPull. containerd reads the file at every pull, so it can be changed while a
// node runs; the node's start script writes the one that allows nothing. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace farholm::driver::kubernetes {

inline constexpr std::string_view kRegistryHostsFolder = "/etc/containerd/certs.d/_default";
inline constexpr std::string_view kRegistryHostsFile = "hosts.toml";

// `registry` is as nodes reach it ("http://172.30.0.1:5000"). The same as images/node's farholm-node writes,
// where pulls are not allowed.
std::string render_registry_hosts(const std::string& registry, bool pulls_allowed);

}  // namespace farholm::driver::kubernetes
