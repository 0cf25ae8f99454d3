// Child processes by posix_spawn, awaited through pidfds. See io/process.h. One thread.
#pragma once

#include "io/loop.h"
#include "io/posix/poller.h"
#include "io/process.h"

namespace farholm::io::posix {

class PosixProcesses final : public Processes {
 public:
  PosixProcesses(Loop& loop, EpollPoller& poller) : loop_(loop), poller_(poller) {}

  Task<Result<ProcessOutput>> run(ProcessOptions options) override;
  Result<std::int64_t> start_detached(const DetachedOptions& options) override;

 private:
  Loop& loop_;
  EpollPoller& poller_;
};

}  // namespace farholm::io::posix
