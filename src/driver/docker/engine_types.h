// What Docker Engine is asked for and what it answers, as plain values: containers, networks, volumes,
// images, executions. The names are those of the Engine API (v1.41, docs.docker.com/engine/api/v1.41) in
// our spelling. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace farholm::driver::docker {

using Labels = std::map<std::string, std::string>;

struct EngineInfo {
  std::string version;         // "20.10.24+dfsg1"
  std::string api_version;     // the newest that it speaks: "1.41"
  std::string storage_driver;  // "overlay2"
  int cgroup_version = 0;      // 1 or 2
  bool live_restore = false;   // containers outlive the daemon
  bool ipv4_forwarding = false;
  std::vector<std::string> security_options;  // "name=seccomp,profile=default"
  std::string kernel;
  std::string root_directory;  // "/var/lib/docker"
  int cpus = 0;
  std::int64_t memory_bytes = 0;
};

struct ImageInfo {
  std::string id;  // "sha256:…"
  std::vector<std::string> repo_digests;
  std::uint64_t size_bytes = 0;
};

struct NetworkSpec {
  std::string name;
  std::string subnet;   // "172.30.42.0/24"
  std::string gateway;  // "172.30.42.1"
  std::string bridge;   // name of the bridge interface, at most 15 bytes; "" lets the engine choose
  Labels labels;
};

struct NetworkInfo {
  std::string id;
  std::string name;
  std::string subnet;
  std::string gateway;
  Labels labels;
};

struct VolumeInfo {
  std::string name;
  Labels labels;
  std::string mountpoint;  // on the host
};

struct PortBinding {
  std::string host_address;  // "127.0.0.1", or "" for all
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;  // TCP
  bool operator==(const PortBinding&) const = default;
};

struct Mount {
  enum class Kind : std::uint8_t { Volume, Bind, Tmpfs };
  Kind kind = Kind::Volume;
  std::string source;  // a volume's name or a path on the host; unused for tmpfs
  std::string target;
  std::string options;  // tmpfs: "exec,mode=755"; bind: how mounts spread, "rshared" ("" is the engine's way)
};

struct ContainerSpec {
  std::string name;
  std::string image;
  std::vector<std::string> command;  // empty: the image's
  std::vector<std::string> entrypoint;
  std::map<std::string, std::string> environment;
  Labels labels;
  std::string hostname;
  std::string network;
  std::string address;  // fixed, within the network's subnet
  std::vector<PortBinding> ports;
  std::vector<Mount> mounts;
  std::vector<std::string> capabilities_dropped;  // before those below are added; "ALL"
  std::vector<std::string> capabilities;          // added; an empty list adds none
  std::vector<std::string> security_options;
  std::map<std::string, std::string> sysctls;
  std::vector<std::string> device_rules;  // "a *:* rwm"
  bool private_cgroup_namespace = false;
  // Nothing of /proc and /sys is hidden or read-only (docker run --security-opt systempaths=unconfined).
  bool unmasked_system_paths = false;
  std::string stop_signal;
  std::chrono::seconds stop_timeout{10};
  // Not unless-stopped: an engine that is killed marks what it finds running as stopped when it returns, and
  // would leave it so (docs/decisions/20261122-kubernetes-in-containers.md).
  bool restart_always = true;
  std::int64_t memory_bytes_max = 0;  // 0: no limit
  // Each file of the container's log, of which there are two.
  std::uint64_t log_bytes_max = 5 << 20;
};

struct ContainerInfo {
  std::string id;
  std::string name;  // without the leading slash
  std::string image;
  Labels labels;
  bool running = false;
  bool paused = false;
  std::string status;  // "running", "exited", "created", …
  int exit_code = 0;
  std::string error;                 // why it did not start, in the engine's words
  std::string started_at;            // RFC 3339
  std::int64_t restart_count = 0;    // by its restart policy
  std::string address;               // in its (first) network
  std::vector<std::string> volumes;  // names of the volumes that are mounted
  std::vector<PortBinding> ports;    // published at this moment: none while it does not run; IPv4 only
};

struct ExecSpec {
  std::string container;
  std::vector<std::string> command;
  std::string input;  // given to its standard input, which then ends
  std::map<std::string, std::string> environment;
  std::size_t output_bytes_max = 1 << 20;  // of each of stdout and stderr; what is over is cut off
};

struct ExecOutput {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// One file of an archive that is put into or got from a container.
struct ArchiveFile {
  std::string path;  // relative to the folder that is unpacked into
  std::string content;
  std::uint32_t permissions = 0600;
  std::int64_t owner = 0;  // user and group
};

}  // namespace farholm::driver::docker
