#include <fmt/format.h>

#include "maintenance/policy.h"
#include "profile/kinds.h"
#include "profile/schema_parts.h"

namespace farholm::profile {

namespace {

using object::array;
using object::object;
using object::string;

constexpr const char* kStartPattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
constexpr const char* kEndPattern = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";

object::Schema windows(std::string description) {
  return array(
             std::move(description),
             object(
                 "Once on each of the days.",
                 {{"days", array("On which it begins; without them every day.",
                                 string("A day.").one_of({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}))
                               .at_most(7)
                               .as_set()},
                  {"startTime", string("As the clock at the site shows it: 02:00.").matching(kStartPattern)},
                  {"endTime", string("Where it is not after startTime, on the next day. 24:00 is midnight.")
                                  .matching(kEndPattern)}},
                 {"startTime", "endTime"}))
      .at_most(maintenance::kWindowsMax);
}

object::Schema spec_schema() {
  return object(
      "When the sites that name it may change.",
      {{"timeZone",
        string("Of the clock on the site's wall, as the IANA database names it: Europe/Berlin. "
               "An hour that a clock change leaves out is left out, one that it repeats counts twice.")
            .at_least(1)
            .at_most(64)},
       {"updateWindows",
        windows("When a change that interrupts something may begin and go on. None: at any time.")},
       {"downloadWindows",
        windows("When content may be fetched for a plan that has not begun. None: at any time.")},
       {"protectedHours",
        windows("When nothing may be interrupted, not even to put right what was changed by hand: "
                "only what restores lost service passes. They are stronger than updateWindows.")}},
      {"timeZone"});
}

std::vector<ErrorCause> validate(const json::Value*, const json::Value& object) {
  const auto* spec = json::find_object(object, "spec");
  const auto name = spec == nullptr ? "" : json::string_or(*spec, "timeZone");
  if (name.empty() || maintenance::is_time_zone(name)) return {};
  return {object::field_invalid("spec.timeZone", name,
                                "no such time zone; name one of the IANA database, as Europe/Berlin")};
}

}  // namespace

object::KindDescriptor maintenance_policy_kind() {
  auto kind = our_kind(
      "MaintenancePolicy", "maintenancepolicies", {"mp"},
      "When sites may change: the windows for updates and downloads, and the hours in which nothing may "
      "be interrupted. A Site names it in spec.maintenancePolicy.");
  kind.schema = object("", {{"spec", spec_schema()}}, {"spec"});
  kind.status_subresource = false;
  kind.columns = {
      {.name = "Time-Zone", .json_path = ".spec.timeZone", .description = "Of the sites' clocks."},
      age_column()};
  kind.validate = validate;
  return kind;
}

}  // namespace farholm::profile
