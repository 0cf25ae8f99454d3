// How many refusals become Events: a few at once, then one a second. Whoever tries tokens must not fill the
// store, and a host that is refused at the same moment as another is told of as well. Pure; any thread.
#pragma once

#include <algorithm>

#include "io/clock.h"

namespace farholm::hub {

inline constexpr std::int64_t kRefusalEventsAtOnce = 20;
inline constexpr io::Duration kRefusalEventInterval = std::chrono::seconds(1);

class RefusalBudget {
 public:
  // Whether one more may be told now.
  bool take(io::MonotonicTime now) {
    // full_at_ is when all would be there again; each one taken moves it on.
    const auto from = std::max(full_at_, now);
    if (from + kRefusalEventInterval > now + kRefusalEventsAtOnce * kRefusalEventInterval) return false;
    full_at_ = from + kRefusalEventInterval;
    return true;
  }

 private:
  io::MonotonicTime full_at_{};
};

}  // namespace farholm::hub
