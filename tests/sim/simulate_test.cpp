// The simulated fleet itself: it replays to the byte, and it sees what it says that it sees.
#include <gtest/gtest.h>

#include <numeric>

#include "sim/fleet.h"
#include "sim/ledger.h"

namespace farholm::sim {
namespace {

TEST(Simulate, TheSameSeedGivesTheSameHistoryAndAnotherAnother) {
  const FleetOptions options{.seed = 3, .sites = 2, .days = 1};
  const auto first = simulate(options);
  ASSERT_EQ(first.broken, std::nullopt);
  EXPECT_GT(std::accumulate(first.faults.begin(), first.faults.end(), std::uint64_t{0}), 1U);
  const auto second = simulate(options);
  EXPECT_EQ(second.history, first.history);
  EXPECT_EQ(second.events, first.events);
  EXPECT_NE(simulate({.seed = 4, .sites = 2, .days = 1}).history, first.history);
}

TEST(Ledger, KeepsTheFirstThatWasBrokenAndWhatWentBefore) {
  io::sim::SimTime time;
  io::sim::History history;
  Ledger ledger(time, history);
  time.advance_to(io::MonotonicTime(std::chrono::hours(25)));
  ledger.injected(Fault::Loss, "store-1");
  ledger.check(Invariant::GateIsHeeded, true, [] { return "never asked"; });
  ledger.check(Invariant::GateIsHeeded, false, [] { return "till is interrupted"; });
  ledger.check(Invariant::LimitsHold, false, [] { return "too much"; });
  ledger.tell("later");
  EXPECT_EQ(ledger.checks(Invariant::GateIsHeeded), 2U);
  EXPECT_EQ(ledger.faults(Fault::Loss), 1U);
  ASSERT_TRUE(ledger.broken());
  EXPECT_NE(ledger.broken()->find("till is interrupted"), std::string::npos);
  ASSERT_EQ(ledger.story().size(), 2U);
  EXPECT_EQ(ledger.story()[0], "day   1 01:00:00  store-1: loss");
}

}  // namespace
}  // namespace farholm::sim
