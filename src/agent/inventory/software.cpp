#include <algorithm>

#include "agent/inventory/parts.h"

namespace farholm::agent::inventory {
namespace {

constexpr std::uint64_t kTextFileBytesMax = 64 << 10;
constexpr std::size_t kControllersMax = 32;

// A value of os-release(5): bare, or quoted as for a shell.
std::string unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
    value = value.substr(1, value.size() - 2);
  }
  std::string text;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '\\' && at + 1 < value.size()) ++at;
    text += value[at];
  }
  return clean(text);
}

}  // namespace

json::Value read_memory(const Sysroot& sysroot) {
  json::Value memory = json::Value::object();
  constexpr std::int64_t kKibibytesMax = std::int64_t{1} << 43;
  each_line(sysroot.file("/proc/meminfo", kTextFileBytesMax).value_or(""), [&](std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto name = line.substr(0, colon);
    const char* member = name == "MemTotal" ? "totalBytes" : name == "SwapTotal" ? "swapBytes" : nullptr;
    auto value = trim(line.substr(colon + 1));
    if (member == nullptr || !value.ends_with(" kB")) return;
    value.remove_suffix(3);
    const auto kibibytes = parse_number(trim(value));
    if (kibibytes && *kibibytes >= 0 && *kibibytes <= kKibibytesMax) memory[member] = *kibibytes * 1024;
  });
  return memory;
}

json::Value read_kernel(const Sysroot& sysroot) {
  json::Value kernel = json::Value::object();
  put(kernel, "release", sysroot.text("/proc/sys/kernel/osrelease"));
  put(kernel, "version", sysroot.text("/proc/sys/kernel/version"));
  return kernel;
}

json::Value read_os(const Sysroot& sysroot) {
  json::Value os = json::Value::object();
  // The first is a link to the second; one that is absolute would lead out of a sysroot.
  const auto link = sysroot.link("/etc/os-release");
  auto content =
      link && link->starts_with('/') ? std::nullopt : sysroot.file("/etc/os-release", kTextFileBytesMax);
  if (!content) content = sysroot.file("/usr/lib/os-release", kTextFileBytesMax);
  each_line(content.value_or(""), [&](std::string_view line) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return;
    const auto name = trim(line.substr(0, equals));
    const char* member = name == "ID"              ? "id"
                         : name == "VERSION_ID"    ? "versionID"
                         : name == "PRETTY_NAME"   ? "name"
                         : name == "VARIANT_ID"    ? "variantID"
                         : name == "IMAGE_ID"      ? "imageID"
                         : name == "IMAGE_VERSION" ? "imageVersion"
                                                   : nullptr;
    if (member == nullptr) return;
    if (auto value = unquoted(trim(line.substr(equals + 1))); !value.empty()) os[member] = std::move(value);
  });
  return os;
}

json::Value read_cgroup(const Sysroot& sysroot) {
  json::Value cgroup = json::Value::object();
  const std::string folder = "/sys/fs/cgroup";
  if (auto controllers = sysroot.text(folder + "/cgroup.controllers")) {
    cgroup["version"] = 2;
    json::Value names = json::Value::array();
    for (std::string_view rest = *controllers; !rest.empty() && names.size() < kControllersMax;) {
      const auto space = std::min(rest.find(' '), rest.size());
      if (space > 0) names.push_back(rest.substr(0, space));
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    std::sort(names.begin(), names.end());
    cgroup["controllers"] = std::move(names);
  } else if (sysroot.exists(folder + "/memory") || sysroot.exists(folder + "/cpu")) {
    cgroup["version"] = 1;
    if (sysroot.exists(folder + "/unified")) cgroup["hybrid"] = true;
  }
  return cgroup;
}

std::optional<std::string> read_hostname(const Sysroot& sysroot) {
  auto name = sysroot.text("/proc/sys/kernel/hostname");
  return name ? name : sysroot.text("/etc/hostname");
}

}  // namespace farholm::agent::inventory
