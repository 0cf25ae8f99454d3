// One run of a hub and a site in a simulated world: the hub opens its store, an operator applies a profile
// and a site, a host pairs by a token, gets its plan, follows it and reports; the network loses packets and
// is cut for a while, a variable changes, the hub loses its power and comes back. All of it is the code that
// ships; the world, the secure channel below TLS's users and the drivers at the end are simulated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace farholm::sim_tests {

enum class ChannelKind : std::uint8_t { Simulated, Tls };

struct FleetReport {
  std::uint64_t history = 0;  // hash of every disk operation, network segment and log line
  std::uint64_t lines = 0;
  std::vector<std::string> last_lines;
  std::vector<std::string> complaints;  // what should have come true and did not
  std::int64_t generation = 0;          // of the plan that the site follows at the end
};

FleetReport run_fleet(std::uint64_t seed, ChannelKind channels = ChannelKind::Simulated);

}  // namespace farholm::sim_tests
