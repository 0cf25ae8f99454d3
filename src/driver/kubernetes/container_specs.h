// What each container of a site is made of. The reasons for every field are in
// docs/decisions/20261122-kubernetes-in-containers.md. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "driver/docker/engine_types.h"
#include "driver/kubernetes/cluster_journal.h"
#include "driver/kubernetes/cluster_settings.h"

namespace farholm::driver::kubernetes {

// Where a node sees the host's persistent volumes.
inline constexpr std::string_view kVolumesTarget = "/var/lib/farholm/volumes";

// What of the host every node gets.
struct NodeHost {
  std::string volumes_folder;
  std::string registry;
  std::string nameservers;
  std::vector<std::string> capabilities;  // that the host can give
};

// The capabilities that a node wants; a host that lacks one that is not essential may still run nodes.
const std::vector<std::string>& wanted_capabilities();
// Of the essential ones (without which no node comes up), those that are not in `given`.
std::vector<std::string> missing_essentials(const std::vector<std::string>& given);

docker::NetworkSpec network_spec(const ClusterSettings& settings);
docker::ContainerSpec etcd_spec(const ClusterSettings& settings, const std::string& image);
docker::ContainerSpec haproxy_spec(const ClusterSettings& settings, const std::string& image);
docker::ContainerSpec node_spec(const ClusterSettings& settings, const JournalNode& node,
                                const std::string& image, const NodeHost& host);

// What the spec label says: containers with another value are made again.
std::string spec_digest(const docker::ContainerSpec& spec);

}  // namespace farholm::driver::kubernetes
