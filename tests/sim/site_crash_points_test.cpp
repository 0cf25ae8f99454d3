// A site goes forward, back and forward again, with the power cut at every single operation on its disk.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "site_crash_run.h"

namespace farholm::sim_tests {
namespace {

TEST(SiteCrashPoints, AnUndisturbedRunGoesBackTwiceAndEndsWell) {
  const auto report = run_site_crash({});
  EXPECT_EQ(report.complaints, std::vector<std::string>());
  EXPECT_EQ(report.rollbacks, 2U);
  EXPECT_GT(report.boundaries, 50U) << "the work is too little to be cut often";
}

class SitePowerCuts : public testing::TestWithParam<io::sim::Survival> {};

INSTANTIATE_TEST_SUITE_P(Survivals, SitePowerCuts,
                         testing::Values(io::sim::Survival::Nothing, io::sim::Survival::Everything,
                                         io::sim::Survival::Each, io::sim::Survival::TornLast));

TEST_P(SitePowerCuts, TheSiteComesToWhatItShouldBe) {
  const auto boundaries = run_site_crash({}).boundaries;
  // Each boundary once, with the ways to lose what was not durable in turn.
  for (auto boundary = static_cast<std::uint64_t>(GetParam()) + 1; boundary <= boundaries; boundary += 4) {
    SCOPED_TRACE(fmt::format("replay with boundary {}, survival {}", boundary, static_cast<int>(GetParam())));
    const auto report = run_site_crash({.boundary = boundary, .survival = GetParam()});
    ASSERT_EQ(report.complaints, std::vector<std::string>());
    ASSERT_EQ(report.boundaries, boundary) << "the power did not go where it should";
  }
  RecordProperty("crash_points", static_cast<int>(boundaries));
}

}  // namespace
}  // namespace farholm::sim_tests
