// MaintenancePolicy as a value: weekly windows on the wall clock of a time zone, and what they say of a
// moment. The rules of time zones come from the system's tzdata; else pure. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/clock.h"
#include "json/json.h"

namespace farholm::maintenance {

inline constexpr std::size_t kWindowsMax = 32;  // of each kind

// From `start` to `end` after midnight, on each of the days; up to the next day where `end` is not after it.
// An hour that a clock change leaves out is left out, one that it repeats counts twice.
struct WeeklyWindow {
  std::uint8_t days = 0;  // bit 0: Monday, … bit 6: Sunday
  std::chrono::minutes start{};
  std::chrono::minutes end{};
  bool operator==(const WeeklyWindow&) const = default;
};

struct Policy {
  std::string time_zone;                       // of the IANA database: "Europe/Berlin"
  std::vector<WeeklyWindow> update_windows;    // changes may begin and go on; none: at any time
  std::vector<WeeklyWindow> download_windows;  // content may be fetched; none: at any time
  std::vector<WeeklyWindow> protected_hours;   // only what restores lost service may pass
  bool operator==(const Policy&) const = default;
};

inline constexpr std::string_view kDayNames[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

// {"timeZone", "updateWindows": [{"days": ["Mon"], "startTime": "02:00", "endTime": "05:00"}],
// "downloadWindows", "protectedHours"}. Without days: every day. Invalid, naming the member, for what is not
// that; whether the time zone is known is not looked at.
Result<Policy> read_policy(const json::Value& value);
// So that read_policy gives it back.
json::Value to_json(const Policy& policy);

// True when the system's tzdata knows it.
bool is_time_zone(const std::string& name);

struct Standing {
  bool may_update = true;
  bool may_download = true;
  bool is_protected = false;
  bool operator==(const Standing&) const = default;
};

struct Forecast {
  Standing now;
  // When it is next otherwise, if ever. Not said where the clock is out of 1970 to 2200: there it stands
  // still.
  std::optional<io::WallTime> changes_at;
};

// Invalid when the system's tzdata does not know the time zone.
Result<Forecast> forecast(const Policy& policy, io::WallTime now);

// As the clock on the site's wall shows it: "Mon 2026-11-23 20:00 CET". In UTC where the zone is not known.
std::string on_the_wall(const Policy& policy, io::WallTime time);

}  // namespace farholm::maintenance
