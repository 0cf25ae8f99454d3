#include "trust/site_clock.h"

#include <fmt/format.h>

#include <algorithm>

namespace farholm::trust {

SiteClock::SiteClock(const io::Clock& local, io::WallTime floor)
    : local_(local), floor_(std::clamp(floor, kNeverBefore, kNeverAfter)), floor_at_(local.monotonic()) {}

bool SiteClock::is_local_plausible() const {
  const auto expected = since_floor();
  const auto local = local_.now();
  if (heard_) return local >= expected - kClockTolerance && local <= expected + kClockTolerance;
  return local >= expected && local <= expected + kAloneMax;
}

io::WallTime SiteClock::now() const {
  return is_local_plausible() ? local_.now() : since_floor();
}

bool SiteClock::hear(io::WallTime time) {
  if (time < kNeverBefore || time > kNeverAfter) return false;
  floor_ = time;
  floor_at_ = local_.monotonic();
  heard_ = true;
  return true;
}

bool SiteClock::is_known() const {
  return heard_ || is_local_plausible();
}

std::string SiteClock::trouble() const {
  if (is_local_plausible()) return {};
  // To the day: a sentence that changed with each second would be news each time.
  const auto said = io::to_rfc3339(local_.now()).substr(0, 10);
  if (heard_)
    return fmt::format(
        "This host's clock is wrong (it says {}): the hub's time is used. Set it, or let it reach a time "
        "server",
        said);
  return fmt::format(
      "This host's clock cannot be right (it says {}, and {} has passed): what time it is stays unknown "
      "until "
      "the hub tells, or somebody sets it",
      said, io::to_rfc3339(floor_).substr(0, 10));
}

}  // namespace farholm::trust
