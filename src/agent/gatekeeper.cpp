#include "agent/gatekeeper.h"

#include <fmt/format.h>

#include "agent/hold.h"

namespace farholm::agent {
namespace {

using engine::Passage;

engine::Gate gate_at(const maintenance::Policy& policy, io::WallTime now, io::MonotonicTime monotonic) {
  engine::Gate gate;
  const auto forecast = maintenance::forecast(policy, now);
  if (!forecast) {
    gate = {.passage = Passage::Repairs, .reason = "NoTimeZone", .message = forecast.error().message};
    return gate;
  }
  const auto until = [&](std::string_view what) {
    return forecast->changes_at
               ? fmt::format(" {} {}", what, maintenance::on_the_wall(policy, *forecast->changes_at))
               : std::string();
  };
  gate.fetches = forecast->now.may_download;
  if (forecast->now.is_protected) {
    gate.passage = Passage::Losses;
    gate.reason = "ProtectedHours";
    gate.message = fmt::format("these are protected hours{}", until("until"));
  } else if (!forecast->now.may_update) {
    gate.passage = Passage::Repairs;
    gate.reason = "OutsideWindow";
    gate.message = fmt::format("no update window is open{}", until("until"));
  }
  if (forecast->changes_at) gate.changes_at = monotonic + (*forecast->changes_at - now);
  return gate;
}

engine::Gate gate_without_time(const maintenance::Policy& policy) {
  return {.passage = !policy.protected_hours.empty()  ? Passage::Losses
                     : !policy.update_windows.empty() ? Passage::Repairs
                                                      : Passage::Everything,
          .fetches = policy.download_windows.empty(),
          .stops_clock = false,
          .reason = "TimeUnknown",
          .message = "this host does not know what time it is, and so not whether a window is open",
          .changes_at = {}};
}

}  // namespace

engine::Gate Gatekeeper::gate(const std::optional<maintenance::Policy>& policy) const {
  const auto now = world_.clock.now();
  const auto monotonic = world_.clock.monotonic();
  auto gate = !policy                   ? engine::Gate()
              : world_.clock.is_known() ? gate_at(*policy, now, monotonic)
                                        : gate_without_time(*policy);
  if (const auto hold = read_hold(world_.files, hold_path_, now)) {
    gate.passage = Passage::Losses;
    gate.stops_clock = true;
    gate.reason = "OnHold";
    gate.message = fmt::format("people at the site hold changes{}{}; `farholm-agent release` lets them pass",
                               hold->until ? " until " + io::to_rfc3339(*hold->until) : "",
                               hold->reason.empty() ? "" : " (" + hold->reason + ")");
    if (hold->until) {
      const auto ends_at = monotonic + (*hold->until - now);
      gate.changes_at = gate.changes_at ? std::min(*gate.changes_at, ends_at) : ends_at;
    }
  }
  return gate;
}

}  // namespace farholm::agent
