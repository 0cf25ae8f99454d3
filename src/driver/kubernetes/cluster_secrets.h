// ClusterSecrets: the keys that a site's cluster stands on. Made once by the site and journalled before
// anything is built on them, so that every container can be made again over the same etcd: control-plane
// nodes hold nothing that is not here. Never logged. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "driver/kubernetes/cluster_settings.h"
#include "io/entropy.h"
#include "json/json.h"

namespace farholm::driver::kubernetes {

struct Authority {
  std::string certificate_pem;
  std::string key_pem;
};

struct ClusterSecrets {
  Authority kubernetes;   // signs API servers, kubelets, administrators
  Authority front_proxy;  // signs the aggregation layer's client
  Authority etcd;         // signs etcd and its clients, and nothing of Kubernetes
  std::string service_account_key_pem;
  std::string service_account_public_pem;
  std::string encryption_key_base64;  // 32 bytes: Secrets in etcd's files are encrypted with it (secretbox)
};

Result<ClusterSecrets> make_cluster_secrets(io::Entropy& entropy);
json::Value to_json(const ClusterSecrets& secrets);
Result<ClusterSecrets> cluster_secrets_from_json(const json::Value& value);

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};
// Serves and dials as etcd's member at `address`.
Result<KeyPair> issue_etcd_peer(const ClusterSecrets& secrets, const std::string& address,
                                io::Entropy& entropy);
// What an API server shows to etcd.
Result<KeyPair> issue_etcd_client(const ClusterSecrets& secrets, io::Entropy& entropy);
// May do everything in the cluster (group kubeadm:cluster-admins). `user` is what the audit log shows.
Result<KeyPair> issue_administrator(const ClusterSecrets& secrets, const std::string& user,
                                    io::Entropy& entropy);

}  // namespace farholm::driver::kubernetes
