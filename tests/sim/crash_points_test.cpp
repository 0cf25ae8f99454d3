// The seam to the world carries: coroutines, SQLite and a secure channel, all of it replayed from a seed,
// through a thousand power cuts, with nothing that was acknowledged lost.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "crash_run.h"

namespace farholm::sim_tests {
namespace {

constexpr std::uint64_t kCrashPoints = 1000;
constexpr std::uint64_t kSeed = 20261122;

TEST(CrashPoints, AnUndisturbedRunPassesAThousandBoundaries) {
  for (std::uint64_t seed = kSeed; seed < kSeed + 2; ++seed) {
    const auto report = run_crash({.seed = seed, .boundary = 0});
    EXPECT_TRUE(report.complaints.empty());
    EXPECT_GT(report.boundaries, kCrashPoints)
        << "the work is too little to be cut that often; seed " << seed;
    EXPECT_EQ(report.history, run_crash({.seed = seed, .boundary = 0}).history);
  }
}

TEST(CrashPoints, OtherSeedsHaveOtherHistories) {
  EXPECT_NE(run_crash({.seed = 1, .boundary = 0}).history, run_crash({.seed = 2, .boundary = 0}).history);
}

// One test for each way to lose what was not durable, so that they can run side by side.
class PowerCuts : public testing::TestWithParam<io::sim::Survival> {};

INSTANTIATE_TEST_SUITE_P(Survivals, PowerCuts,
                         testing::Values(io::sim::Survival::Nothing, io::sim::Survival::Everything,
                                         io::sim::Survival::Each, io::sim::Survival::TornLast));

TEST_P(PowerCuts, NothingAcknowledgedIsLostAndEachReplaysExactly) {
  std::uint64_t acknowledged = 0;
  for (auto boundary = static_cast<std::uint64_t>(GetParam()) + 1; boundary <= kCrashPoints; boundary += 4) {
    const CrashPlan plan{.seed = kSeed + boundary % 7, .boundary = boundary, .survival = GetParam()};
    SCOPED_TRACE(fmt::format("replay with seed {}, boundary {}, survival {}", plan.seed, plan.boundary,
                             static_cast<int>(plan.survival)));
    const CrashReport first = run_crash(plan);
    ASSERT_EQ(first.complaints, std::vector<std::string>());
    ASSERT_EQ(first.boundaries, boundary) << "the power did not go where it should";
    ASSERT_EQ(run_crash(plan).history, first.history) << "two runs with one seed differ";
    acknowledged += first.acknowledged;
  }
  EXPECT_GT(acknowledged, kCrashPoints) << "hardly anything was written: the simulation proves nothing";
}

}  // namespace
}  // namespace farholm::sim_tests
