#include <charconv>

#include "driver/docker/engine_json.h"

namespace farholm::driver::docker {
namespace {

Labels read_labels(const json::Value& holder) {
  Labels labels;
  if (const json::Value* found = json::find_object(holder, "Labels"))
    for (const auto& [name, value] : found->items())
      if (value.is_string()) labels.emplace(name, value.get<std::string>());
  return labels;
}

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

void read_mounts(const json::Value& holder, ContainerInfo& into) {
  const json::Value* mounts = json::find_array(holder, "Mounts");
  if (mounts == nullptr) return;
  for (const json::Value& mount : *mounts)
    if (json::string_or(mount, "Type") == "volume") into.volumes.push_back(json::string_or(mount, "Name"));
}

std::uint16_t read_port(const json::Value& holder, std::string_view member) {
  const auto number = json::find_integer(holder, member).value_or(0);
  return number > 0 && number <= 65535 ? static_cast<std::uint16_t>(number) : 0;
}

// Of a listed container. Each port is there once more for IPv6.
void read_ports(const json::Value& entry, ContainerInfo& into) {
  const json::Value* ports = json::find_array(entry, "Ports");
  if (ports == nullptr) return;
  for (const json::Value& port : *ports) {
    const PortBinding binding{json::string_or(port, "IP"), read_port(port, "PublicPort"),
                              read_port(port, "PrivatePort")};
    if (binding.host_port != 0 && !binding.host_address.contains(':')) into.ports.push_back(binding);
  }
}

// The address that it has now or, while it does not run, the one that it was given.
std::string read_address(const json::Value& holder) {
  const json::Value* networks = json::find_path(holder, {"NetworkSettings", "Networks"});
  if (networks == nullptr || !networks->is_object()) return "";
  for (const auto& [name, network] : networks->items()) {
    if (std::string address = json::string_or(network, "IPAddress"); !address.empty()) return address;
    if (const json::Value* config = json::find_object(network, "IPAMConfig"))
      return json::string_or(*config, "IPv4Address");
  }
  return "";
}

}  // namespace

EngineInfo read_info(const json::Value& version, const json::Value& info) {
  EngineInfo result;
  result.version = json::string_or(version, "Version");
  result.api_version = json::string_or(version, "ApiVersion");
  result.kernel = json::string_or(info, "KernelVersion");
  result.storage_driver = json::string_or(info, "Driver");
  result.root_directory = json::string_or(info, "DockerRootDir");
  const std::string cgroup = json::string_or(info, "CgroupVersion", "1");
  std::from_chars(cgroup.data(), cgroup.data() + cgroup.size(), result.cgroup_version);
  result.live_restore = json::find_bool(info, "LiveRestoreEnabled").value_or(false);
  result.ipv4_forwarding = json::find_bool(info, "IPv4Forwarding").value_or(false);
  result.cpus = static_cast<int>(json::find_integer(info, "NCPU").value_or(0));
  result.memory_bytes = json::find_integer(info, "MemTotal").value_or(0);
  if (const json::Value* options = json::find_array(info, "SecurityOptions"))
    for (const json::Value& option : *options)
      if (option.is_string()) result.security_options.push_back(option.get<std::string>());
  return result;
}

ImageInfo read_image(const json::Value& answer) {
  ImageInfo result;
  result.id = json::string_or(answer, "Id");
  result.size_bytes = static_cast<std::uint64_t>(json::find_integer(answer, "Size").value_or(0));
  if (const json::Value* digests = json::find_array(answer, "RepoDigests"))
    for (const json::Value& digest : *digests)
      if (digest.is_string()) result.repo_digests.push_back(digest.get<std::string>());
  return result;
}

NetworkInfo read_network(const json::Value& answer) {
  NetworkInfo result;
  result.id = json::string_or(answer, "Id");
  result.name = json::string_or(answer, "Name");
  result.labels = read_labels(answer);
  if (const json::Value* config = json::find_path(answer, {"IPAM", "Config"});
      config != nullptr && config->is_array() && !config->empty()) {
    result.subnet = json::string_or(config->front(), "Subnet");
    result.gateway = json::string_or(config->front(), "Gateway");
  }
  return result;
}

VolumeInfo read_volume(const json::Value& answer) {
  return {json::string_or(answer, "Name"), read_labels(answer), json::string_or(answer, "Mountpoint")};
}

ContainerInfo read_container(const json::Value& answer) {
  ContainerInfo result;
  result.id = json::string_or(answer, "Id");
  result.name = without_slash(json::string_or(answer, "Name"));
  result.restart_count = json::find_integer(answer, "RestartCount").value_or(0);
  if (const json::Value* config = json::find_object(answer, "Config")) {
    result.image = json::string_or(*config, "Image");
    result.labels = read_labels(*config);
  }
  if (const json::Value* state = json::find_object(answer, "State")) {
    result.status = json::string_or(*state, "Status");
    result.running = json::find_bool(*state, "Running").value_or(false);
    result.paused = json::find_bool(*state, "Paused").value_or(false);
    result.exit_code = static_cast<int>(json::find_integer(*state, "ExitCode").value_or(0));
    result.error = json::string_or(*state, "Error");
    result.started_at = json::string_or(*state, "StartedAt");
  }
  read_mounts(answer, result);
  result.address = read_address(answer);
  return result;
}

ContainerInfo read_listed_container(const json::Value& entry) {
  ContainerInfo result;
  result.id = json::string_or(entry, "Id");
  if (const json::Value* names = json::find_array(entry, "Names");
      names != nullptr && !names->empty() && names->front().is_string())
    result.name = without_slash(names->front().get<std::string>());
  result.image = json::string_or(entry, "Image");
  result.labels = read_labels(entry);
  result.status = json::string_or(entry, "State");
  result.paused = result.status == "paused";
  result.running = result.status == "running" || result.paused;
  read_mounts(entry, result);
  read_ports(entry, result);
  result.address = read_address(entry);
  return result;
}

}  // namespace farholm::driver::docker
