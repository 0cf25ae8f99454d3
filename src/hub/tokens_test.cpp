#include "hub/tokens.h"

#include <gtest/gtest.h>

#include "hub/conditions.h"

namespace farholm::hub {
namespace {

const io::WallTime kNow{std::chrono::seconds(1'800'000'000)};

json::Value token(json::Value spec, int used = 0) {
  return {{"metadata", {{"name", "stores"}, {"generation", 1}}},
          {"spec", std::move(spec)},
          {"status", {{"usedHosts", used}}}};
}

TEST(Token, LetsAsManyHostsInAsItSays) {
  auto two = token({{"maxHosts", 2}});
  EXPECT_TRUE(judge_token(two, "m1", kNow));
  count_token_use(two, kNow);
  EXPECT_TRUE(judge_token(two, "m2", kNow));
  count_token_use(two, kNow);
  const auto third = judge_token(two, "m3", kNow);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::Forbidden);
  EXPECT_EQ(condition_status(two, "Ready"), "False");
}

TEST(Token, EndsAtItsTime) {
  const auto until = [](io::WallTime time) { return token({{"expires", io::to_rfc3339(time)}}); };
  EXPECT_TRUE(judge_token(until(kNow + std::chrono::seconds(1)), "m", kNow));
  EXPECT_FALSE(judge_token(until(kNow), "m", kNow));
}

TEST(Token, IsRefusedOnceRevoked) {
  EXPECT_FALSE(judge_token(token({{"revoked", true}}), "m", kNow));
}

TEST(Token, MayBeForCertainMachinesOnly) {
  const auto bound = token({{"machineIDs", {"m1"}}});
  EXPECT_TRUE(judge_token(bound, "m1", kNow));
  EXPECT_FALSE(judge_token(bound, "m2", kNow));
}

}  // namespace
}  // namespace farholm::hub
