// One run of a store under fire: clients on one machine write to a store on another, through a secure
// channel; the power of the store's machine goes at a chosen operation on its disk; it is started again and
// checked; and so once more in the next life. Complaints are what must never be:
//   - an acknowledged write that is lost, or a refused one that is there;
//   - half of a batch;
//   - a revision that goes back;
//   - a database that cannot be opened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/sim/sim_files.h"

namespace farholm::sim_tests {

struct CrashPlan {
  std::uint64_t seed = 1;
  std::uint64_t boundary = 0;  // where the power goes; 0: never
  io::sim::Survival survival = io::sim::Survival::Nothing;
};

struct CrashReport {
  std::uint64_t history = 0;     // hash of everything that happened
  std::uint64_t boundaries = 0;  // passed in the first life
  std::uint64_t acknowledged = 0;
  std::vector<std::string> complaints;
};

CrashReport run_crash(const CrashPlan& plan);

}  // namespace farholm::sim_tests
