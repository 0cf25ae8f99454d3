#include "trust/site_clock.h"

#include <fmt/format.h>

#include <algorithm>

namespace farholm::trust {
namespace {

// "3 years ahead", "25 hours behind".
std::string describe(io::Duration off) {
  using std::chrono::hours;
  const char* const side = off < io::Duration::zero() ? "behind" : "ahead";
  const auto length = std::chrono::abs(off);
  constexpr auto kDay = hours(24);
  constexpr auto kYear = hours(24 * 365);
  if (length >= 2 * kYear) return fmt::format("{} years {}", length / kYear, side);
  if (length >= 2 * kDay) return fmt::format("{} days {}", length / kDay, side);
  if (length >= hours(2)) return fmt::format("{} hours {}", length / hours(1), side);
  return fmt::format("{} minutes {}", length / std::chrono::minutes(1), side);
}

}  // namespace

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
  // How far it is off stays the same while time goes on: a sentence that changed would be news each time.
  const auto off = describe(local_.now() - since_floor());
  if (heard_)
    return fmt::format(
        "By the hub's clock this host's is {}: the hub's time is used. Set it, or let it reach a time server",
        off);
  return fmt::format(
      "This host's clock cannot be right: by what the hub said last it is {}. What time it is stays unknown "
      "until "
      "the hub tells, or somebody sets it",
      off);
}

}  // namespace farholm::trust
