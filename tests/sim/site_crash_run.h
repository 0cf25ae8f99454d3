// One run of a site through good plans and bad ones, with the power cut at a chosen operation on its disk;
// the next agent goes on from what is left, and whoever had no answer asks again. Its containers (a driver in
// memory) are there still. Complaints are what must never be:
//   - a plan that was acknowledged and is not known any more;
//   - something that runs and is in no accepted plan;
//   - a plan that was seen to be given up and is tried again by itself;
//   - a plan that begins while the gate keeps it back;
//   - a site that does not come to what it should be, or writes when there is nothing to do;
//   - a file that power alone has spoilt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/sim/sim_files.h"

namespace farholm::sim_tests {

struct SiteCrashPlan {
  std::uint64_t boundary = 0;  // where the power goes; 0: never
  io::sim::Survival survival = io::sim::Survival::Nothing;
};

struct SiteCrashReport {
  std::uint64_t boundaries = 0;  // that the run passed before the cut, or in all
  std::uint64_t rollbacks = 0;   // that were seen
  std::vector<std::string> complaints;
};

SiteCrashReport run_site_crash(const SiteCrashPlan& plan);

}  // namespace farholm::sim_tests
