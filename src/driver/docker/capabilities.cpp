#include "driver/docker/capabilities.h"

#include <array>
#include <charconv>

namespace farholm::driver::docker {
namespace {

// linux/capability.h, by number.
constexpr std::array<std::string_view, 41> kNames = {"CHOWN",
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
                                                     "NET_BROADCAST",
                                                     "NET_ADMIN",
                                                     "NET_RAW",
                                                     "IPC_LOCK",
                                                     "IPC_OWNER",
                                                     "SYS_MODULE",
                                                     "SYS_RAWIO",
                                                     "SYS_CHROOT",
                                                     "SYS_PTRACE",
                                                     "SYS_PACCT",
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
                                                     "MAC_OVERRIDE",
                                                     "MAC_ADMIN",
                                                     "SYSLOG",
                                                     "WAKE_ALARM",
                                                     "BLOCK_SUSPEND",
                                                     "AUDIT_READ",
                                                     "PERFMON",
                                                     "BPF",
                                                     "CHECKPOINT_RESTORE"};

constexpr std::uint64_t kFileBytesMax = 64 << 10;

}  // namespace

std::vector<std::string> capability_names(std::uint64_t mask) {
  std::vector<std::string> names;
  for (std::size_t number = 0; number < kNames.size(); ++number)
    if ((mask >> number & 1U) != 0) names.emplace_back(kNames[number]);
  return names;
}

Result<std::uint64_t> bounding_set_of(std::string_view proc_status) {
  constexpr std::string_view kLabel = "CapBnd:";
  const auto start = proc_status.find(kLabel);
  if (start != std::string_view::npos) {
    std::string_view text = proc_status.substr(start + kLabel.size());
    while (text.starts_with('\t') || text.starts_with(' ')) text.remove_prefix(1);
    std::uint64_t mask = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mask, 16);
    if (error == std::errc() && end != text.data()) return mask;
  }
  return fail(ErrorCode::BadRequest,
              "The kernel does not say which capabilities there are (no CapBnd in status)");
}

Result<HostCapabilities> probe_capabilities(io::Files& files, const std::string& proc,
                                            const std::string& pid_file) {
  std::string process = "self";
  FARHOLM_TRY(auto pid, io::read_file_if_exists(files, pid_file, kFileBytesMax));
  if (pid) {
    while (!pid->empty() && (pid->back() == '\n' || pid->back() == ' ')) pid->pop_back();
    const bool digits = !pid->empty() && pid->find_first_not_of("0123456789") == std::string::npos;
    // The file of an engine that was killed stays behind: then its next one will be as we are.
    if (digits) {
      FARHOLM_TRY(auto there, io::status_if_exists(files, io::join_path(proc, *pid)));
      if (there) process = *pid;
    }
  }
  FARHOLM_TRY(auto status,
              io::read_file(files, io::join_path(io::join_path(proc, process), "status"), kFileBytesMax));
  FARHOLM_TRY(auto mask, bounding_set_of(status));
  return HostCapabilities{capability_names(mask), capability_names(~mask)};
}

}  // namespace farholm::driver::docker
