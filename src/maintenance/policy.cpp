#include "maintenance/policy.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace farholm::maintenance {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr minutes kDay = hours(24);
constexpr std::uint8_t kEveryDay = 0x7f;
// A week, and the day before that a window may have begun on.
constexpr int kDaysAhead = 8;

const date::time_zone* zone_of(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

// Days since the epoch, and the time since midnight, on the wall.
struct LocalTime {
  date::local_days day;
  std::chrono::nanoseconds since_midnight;
};

LocalTime local_time(const date::time_zone& zone, io::WallTime time) {
  const auto local = zone.to_local(time);
  const auto day = date::floor<date::days>(local);
  return {day, local - day};
}

bool falls_on(const WeeklyWindow& window, date::local_days day) {
  return (window.days >> (date::weekday(day).iso_encoding() - 1) & 1U) != 0;
}

bool covers(const WeeklyWindow& window, const LocalTime& time) {
  const bool over_midnight = window.end <= window.start;
  if (falls_on(window, time.day) && time.since_midnight >= window.start &&
      (over_midnight || time.since_midnight < window.end))
    return true;
  return over_midnight && falls_on(window, time.day - date::days(1)) && time.since_midnight < window.end;
}

bool any_covers(const std::vector<WeeklyWindow>& windows, const LocalTime& time) {
  return std::ranges::any_of(windows, [&](const WeeklyWindow& window) { return covers(window, time); });
}

Standing standing_at(const Policy& policy, const date::time_zone& zone, io::WallTime time) {
  const auto local = local_time(zone, time);
  return {.may_update = policy.update_windows.empty() || any_covers(policy.update_windows, local),
          .may_download = policy.download_windows.empty() || any_covers(policy.download_windows, local),
          .is_protected = any_covers(policy.protected_hours, local)};
}

// The moments at which the wall's clock shows this; that of the clock change where it never does.
void add_moments(const date::time_zone& zone, date::local_time<io::Duration> shown,
                 std::vector<io::WallTime>& moments) {
  const auto info = zone.get_info(shown);
  if (info.result == date::local_info::nonexistent) {
    moments.emplace_back(info.first.end);
    return;
  }
  moments.push_back(io::WallTime(shown.time_since_epoch() - info.first.offset));
  if (info.result == date::local_info::ambiguous) {
    moments.push_back(io::WallTime(shown.time_since_epoch() - info.second.offset));
    // Between the two the clock was put back, into the window or out of it.
    moments.emplace_back(info.first.end);
  }
}

Result<minutes> read_time(const json::Value& window, const char* member) {
  const auto text = json::string_or(window, member);
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() == 5 && digit(0) && digit(1) && text[2] == ':' && digit(3) && digit(4)) {
    const auto time =
        hours((text[0] - '0') * 10 + text[1] - '0') + minutes((text[3] - '0') * 10 + text[4] - '0');
    if (text[3] < '6' && (time < kDay || (time == kDay && std::string_view(member) == "endTime")))
      return time;
  }
  return fail(ErrorCode::Invalid, fmt::format("{} must be a time of day, as 02:30", member));
}

Result<std::uint8_t> read_days(const json::Value& window) {
  if (json::find(window, "days") == nullptr) return kEveryDay;
  FARHOLM_TRY(const auto* names, json::require_array(window, "days"));
  unsigned days = 0;
  for (const auto& name : *names) {
    const auto found = name.is_string() ? std::ranges::find(kDayNames, name.get_ref<const std::string&>())
                                        : std::end(kDayNames);
    if (found == std::end(kDayNames))
      return fail(ErrorCode::Invalid, "days must be of Mon, Tue, Wed, Thu, Fri, Sat, Sun");
    days |= 1U << static_cast<unsigned>(found - std::begin(kDayNames));
  }
  return days == 0 ? kEveryDay : static_cast<std::uint8_t>(days);
}

Result<WeeklyWindow> read_window(const json::Value& value) {
  WeeklyWindow window;
  FARHOLM_TRY(window.days, read_days(value));
  FARHOLM_TRY(window.start, read_time(value, "startTime"));
  FARHOLM_TRY(window.end, read_time(value, "endTime"));
  return window;
}

