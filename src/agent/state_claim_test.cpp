#include "agent/state_claim.h"

#include <gmock/gmock.h>

#include "agent/test_site.h"

namespace farholm::agent {
namespace {

using testing::HasSubstr;

class StateClaimTest : public testing::Test {
 protected:
  Result<void> real() { return check_state_claim(disk_.files, state_, /*simulated=*/false); }
  Result<void> simulated() { return check_state_claim(disk_.files, state_, /*simulated=*/true); }

  test::Disk disk_;
  StateFolder state_{test::kFolder};
};

TEST_F(StateClaimTest, AnEmptyFolderIsAnybodys) {
  EXPECT_TRUE(real());
  EXPECT_TRUE(simulated());
}

TEST_F(StateClaimTest, RootAndIdentityThatWereMadeBeforehandClaimNothing) {
  disk_.write(state_.root(), "{}");
  disk_.write(state_.identity(), "{}");
  EXPECT_TRUE(real());
  EXPECT_TRUE(simulated());
}

TEST_F(StateClaimTest, ARealAgentRefusesASimulatedOnesFolder) {
  disk_.write(state_.simulation(), "{}");
  EXPECT_TRUE(simulated());
  const auto refused = real();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().to_string(), HasSubstr("/state is a simulated agent's"));
}

TEST_F(StateClaimTest, ASimulatedAgentRefusesWhatARealOneHasBegun) {
  for (const auto& path : {state_.hub(), state_.plan(), state_.journal(), state_.cluster()}) {
    disk_.write(path, "{}");
    EXPECT_TRUE(real());
    const auto refused = simulated();
    ASSERT_FALSE(refused) << path;
    EXPECT_THAT(refused.error().to_string(), HasSubstr("/state is a real agent's"));
    ASSERT_TRUE(disk_.files.remove(path));
  }
}

TEST_F(StateClaimTest, ASimulatedAgentsOwnPlanAndJournalDoNotMakeItsFolderAReal) {
  disk_.write(state_.simulation(), "{}");
  disk_.write(state_.plan(), "{}");
  disk_.write(state_.journal(), "{}");
  EXPECT_TRUE(simulated());
  EXPECT_FALSE(real());
}

}  // namespace
}  // namespace farholm::agent
