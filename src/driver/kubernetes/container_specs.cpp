#include "driver/kubernetes/container_specs.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.h"
#include "driver/docker/engine_json.h"
#include "driver/kubernetes/site_names.h"

namespace farholm::driver::kubernetes {
namespace {

using namespace std::chrono_literals;

using docker::ContainerSpec;
using docker::Mount;

constexpr std::int64_t kEtcdQuotaBytes = 2LL << 30;

ContainerSpec base_spec(const ClusterSettings& settings, const std::string& name, const std::string& image,
                        const std::string& address) {
  ContainerSpec spec;
  spec.name = name;
  spec.hostname = name;
  spec.image = image;
  spec.network = network_name(settings);
  spec.address = address;
  return spec;
}

void label(ContainerSpec& spec, docker::Labels labels) {
  spec.labels = std::move(labels);
  spec.labels.emplace(kSpecLabel, spec_digest(spec));
}

}  // namespace

const std::vector<std::string>& wanted_capabilities() {
  static const std::vector<std::string> kWanted = {"CHOWN",
                                                   "DAC_OVERRIDE",
                                                   "DAC_READ_SEARCH",
                                                   "FOWNER",
                                                   "FSETID",
                                                   "KILL",
                                                   "SETGID",
                                                   "SETUID",
                                                   "SETPCAP",
                                                   "LINUX_IMMUTABLE",
                                                   "NET_BIND_SERVICE",
                                                   "NET_ADMIN",
                                                   "NET_RAW",
                                                   "IPC_LOCK",
                                                   "IPC_OWNER",
                                                   "SYS_MODULE",
                                                   "SYS_CHROOT",
                                                   "SYS_PTRACE",
                                                   "SYS_ADMIN",
                                                   "SYS_BOOT",
                                                   "SYS_NICE",
                                                   "SYS_RESOURCE",
                                                   "SYS_TIME",
                                                   "SYS_TTY_CONFIG",
                                                   "MKNOD",
                                                   "LEASE",
                                                   "AUDIT_WRITE",
                                                   "AUDIT_CONTROL",
                                                   "SETFCAP",
                                                   "MAC_ADMIN",
                                                   "MAC_OVERRIDE",
                                                   "SYSLOG",
                                                   "WAKE_ALARM"};
  return kWanted;
}

std::vector<std::string> missing_essentials(const std::vector<std::string>& given) {
  std::vector<std::string> missing;
  for (const char* name : {"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "MKNOD", "NET_ADMIN", "NET_RAW",
                           "SETGID", "SETUID", "SETPCAP", "SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE"})
    if (std::ranges::find(given, name) == given.end()) missing.emplace_back(name);
  return missing;
}

std::string spec_digest(const ContainerSpec& spec) {
  ContainerSpec without_labels = spec;
  without_labels.labels.clear();
  return crypto::Digest::of(json::to_text(docker::container_body(without_labels))).hex().substr(0, 32);
}

docker::NetworkSpec network_spec(const ClusterSettings& settings) {
  return {network_name(settings), settings.subnet, settings.gateway, bridge_name(settings),
          labels_of(settings, "network")};
}

ContainerSpec etcd_spec(const ClusterSettings& settings, const std::string& image) {
  ContainerSpec spec = base_spec(settings, etcd_name(settings), image, settings.etcd_address);
  const std::string name = etcd_name(settings);
  const std::string peer = fmt::format("https://{}:2380", settings.etcd_address);
  spec.command = {"--name=" + name,
                  "--data-dir=/var/lib/etcd/data",
                  "--listen-client-urls=https://0.0.0.0:2379",
                  fmt::format("--advertise-client-urls=https://{}:2379", settings.etcd_address),
                  "--listen-peer-urls=https://0.0.0.0:2380",
                  "--initial-advertise-peer-urls=" + peer,
                  fmt::format("--initial-cluster={}={}", name, peer),
                  "--initial-cluster-state=new",
                  "--initial-cluster-token=" + settings.site_uid,
                  "--cert-file=/var/lib/etcd/pki/server.crt",
                  "--key-file=/var/lib/etcd/pki/server.key",
                  "--trusted-ca-file=/var/lib/etcd/pki/ca.crt",
                  "--client-cert-auth=true",
                  "--peer-cert-file=/var/lib/etcd/pki/server.crt",
                  "--peer-key-file=/var/lib/etcd/pki/server.key",
                  "--peer-trusted-ca-file=/var/lib/etcd/pki/ca.crt",
                  "--peer-client-cert-auth=true",
                  "--listen-metrics-urls=http://0.0.0.0:2381",
                  "--auto-compaction-retention=1h",
                  fmt::format("--quota-backend-bytes={}", kEtcdQuotaBytes)};
  spec.mounts = {{Mount::Kind::Volume, name, "/var/lib/etcd", ""}};
  spec.capabilities_dropped = {"ALL"};
  spec.capabilities = {"DAC_OVERRIDE"};
  spec.security_options = {"no-new-privileges"};
  label(spec, labels_of(settings, "etcd"));
  return spec;
}

ContainerSpec haproxy_spec(const ClusterSettings& settings, const std::string& image) {
  ContainerSpec spec = base_spec(settings, haproxy_name(settings), image, settings.haproxy_address);
  spec.entrypoint = {"/usr/sbin/haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"};
  // The API is for this host alone; what else the site listens on is what its plan says.
  spec.ports = {{"127.0.0.1", settings.api_port, kApiServerPort}};
  for (const ListenerSettings& listener : settings.listeners)
    spec.ports.push_back({"", listener.port, listener.port});
  spec.stop_signal = "SIGUSR1";
  spec.capabilities_dropped = {"ALL"};
  spec.capabilities = {"KILL", "NET_BIND_SERVICE"};
  spec.security_options = {"no-new-privileges"};
  label(spec, labels_of(settings, "haproxy"));
  return spec;
}

ContainerSpec node_spec(const ClusterSettings& settings, const JournalNode& node, const std::string& image,
                        const NodeHost& host) {
  ContainerSpec spec = base_spec(settings, node.name, image, node.address);
  spec.entrypoint = {"/usr/local/sbin/farholm-node"};
  spec.environment = {{"FARHOLM_REGISTRY", host.registry}, {"FARHOLM_NAMESERVERS", host.nameservers}};
  spec.mounts = {{Mount::Kind::Volume, node.name, "/var", ""},
                 // Its folders are plain ones: nothing is mounted below it that would have to spread, and not
                 // every host's / is a shared mount.
                 {Mount::Kind::Bind, host.volumes_folder, std::string(kVolumesTarget), ""},
                 {Mount::Kind::Tmpfs, "", "/run", "exec,mode=755"},
                 {Mount::Kind::Tmpfs, "", "/tmp", "exec,mode=1777"}};
  for (const std::string& name : wanted_capabilities())
    if (std::ranges::find(host.capabilities, name) != host.capabilities.end())
      spec.capabilities.push_back(name);
  spec.security_options = {"seccomp=unconfined", "apparmor=unconfined", "label=disable"};
  spec.unmasked_system_paths = true;
  spec.private_cgroup_namespace = true;
  spec.device_rules = {"a *:* rwm"};
  spec.stop_signal = "SIGRTMIN+3";
  spec.stop_timeout = 30s;
  label(spec, labels_of(settings, "node", node.slot));
  return spec;
}

}  // namespace farholm::driver::kubernetes