Result<std::vector<WeeklyWindow>> read_windows(const json::Value& value, const char* member) {
  std::vector<WeeklyWindow> windows;
  if (json::find(value, member) == nullptr) return windows;
  FARHOLM_TRY(const auto* rows, json::require_array(value, member));
  if (rows->size() > kWindowsMax)
    return fail(ErrorCode::Invalid, fmt::format("{} has more than {} windows", member, kWindowsMax));
  for (std::size_t i = 0; i < rows->size(); ++i) {
    auto window = read_window((*rows)[i]);
    if (!window)
      return fail(ErrorCode::Invalid, fmt::format("{}[{}]: {}", member, i, window.error().message));
    windows.push_back(*window);
  }
  return windows;
}

json::Value windows_json(const std::vector<WeeklyWindow>& windows) {
  const auto shown = [](minutes time) {
    return fmt::format("{:02}:{:02}", time / hours(1), (time % hours(1)).count());
  };
  json::Value rows = json::Value::array();
  for (const auto& window : windows) {
    json::Value days = json::Value::array();
    for (std::size_t day = 0; day < std::size(kDayNames); ++day)
      if ((window.days >> day & 1U) != 0) days.push_back(kDayNames[day]);
    rows.push_back(
        {{"days", std::move(days)}, {"startTime", shown(window.start)}, {"endTime", shown(window.end)}});
  }
  return rows;
}

}  // namespace

Result<Policy> read_policy(const json::Value& value) {
  Policy policy;
  FARHOLM_TRY(policy.time_zone, json::require_string(value, "timeZone"));
  constexpr std::size_t kNameBytesMax = 64;
  if (policy.time_zone.empty() || policy.time_zone.size() > kNameBytesMax)
    return fail(ErrorCode::Invalid, "timeZone must be the name of a time zone, as Europe/Berlin");
  FARHOLM_TRY(policy.update_windows, read_windows(value, "updateWindows"));
  FARHOLM_TRY(policy.download_windows, read_windows(value, "downloadWindows"));
  FARHOLM_TRY(policy.protected_hours, read_windows(value, "protectedHours"));
  return policy;
}

json::Value to_json(const Policy& policy) {
  return {{"timeZone", policy.time_zone},
          {"updateWindows", windows_json(policy.update_windows)},
          {"downloadWindows", windows_json(policy.download_windows)},
          {"protectedHours", windows_json(policy.protected_hours)}};
}

bool is_time_zone(const std::string& name) {
  return zone_of(name) != nullptr;
}

Result<Forecast> forecast(const Policy& policy, io::WallTime now) {
  const auto* zone = zone_of(policy.time_zone);
  if (zone == nullptr)
    return fail(ErrorCode::Invalid,
                fmt::format("the time zone {} is not known here: is tzdata installed, and new enough?",
                            policy.time_zone));
  // Room for a week of calculation, whatever the clock says.
  const auto said = std::exchange(
      now, std::clamp(now, io::WallTime(), io::WallTime(date::sys_days(date::year(2200) / 1 / 1))));
  Forecast result{.now = standing_at(policy, *zone, now), .changes_at = {}};
  if (said != now) return result;
  const auto today = local_time(*zone, now).day;
  std::vector<io::WallTime> moments;
  for (const auto* windows : {&policy.update_windows, &policy.download_windows, &policy.protected_hours})
    for (const auto& window : *windows)
      for (int ahead = -1; ahead <= kDaysAhead; ++ahead) {
        const auto day = today + date::days(ahead);
        if (!falls_on(window, day)) continue;
        add_moments(*zone, day + io::Duration(window.start), moments);
        add_moments(*zone, day + io::Duration(window.end + (window.end <= window.start ? kDay : minutes(0))),
                    moments);
      }
  std::ranges::sort(moments);
  const auto change = std::ranges::find_if(moments, [&](io::WallTime moment) {
    return moment > now && standing_at(policy, *zone, moment) != result.now;
  });
  if (change != moments.end()) result.changes_at = *change;
  return result;
}

std::string on_the_wall(const Policy& policy, io::WallTime time) {
  const auto* zone = zone_of(policy.time_zone);
  const auto minute = date::floor<minutes>(time);
  return zone == nullptr ? date::format("%a %F %H:%M UTC", minute)
                         : date::format("%a %F %H:%M %Z", date::make_zoned(zone, minute));
}

}  // namespace farholm::maintenance
