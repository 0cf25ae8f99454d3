// A hub and an agent in one simulated world: two runs with one seed are alike to the byte.
#include <gtest/gtest.h>

#include "fleet_run.h"

namespace farholm::sim_tests {
namespace {

TEST(FleetHistory, AHubAndAnAgentThatPairAndFollowAPlanReplayToTheByte) {
  for (const std::uint64_t seed : {1, 2}) {
    const auto first = run_fleet(seed);
    ASSERT_EQ(first.complaints, std::vector<std::string>()) << "seed " << seed;
    EXPECT_EQ(first.generation, 2);
    EXPECT_GT(first.lines, 600U) << "hardly anything happened: the comparison proves nothing";
    const auto second = run_fleet(seed);
    EXPECT_EQ(second.last_lines, first.last_lines) << "seed " << seed;
    EXPECT_EQ(second.lines, first.lines);
    EXPECT_EQ(second.history, first.history) << "two runs with seed " << seed << " differ";
  }
}

TEST(FleetHistory, OtherSeedsHaveOtherHistories) {
  EXPECT_NE(run_fleet(1).history, run_fleet(2).history);
}

TEST(FleetHistory, TheSameHubAndAgentGoTheSameWayOverTls) {
  const auto run = run_fleet(1, ChannelKind::Tls);
  EXPECT_EQ(run.complaints, std::vector<std::string>());
  EXPECT_EQ(run.generation, 2);
}

}  // namespace
}  // namespace farholm::sim_tests
