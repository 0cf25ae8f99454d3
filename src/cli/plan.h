// `farholm plan`: profile + site + hosts + keys → a signed plan and the blobs it names, from files, without a
// hub. The same functions as the hub's (profile/) make the same bytes. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/world.h"

namespace farholm::cli {

struct PlanOptions {
  std::string profile;               // YAML of a ClusterProfile
  std::string site;                  // YAML of a Site
  std::string hosts;                 // YAML: a list of {name, machineID, uid?, sealingKey?}
  std::string key;                   // of the plan role
  std::string root;                  // root.json: whose bundles count
  std::vector<std::string> bundles;  // folders
  std::vector<std::string> secrets;  // "NAME/KEY=FILE": the value behind a secretRef
  std::string maintenance_policy;  // YAML of the MaintenancePolicy that the site names; empty: it names none
  std::string previous;            // the plan before; its generation is followed by one more
  std::string content;             // where blobs are put
  std::string output;              // the signed plan
};
// Says what the plan holds; when it wants the same as the previous one, nothing is written and it says so.
Result<std::string> make_plan(const io::World& world, const PlanOptions& options);

}  // namespace farholm::cli
