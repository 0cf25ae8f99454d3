#include "driver/kubernetes/kubeadm_config.h"

#include <fmt/format.h>

#include <initializer_list>

#include "base/encoding.h"
#include "json/json.h"

namespace farholm::driver::kubernetes {
namespace {

constexpr std::string_view kKubeadmVersion = "kubeadm.k8s.io/v1beta4";
constexpr std::string_view kTenYears = "87600h";

// JSON is YAML, and has no surprises.
std::string documents(std::initializer_list<json::Value> values) {
  std::string text;
  for (const json::Value& value : values) text += "---\n" + json::to_pretty_text(value) + "\n";
  return text;
}

json::Value argument(std::string_view name, std::string_view value) {
  return {{"name", name}, {"value", value}};
}

json::Value node_registration(const JournalNode& node) {
  return {
      {"name", node.name},
      {"criSocket", "unix:///run/containerd/containerd.sock"},
      {"imagePullPolicy", "IfNotPresent"},
      // A repeated run finds what the last one left; and a container has no kernel configuration to look at.
      {"ignorePreflightErrors", json::Value::array({"all"})},
      {"kubeletExtraArgs", json::Value::array({argument("node-ip", node.address)})}};
}

json::Value cluster_configuration(const ClusterSettings& settings) {
  json::Value value = {{"apiVersion", kKubeadmVersion}, {"kind", "ClusterConfiguration"}};
  value["kubernetesVersion"] = settings.version;
  value["clusterName"] = settings.site_name;
  value["controlPlaneEndpoint"] = fmt::format("{}:{}", settings.haproxy_address, kApiServerPort);
  value["imageRepository"] = "registry.k8s.io";
  value["certificateValidityPeriod"] = kTenYears;
  value["networking"] = {{"podSubnet", settings.pod_subnet},
                         {"serviceSubnet", settings.service_subnet},
                         {"dnsDomain", "cluster.local"}};
  value["etcd"]["external"] = {
      {"endpoints", json::Value::array({fmt::format("https://{}:2379", settings.etcd_address)})},
      {"caFile", "/etc/kubernetes/pki/etcd/ca.crt"},
      {"certFile", "/etc/kubernetes/pki/apiserver-etcd-client.crt"},
      {"keyFile", "/etc/kubernetes/pki/apiserver-etcd-client.key"}};
  value["apiServer"] = {
      {"certSANs", json::Value::array({settings.haproxy_address, "127.0.0.1", "localhost"})},
      {"extraArgs", json::Value::array(
                        {argument("encryption-provider-config", "/etc/kubernetes/encryption/config.yaml")})},
      {"extraVolumes", json::Value::array({{{"name", "encryption"},
                                            {"hostPath", "/etc/kubernetes/encryption"},
                                            {"mountPath", "/etc/kubernetes/encryption"},
                                            {"readOnly", true},
                                            {"pathType", "Directory"}}})}};
  // A kubelet renews its certificate by itself, but only while it is powered.
  value["controllerManager"]["extraArgs"] =
      json::Value::array({argument("cluster-signing-duration", kTenYears)});
  return value;
}

json::Value kubelet_configuration() {
  return {{"apiVersion", "kubelet.config.k8s.io/v1beta1"},
          {"kind", "KubeletConfiguration"},
          {"cgroupDriver", "cgroupfs"},
          {"failCgroupV1", false},
          {"failSwapOn", false},
          {"featureGates", {{"KubeletInUserNamespace", true}}},
          {"resolvConf", "/run/farholm/resolv.conf"},
          {"rotateCertificates", true},
          {"imageGCHighThresholdPercent", 100},
          {"evictionHard",
           {{"memory.available", "100Mi"},
            {"nodefs.available", "1%"},
            {"nodefs.inodesFree", "1%"},
            {"imagefs.available", "1%"},
            {"imagefs.inodesFree", "1%"}}},
          {"containerLogMaxSize", "4Mi"},
          {"containerLogMaxFiles", 3}};
}

json::Value kube_proxy_configuration(const ClusterSettings& settings) {
  return {{"apiVersion", "kubeproxy.config.k8s.io/v1alpha1"},
          {"kind", "KubeProxyConfiguration"},
          {"mode", "iptables"},
          {"clusterCIDR", settings.pod_subnet},
          {"conntrack",
           {{"maxPerCore", 0}, {"min", 0}, {"tcpEstablishedTimeout", "0s"}, {"tcpCloseWaitTimeout", "0s"}}}};
}

json::Value local_endpoint(const JournalNode& node) {
  return {{"advertiseAddress", node.address}, {"bindPort", kApiServerPort}};
}

std::string encryption_configuration(const ClusterSecrets& secrets) {
  // `identity` comes last: what was written before encryption is still read.
  const json::Value key = {{"name", "key1"}, {"secret", secrets.encryption_key_base64}};
  const json::Value providers = json::Value::array(
      {{{"secretbox", {{"keys", json::Value::array({key})}}}}, {{"identity", json::Value::object()}}});
  return documents({{{"apiVersion", "apiserver.config.k8s.io/v1"},
                     {"kind", "EncryptionConfiguration"},
                     {"resources", json::Value::array({{{"resources", json::Value::array({"secrets"})},
                                                        {"providers", providers}}})}}});
}

}  // namespace

std::string init_config(const ClusterSettings& settings, const JournalNode& node) {
  const json::Value init = {{"apiVersion", kKubeadmVersion},
                            {"kind", "InitConfiguration"},
                            {"localAPIEndpoint", local_endpoint(node)},
                            {"nodeRegistration", node_registration(node)}};
  return documents(
      {init, cluster_configuration(settings), kubelet_configuration(), kube_proxy_configuration(settings)});
}

std::string join_config(const JournalNode& node, const std::string& token) {
  json::Value join = {{"apiVersion", kKubeadmVersion}, {"kind", "JoinConfiguration"}};
  join["discovery"] = {{"file", {{"kubeConfigPath", "/etc/kubernetes/discovery.conf"}}},
                       {"tlsBootstrapToken", token}};
  join["nodeRegistration"] = node_registration(node);
  if (node.role == NodeSlot::Role::ControlPlane)
    join["controlPlane"] = {{"localAPIEndpoint", local_endpoint(node)}};
  return documents({join});
}

std::string discovery_config(const ClusterSettings& settings, const ClusterSecrets& secrets) {
  const json::Value cluster = {
      {"server", fmt::format("https://{}:{}", settings.haproxy_address, kApiServerPort)},
      {"certificate-authority-data", to_base64(as_bytes(secrets.kubernetes.certificate_pem))}};
  return documents({{{"apiVersion", "v1"},
                     {"kind", "Config"},
                     {"clusters", json::Value::array({{{"name", ""}, {"cluster", cluster}}})}}});
}

std::vector<docker::ArchiveFile> control_plane_files(const ClusterSecrets& secrets,
                                                     const KeyPair& etcd_client) {
  return {{"pki/ca.crt", secrets.kubernetes.certificate_pem},
          {"pki/ca.key", secrets.kubernetes.key_pem},
          {"pki/front-proxy-ca.crt", secrets.front_proxy.certificate_pem},
          {"pki/front-proxy-ca.key", secrets.front_proxy.key_pem},
          {"pki/sa.key", secrets.service_account_key_pem},
          {"pki/sa.pub", secrets.service_account_public_pem},
          {"pki/etcd/ca.crt", secrets.etcd.certificate_pem},
          {"pki/apiserver-etcd-client.crt", etcd_client.certificate_pem},
          {"pki/apiserver-etcd-client.key", etcd_client.key_pem},
          {"encryption/config.yaml", encryption_configuration(secrets)}};
}

std::vector<docker::ArchiveFile> etcd_files(const ClusterSecrets& secrets, const KeyPair& peer) {
  return {{"pki/ca.crt", secrets.etcd.certificate_pem},
          {"pki/server.crt", peer.certificate_pem},
          {"pki/server.key", peer.key_pem}};
}

}  // namespace farholm::driver::kubernetes
