// Fleet: a hub, an operator and many sites in one simulated world, under one seed. `simulate` lets them live
// for some days while things break and people do what they do, then mends everything and waits until all is
// well. One thread; nothing from outside comes in, so the same options give the same history to the byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/json.h"

namespace farholm::sim {

struct FleetOptions {
  std::uint64_t seed = 1;
  int sites = 20;
  int days = 30;
  bool log = false;  // what hub and agents say, on standard error
};

struct FleetReport {
  std::uint64_t history = 0;  // hash of every disk operation, network segment and log line
  std::uint64_t events = 0;
  double days = 0;                    // that passed, with the time to become well
  std::vector<std::uint64_t> faults;  // how often each came; ledger.h names them
  std::vector<std::uint64_t> checks;  // how often each invariant was checked
  std::optional<std::string> broken;  // the first invariant that did not hold, and when
  std::vector<std::string> story;     // the notable things before that
};

FleetReport simulate(const FleetOptions& options);

}  // namespace farholm::sim
