// The real world, in one piece, for a main:
//
//   posix::PosixWorld posix;
//   net::TlsChannels tls(posix.loop(), posix.clock());
//   posix.loop().run(serve(posix.world(tls)));
#pragma once

#include "io/posix/clock.h"
#include "io/posix/files.h"
#include "io/posix/network.h"
#include "io/posix/poller.h"
#include "io/posix/processes.h"
#include "io/posix/signals.h"
#include "io/world.h"

namespace farholm::io::posix {

class PosixWorld {
 public:
  Loop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  Signals& signals() { return signals_; }
  PosixNetwork& network() { return network_; }
  // For a program that speaks to nobody over TLS.
  World world() { return world(no_secure_); }
  World world(SecureChannels& secure) {
    return World{.loop = loop_,
                 .clock = clock_,
                 .entropy = entropy_,
                 .files = files_,
                 .network = network_,
                 .processes = processes_,
                 .secure = secure};
  }

 private:
  SystemClock clock_;
  KernelEntropy entropy_;
  PosixFiles files_;
  EpollPoller poller_;
  Loop loop_{clock_, poller_};
  Signals signals_{loop_, poller_};
  PosixNetwork network_{loop_, poller_};
  PosixProcesses processes_{loop_, poller_};
  NoSecureChannels no_secure_;
};

}  // namespace farholm::io::posix
