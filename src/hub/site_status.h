// Site.status as a function of what is known: the plan, what its hosts reported, whether they are connected.
// What hosts say is taken with care: cut to its limits, unknown words dropped. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hub/plan_record.h"
#include "io/clock.h"
#include "json/json.h"
#include "profile/plan.h"

namespace farholm::hub {

struct SiteHost {
  std::string name;
  bool connected = false;
  json::Value report;  // agent/report.h, or null; one that says "simulated" makes the whole site so
};

struct SiteFacts {
  std::optional<Error> problem;  // why the newest wish could not be planned
  bool paused = false;
  const PlanRecord* record = nullptr;  // the plan that the site should have
  const profile::SitePlan* plan = nullptr;
  json::Value listeners = json::Value::array();  // as Site.status has them
  std::vector<SiteHost> hosts;                   // of the plan
};

// Changes `object`, a Site.
void judge_site(json::Value& object, const SiteFacts& facts, io::WallTime now);

}  // namespace farholm::hub
