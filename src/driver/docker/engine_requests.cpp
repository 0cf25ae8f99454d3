#include <fmt/format.h>

#include "driver/docker/engine_json.h"

namespace farholm::driver::docker {
namespace {

json::Value environment_list(const std::map<std::string, std::string>& environment) {
  json::Value list = json::Value::array();
  for (const auto& [name, value] : environment) list.push_back(name + "=" + value);
  return list;
}

std::string port_key(const PortBinding& port) {
  return fmt::format("{}/tcp", port.container_port);
}

json::Value host_config(const ContainerSpec& spec) {
  json::Value host = json::Value::object();
  host["NetworkMode"] = spec.network;
  json::Value bindings = json::Value::object();
  for (const PortBinding& port : spec.ports)
    bindings[port_key(port)].push_back(
        {{"HostIp", port.host_address}, {"HostPort", std::to_string(port.host_port)}});
  host["PortBindings"] = std::move(bindings);
  json::Value binds = json::Value::array();
  json::Value tmpfs = json::Value::object();
  json::Value mounts = json::Value::array();
  for (const Mount& mount : spec.mounts) {
    switch (mount.kind) {
      case Mount::Kind::Tmpfs:
        tmpfs[mount.target] = mount.options;
        break;
      case Mount::Kind::Bind:
        // The short form: the engine makes the folder when it is not there.
        binds.push_back(mount.source + ":" + mount.target +
                        (mount.options.empty() ? "" : ":" + mount.options));
        break;
      case Mount::Kind::Volume:
        mounts.push_back({{"Type", "volume"}, {"Source", mount.source}, {"Target", mount.target}});
        break;
    }
  }
  host["Binds"] = std::move(binds);
  host["Tmpfs"] = std::move(tmpfs);
  host["Mounts"] = std::move(mounts);
  host["CapDrop"] = spec.capabilities_dropped;
  host["CapAdd"] = spec.capabilities;
  host["SecurityOpt"] = spec.security_options;
  host["Sysctls"] = spec.sysctls;
  if (spec.private_cgroup_namespace) host["CgroupnsMode"] = "private";
  if (spec.unmasked_system_paths) {
    host["MaskedPaths"] = json::Value::array();
    host["ReadonlyPaths"] = json::Value::array();
  }
  host["DeviceCgroupRules"] = spec.device_rules;
  host["RestartPolicy"] = {{"Name", spec.restart_always ? "always" : "no"}};
  if (spec.memory_bytes_max > 0) host["Memory"] = spec.memory_bytes_max;
  host["LogConfig"] = {{"Type", "local"},
                       {"Config", {{"max-size", std::to_string(spec.log_bytes_max)}, {"max-file", "2"}}}};
  return host;
}

}  // namespace

json::Value container_body(const ContainerSpec& spec) {
  json::Value body = json::Value::object();
  body["Image"] = spec.image;
  if (!spec.command.empty()) body["Cmd"] = spec.command;
  if (!spec.entrypoint.empty()) body["Entrypoint"] = spec.entrypoint;
  body["Env"] = environment_list(spec.environment);
  body["Labels"] = spec.labels;
  if (!spec.hostname.empty()) body["Hostname"] = spec.hostname;
  if (!spec.stop_signal.empty()) body["StopSignal"] = spec.stop_signal;
  body["StopTimeout"] = spec.stop_timeout.count();
  json::Value exposed = json::Value::object();
  for (const PortBinding& port : spec.ports) exposed[port_key(port)] = json::Value::object();
  body["ExposedPorts"] = std::move(exposed);
  body["HostConfig"] = host_config(spec);
  if (!spec.network.empty()) {
    json::Value endpoint = json::Value::object();
    if (!spec.address.empty()) endpoint["IPAMConfig"] = {{"IPv4Address", spec.address}};
    body["NetworkingConfig"]["EndpointsConfig"][spec.network] = std::move(endpoint);
  }
  return body;
}

json::Value network_body(const NetworkSpec& spec) {
  json::Value body = json::Value::object();
  body["Name"] = spec.name;
  body["CheckDuplicate"] = true;
  body["Driver"] = "bridge";
  body["IPAM"] = {{"Driver", "default"},
                  {"Config", json::Value::array({{{"Subnet", spec.subnet}, {"Gateway", spec.gateway}}})}};
  body["Labels"] = spec.labels;
  if (!spec.bridge.empty()) body["Options"] = {{"com.docker.network.bridge.name", spec.bridge}};
  return body;
}

json::Value exec_body(const ExecSpec& spec) {
  json::Value body = json::Value::object();
  body["AttachStdin"] = !spec.input.empty();
  body["AttachStdout"] = true;
  body["AttachStderr"] = true;
  body["Tty"] = false;
  body["Cmd"] = spec.command;
  body["Env"] = environment_list(spec.environment);
  return body;
}

std::string label_filter(const std::string& label) {
  json::Value filter = json::Value::object();
  filter["label"] = json::Value::array({label});
  return json::to_text(filter);
}

}  // namespace farholm::driver::docker
