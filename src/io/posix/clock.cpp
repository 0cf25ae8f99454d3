#include "io/posix/clock.h"

#include <sys/random.h>

#include <cerrno>
#include <ctime>

#include "base/assert.h"

namespace farholm::io::posix {
namespace {

Duration read_clock(clockid_t clock) {
  timespec time{};
  FARHOLM_ASSERT(clock_gettime(clock, &time) == 0);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

WallTime SystemClock::now() const {
  return WallTime(read_clock(CLOCK_REALTIME));
}
// Also counts while the machine sleeps: deadlines are promises to the outside.
MonotonicTime SystemClock::monotonic() const {
  return MonotonicTime(read_clock(CLOCK_BOOTTIME));
}

void KernelEntropy::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = getrandom(bytes.data(), bytes.size(), 0);
    FARHOLM_ASSERT(count > 0 || errno == EINTR);
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace farholm::io::posix
