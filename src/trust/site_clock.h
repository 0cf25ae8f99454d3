// SiteClock: what time it is at a place where nobody looks after the clock. The machine's own may have fallen
// back to the year in which it was made, or be decades ahead; then the newest time that somebody trusted has
// vouched for is the floor, and time goes on from there. What the hub says is believed where the machine
// differs from it. Pure but for the clock below it; one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "io/clock.h"

namespace farholm::trust {

// No release of Farholm is older: an earlier time is no time.
inline constexpr io::WallTime kNeverBefore{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
inline constexpr io::WallTime kNeverAfter{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};
// A machine that differs from the hub by less is right: messages take their time.
inline constexpr io::Duration kClockTolerance = std::chrono::minutes(5);
// A machine that nobody has told the time may be so far beyond the floor: so long it may have been alone.
inline constexpr io::Duration kAloneMax = std::chrono::hours(24 * 365 * 10);

class SiteClock final : public io::Clock {
 public:
  // `local` outlives it. `floor`: what hear() was told last, also long ago; earlier than kNeverBefore counts
  // as that.
  SiteClock(const io::Clock& local, io::WallTime floor);

  io::WallTime now() const override;
  io::MonotonicTime monotonic() const override { return local_.monotonic(); }

  // Somebody trusted says what time it is at this moment. False, and nothing changes, for a time that cannot
  // be.
  bool hear(io::WallTime time);
  io::WallTime floor() const { return floor_; }
  // Whether now() is more than a guess: the machine's clock can be right, or somebody told.
  bool is_known() const override;
  // A sentence for people where the machine's clock is wrong; empty where nobody knows that it is.
  std::string trouble() const;

 private:
  bool is_local_plausible() const;
  // The floor, and what has passed since it was set, here.
  io::WallTime since_floor() const { return floor_ + (local_.monotonic() - floor_at_); }

  const io::Clock& local_;
  io::WallTime floor_;
  io::MonotonicTime floor_at_;
  bool heard_ = false;  // since it was made
};

}  // namespace farholm::trust
