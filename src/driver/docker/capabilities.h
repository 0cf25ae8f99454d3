// Linux capabilities that this host can give to a container: those in the bounding set that Docker Engine
// runs under. A machine may lack some (CAP_SYS_RESOURCE on small virtual ones); a container that asks for one
// of those does not start. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/files.h"

namespace farholm::driver::docker {

// The names in a mask of the kernel, without "CAP_", in the order of linux/capability.h.
std::vector<std::string> capability_names(std::uint64_t mask);
// The CapBnd line of /proc/<pid>/status. BadRequest when there is none.
Result<std::uint64_t> bounding_set_of(std::string_view proc_status);

struct HostCapabilities {
  std::vector<std::string> given;
  std::vector<std::string> missing;  // known to us, and not given
};
// Of the engine whose process ID is in `pid_file` ("/run/docker.pid"), or of this process when there is no
// such file. `proc` is "/proc".
Result<HostCapabilities> probe_capabilities(io::Files& files, const std::string& proc,
                                            const std::string& pid_file);

}  // namespace farholm::driver::docker
