// The names and labels of what a site has on its host. Everything that the driver makes carries the label
// of its site, and is found again by it; names hold a part of the site's UID, so that two sites of one name
// do not meet. Pure; any thread.
#pragma once

#include <string>

#include "driver/docker/engine_types.h"
#include "driver/kubernetes/cluster_settings.h"
#include "io/entropy.h"

namespace farholm::driver::kubernetes {

inline constexpr std::string_view kSiteLabel = "farholm.dev/site";
inline constexpr std::string_view kRoleLabel = "farholm.dev/role";  // etcd, haproxy, node
inline constexpr std::string_view kSlotLabel = "farholm.dev/slot";
inline constexpr std::string_view kSpecLabel =
    "farholm.dev/spec";  // digest of what the container was made of

// "farholm.dev/site=<uid>".
std::string site_label(const std::string& site_uid);
docker::Labels labels_of(const ClusterSettings& settings, std::string_view role,
                         const std::string& slot = "");

std::string network_name(const ClusterSettings& settings);
std::string bridge_name(const ClusterSettings& settings);  // at most 15 bytes, as the kernel wants it
std::string etcd_name(const ClusterSettings& settings);    // of the container and its volume
std::string haproxy_name(const ClusterSettings& settings);
// "<site>-<slot>-<5 letters>": container, volume and Node of one incarnation of a slot.
std::string make_node_name(const ClusterSettings& settings, const std::string& slot, io::Entropy& entropy);

}  // namespace farholm::driver::kubernetes
