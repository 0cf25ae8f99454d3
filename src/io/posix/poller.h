// Waits on descriptors with epoll, edge-triggered, for one loop. Other threads reach the loop through
// `post`. One thread but for post.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "io/loop.h"
#include "io/posix/descriptor.h"

namespace farholm::io::posix {

// What is told when a descriptor may have become readable or writable.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void ready(bool readable, bool writable) = 0;
};

class EpollPoller final : public Poller {
 public:
  EpollPoller();

  void wait(std::optional<MonotonicTime> deadline) override;
  bool idle() const override { return watched_ == 0 && expected_ == 0; }

  // Until remove; `watcher` is told of every edge. A background watcher does not keep the loop running.
  Result<void> add(int descriptor, Watcher& watcher, bool background = false);
  void remove(int descriptor, Watcher& watcher, bool background = false);

  // From any thread: runs on the loop's thread. For each, the loop's thread has called expect() before.
  void post(std::function<void()> function);
  void expect() { ++expected_; }

 private:
  void run_posted();

  Descriptor epoll_;
  Descriptor wakeup_;
  std::size_t watched_ = 0;
  std::size_t expected_ = 0;
  std::vector<Watcher*> reported_;  // of the current wait; an entry is cleared when its watcher is removed
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
};

}  // namespace farholm::io::posix
