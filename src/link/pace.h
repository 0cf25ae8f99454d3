// Pace: how fast one peer may make us work. A bucket of credit that fills with time; who has used it up is
// told how long to be left unread, which its own connection then makes it feel. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "io/clock.h"

namespace farholm::link {

class Pace {
 public:
  // `burst` at once, then `per_second`; both above 0. A new one is full.
  Pace(std::int64_t burst, std::int64_t per_second)
      : each_(std::chrono::duration_cast<io::Duration>(std::chrono::seconds(1)) / per_second),
        full_(each_ * burst) {}

  // Takes what was used, and says how long to wait before the next: nothing while there is credit.
  io::Duration take(std::int64_t cost, io::MonotonicTime now) {
    // paid_until_ - now is what is owed; a full bucket is owed to us.
    paid_until_ = std::max(paid_until_, now - full_) + each_ * cost;
    return std::max(io::Duration::zero(), paid_until_ - now);
  }

 private:
  io::Duration each_;
  io::Duration full_;
  io::MonotonicTime paid_until_{io::Duration::min() / 2};  // long ago
};

}  // namespace farholm::link
