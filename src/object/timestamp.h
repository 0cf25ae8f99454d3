// Timestamps as text: RFC 3339 in, Kubernetes' ages out. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/clock.h"

namespace farholm::object {

// Seconds may have a fraction (what is below a nanosecond is dropped); the offset is Z or ±hh:mm. Nothing for
// anything else, an impossible date, or a year that WallTime cannot hold.
std::optional<io::WallTime> parse_rfc3339(std::string_view text);
// With six digits of a fraction, as metav1.MicroTime is written.
std::string to_rfc3339_micro(io::WallTime time);

// "5s", "3m20s", "4h5m", "3d": as kubectl shows ages (apimachinery, pkg/util/duration HumanDuration).
std::string human_duration(io::Duration duration);
// The age of a timestamp at `now`; "<unknown>" for an empty one, "<invalid>" for one that does not parse.
std::string human_age(std::string_view timestamp, io::WallTime now);

}  // namespace farholm::object
