// Gatekeeper: what may pass at this site's disruption gate now (engine/gate.h), from what the people on site
// said and what the plan's maintenance policy says of the hour. Looks at the disk each time it is asked. Any
// thread.
#pragma once

#include <optional>
#include <string>

#include "engine/model.h"
#include "io/world.h"
#include "maintenance/policy.h"

namespace farholm::agent {

class Gatekeeper {
 public:
  // The world outlives it. `hold_path` is where a hold would be (hold.h). While the time is not known no
  // window is open, and it may be a protected hour.
  Gatekeeper(const io::World& world, std::string hold_path)
      : world_(world), hold_path_(std::move(hold_path)) {}

  engine::Gate gate(const std::optional<maintenance::Policy>& policy) const;

 private:
  io::World world_;
  std::string hold_path_;
};

}  // namespace farholm::agent
