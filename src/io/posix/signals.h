// Signals as events: SIGTERM and SIGINT ask to end, SIGCHLD is left alone, SIGPIPE is ignored. One per
// process, made in main before any thread.
#pragma once

#include "io/event.h"
#include "io/posix/descriptor.h"
#include "io/posix/poller.h"

namespace farholm::io::posix {

class Signals final : private Watcher {
 public:
  Signals(Loop& loop, EpollPoller& poller);
  ~Signals() override;

  // Set by the first SIGTERM or SIGINT. A second one ends the process at once.
  Event& end_asked() { return end_asked_; }

 private:
  void ready(bool readable, bool writable) override;

  EpollPoller& poller_;
  Descriptor descriptor_;
  Event end_asked_;
};

}  // namespace farholm::io::posix
