// EventBudget: how many Events somebody may cause who is not trusted: a few at once, then one in each
// interval. Whoever tries tokens, or makes a host talk, must not fill the store. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "io/clock.h"

namespace farholm::hub {

class EventBudget {
 public:
  // Both above 0. A new one is full.
  EventBudget(std::int64_t at_once, io::Duration interval) : at_once_(at_once), interval_(interval) {}

  // Whether one more may be told now.
  bool take(io::MonotonicTime now) {
    const auto from = std::max(full_at_, now);
    if (from + interval_ > now + at_once_ * interval_) return false;
    full_at_ = from + interval_;
    return true;
  }
  // As good as new.
  bool is_full(io::MonotonicTime now) const { return full_at_ <= now; }

 private:
  std::int64_t at_once_;
  io::Duration interval_;
  io::MonotonicTime full_at_{};  // when all is there again; each one taken moves it on
};

}  // namespace farholm::hub
