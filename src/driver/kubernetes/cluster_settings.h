// ClusterSettings: what a plan and its `kubernetes` layer want, checked and with every name and address
// worked out. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "driver/driver.h"
#include "driver/kubernetes/image_source.h"

namespace farholm::driver::kubernetes {

// A port of the host that leads to a NodePort of the cluster.
struct ListenerSettings {
  std::string name;
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;
  bool operator==(const ListenerSettings&) const = default;
};

struct ClusterSettings {
  std::string site_name;
  std::string site_uid;
  std::string version;  // "v1.34.4"
  std::string bundle;
  std::string pod_subnet;
  std::string service_subnet;
  std::uint16_t api_port = 6443;  // on the host's 127.0.0.1
  std::vector<ListenerSettings> listeners;
  std::string subnet;   // of the site's bridge
  std::string gateway;  // .1, the host
  std::string haproxy_address;
  std::string etcd_address;
  std::vector<NodeSlot> slots;  // on this host; the first control-plane slot begins the cluster
};

// The port on which API servers and HAProxy's frontend listen, inside of the site's network.
inline constexpr std::uint16_t kApiServerPort = 6443;

// Invalid, naming each field that is wrong, for a layer or a site that cannot be made.
Result<ClusterSettings> read_settings(const SiteContext& site, const json::Value& layer_spec);

// The address `offset` behind the network's own ("172.30.42.0/24", 2 → "172.30.42.2"). Invalid unless the
// subnet is an IPv4 network with at least 64 addresses and no bits set behind the prefix.
Result<std::string> address_in(const std::string& subnet, std::uint32_t offset);

struct Ipv4Network {
  std::uint32_t base = 0;  // host order
  int prefix = 0;
};
// Invalid as address_in.
Result<Ipv4Network> network_of(const std::string& subnet);
std::string address_text(std::uint32_t address);  // "172.30.42.2"

}  // namespace farholm::driver::kubernetes
