#include "io/posix/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/assert.h"

namespace farholm::io::posix {

Signals::Signals(Loop& loop, EpollPoller& poller) : poller_(poller), end_asked_(loop) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t asked;
  sigemptyset(&asked);
  sigaddset(&asked, SIGTERM);
  sigaddset(&asked, SIGINT);
  FARHOLM_ASSERT(::sigprocmask(SIG_BLOCK, &asked, nullptr) == 0);
  descriptor_ = Descriptor(::signalfd(-1, &asked, SFD_CLOEXEC | SFD_NONBLOCK));
  FARHOLM_ASSERT(descriptor_.valid());
  FARHOLM_ASSERT(poller_.add(descriptor_.get(), *this, /*background=*/true).has_value());
}

Signals::~Signals() {
  poller_.remove(descriptor_.get(), *this, /*background=*/true);
}

void Signals::ready(bool readable, bool) {
  signalfd_siginfo info{};
  while (readable && ::read(descriptor_.get(), &info, sizeof info) == sizeof info) {
    if (end_asked_.is_set()) ::_exit(128 + static_cast<int>(info.ssi_signo));
    end_asked_.set();
  }
}

}  // namespace farholm::io::posix
