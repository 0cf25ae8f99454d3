// What kubeadm is given (kubeadm.k8s.io/v1beta4, Kubernetes 1.31 and later), and the files that a node needs
// before it runs. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "driver/docker/engine_types.h"
#include "driver/kubernetes/cluster_journal.h"
#include "driver/kubernetes/cluster_secrets.h"
#include "driver/kubernetes/cluster_settings.h"

namespace farholm::driver::kubernetes {

// For the first control-plane node.
std::string init_config(const ClusterSettings& settings, const JournalNode& node);
// For workers and for further control-plane nodes.
std::string join_config(const JournalNode& node, const std::string& token);
// The kubeconfig by which a joining node knows the cluster: its address and its authority, no user. It is
// given whole rather than looked up by a token, so that joining waits for nobody's signature.
std::string discovery_config(const ClusterSettings& settings, const ClusterSecrets& secrets);

// Of a control-plane node, relative to /etc/kubernetes: authorities, the keys of service accounts, how
// Secrets are encrypted, and etcd's client.
std::vector<docker::ArchiveFile> control_plane_files(const ClusterSecrets& secrets,
                                                     const KeyPair& etcd_client);
// Of etcd, relative to /var/lib/etcd.
std::vector<docker::ArchiveFile> etcd_files(const ClusterSecrets& secrets, const KeyPair& peer);

}  // namespace farholm::driver::kubernetes
