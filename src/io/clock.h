// Time as a parameter. Wall time may jump and lie; monotonic time only measures durations. Any thread.
#pragma once

#include <chrono>
#include <string>

namespace farholm::io {

using Duration = std::chrono::nanoseconds;
// Since the Unix epoch, by the local clock, whatever that says.
using WallTime = std::chrono::sys_time<Duration>;
// Since some moment before the program began.
struct MonotonicClockTag {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClockTag>;
  static constexpr bool is_steady = true;
};
using MonotonicTime = std::chrono::time_point<MonotonicClockTag, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
  // False where now() is a guess: what depends on the time of day must not rely on it.
  virtual bool is_known() const { return true; }
  virtual MonotonicTime monotonic() const = 0;
};

// RFC 3339 in UTC to the second, as Kubernetes writes timestamps: "2026-01-02T03:04:05Z".
std::string to_rfc3339(WallTime time);

}  // namespace farholm::io
