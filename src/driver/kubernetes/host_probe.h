// HostProbe: what the driver asks of the machine itself before it makes anything on it, so that trouble is
// told in a sentence and not found half way. An interface, because tests have no machine; LocalHost is the
// real one. Asked each time anew: what is wrong with a host is put right while the agent runs. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/files.h"
#include "io/stream.h"

namespace farholm::driver::kubernetes {

// A network that the host reaches by itself or through a gateway; never the default route.
struct HostRoute {
  std::string interface;
  std::uint32_t base = 0;  // host order
  int prefix = 0;
  bool operator==(const HostRoute&) const = default;
};

class HostProbe {
 public:
  virtual ~HostProbe() = default;
  // The capabilities that Docker Engine may give to a container (docker/capabilities.h).
  virtual Result<std::vector<std::string>> capabilities() = 0;
  // IPv4 only: a site's network is.
  virtual Result<std::vector<HostRoute>> routes() = 0;
  // False when another program listens there. `address` is "" for all of the host's.
  virtual bool port_is_free(const std::string& address, std::uint16_t port) = 0;
};

class LocalHost final : public HostProbe {
 public:
  // Both outlive it. `proc` is "/proc"; `engine_pid_file` "/run/docker.pid".
  LocalHost(io::Files& files, io::Network& network, std::string proc, std::string engine_pid_file)
      : files_(files),
        network_(network),
        proc_(std::move(proc)),
        engine_pid_file_(std::move(engine_pid_file)) {}

  Result<std::vector<std::string>> capabilities() override;
  Result<std::vector<HostRoute>> routes() override;
  bool port_is_free(const std::string& address, std::uint16_t port) override;

 private:
  io::Files& files_;
  io::Network& network_;
  std::string proc_;
  std::string engine_pid_file_;
};

// The lines of /proc/net/route (proc(5)); those that it cannot read are left out.
std::vector<HostRoute> parse_routes(std::string_view text);

}  // namespace farholm::driver::kubernetes
