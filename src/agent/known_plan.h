// A plan that this site accepted, and the digest that names it. A plain value; any thread.
#pragma once

#include <string>

#include "profile/plan.h"

namespace farholm::agent {

struct KnownPlan {
  profile::SitePlan plan;
  std::string digest;  // of its payload
};

}  // namespace farholm::agent
