// TCP and unix sockets over a poller's epoll. See io/stream.h for the contract. One thread.
#pragma once

#include <memory>
#include <vector>

#include "io/loop.h"
#include "io/posix/poller.h"
#include "io/stream.h"

namespace farholm::io::posix {

class PosixNetwork final : public Network {
 public:
  // Both outlive the network and every stream that it made.
  PosixNetwork(Loop& loop, EpollPoller& poller) : loop_(loop), poller_(poller) {}

  Task<Result<std::unique_ptr<Stream>>> connect(Endpoint endpoint) override;
  Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint, ListenOptions options) override;
  // A socket that somebody else bound and listens on (sd_listen_fds(3)); takes the descriptor.
  Result<std::unique_ptr<Listener>> adopt_listener(int descriptor);
  // The sockets that a service manager bound for this process (LISTEN_FDS and LISTEN_PID, sd_listen_fds(3));
  // none when it was started in another way.
  Result<std::vector<std::unique_ptr<Listener>>> adopt_inherited();

 private:
  Loop& loop_;
  EpollPoller& poller_;
};

}  // namespace farholm::io::posix
