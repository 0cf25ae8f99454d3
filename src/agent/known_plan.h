// A plan that this site accepted, and the digest that names it. A plain value; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "profile/plan.h"

namespace farholm::agent {

struct KnownPlan {
  profile::SitePlan plan;
  std::string digest;  // of its payload
};

// What must stay known of the newest accepted plan, also where its file is lost: nothing older, and nothing
// of another site, may take its place.
struct AcceptedNumber {
  std::string site_uid;
  std::int64_t epoch = 0;
  std::int64_t generation = 0;
  std::string digest;
  bool operator==(const AcceptedNumber&) const = default;
};

inline AcceptedNumber number_of(const KnownPlan& known) {
  return {.site_uid = known.plan.site_uid,
          .epoch = known.plan.epoch,
          .generation = known.plan.generation,
          .digest = known.digest};
}

}  // namespace farholm::agent
