// Simulated time. SimTime is the one true time of a world, moved only by the poller, to the next timer;
// SimClock is one machine's idea of it, whose wall clock may be wrong and may jump. One thread.
#pragma once

#include <algorithm>

#include "io/clock.h"
#include "io/loop.h"

namespace farholm::io::sim {

// When every world begins, by clocks that are right: 2026-01-01T00:00:00Z.
inline constexpr WallTime kBeginning{std::chrono::seconds(1'767'225'600)};

class SimTime final : public Clock {
 public:
  WallTime now() const override { return kBeginning + time_.time_since_epoch(); }
  MonotonicTime monotonic() const override { return time_; }
  void advance_to(MonotonicTime time) { time_ = std::max(time_, time); }

 private:
  MonotonicTime time_;
};

class SimClock final : public Clock {
 public:
  explicit SimClock(const SimTime& time) : time_(time) {}
  WallTime now() const override { return time_.now() + skew_; }
  MonotonicTime monotonic() const override { return time_.monotonic(); }
  // How far the wall clock is ahead of the truth.
  void set_skew(Duration skew) { skew_ = skew; }
  void jump(Duration by) { skew_ += by; }
  Duration skew() const { return skew_; }

 private:
  const SimTime& time_;
  Duration skew_{};
};

// Nothing comes from outside of a simulated world: when nobody is ready, time jumps to the next timer.
class SimPoller final : public Poller {
 public:
  explicit SimPoller(SimTime& time) : time_(time) {}
  void wait(std::optional<MonotonicTime> deadline) override {
    if (deadline) time_.advance_to(*deadline);
  }
  bool idle() const override { return true; }

 private:
  SimTime& time_;
};

}  // namespace farholm::io::sim
