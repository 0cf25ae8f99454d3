#include "engine/memory.h"

#include <gtest/gtest.h>

#include "engine/test_input.h"

namespace farholm::engine {
namespace {

using std::chrono::seconds;
using test::at;

constexpr std::uint64_t kLuckiest = 0;

TEST(RetryPause, IsNeverShorterThanTheLeastNorLongerThanTheMost) {
  for (std::uint32_t failures = 1; failures < 100; ++failures)
    for (const std::uint64_t entropy : {std::uint64_t{0}, std::uint64_t{12345678901}, ~std::uint64_t{0}}) {
      const auto pause = retry_pause(failures, entropy);
      EXPECT_GE(pause, kRetryLeast);
      EXPECT_LE(pause, kRetryMost);
    }
}

TEST(RetryPause, TheFirstFailureIsRetriedWithinItsFirstPause) {
  for (std::uint64_t entropy = 1; entropy < 1'000'000'000'000; entropy *= 7)
    EXPECT_LE(retry_pause(1, entropy), kRetryFirst);
}

TEST(RetryPause, WithoutAFailureThereIsNone) {
  EXPECT_EQ(retry_pause(0, 42), io::Duration::zero());
}

TEST(Memory, ASuccessForgetsFailures) {
  Memory memory;
  record_failure(memory, "a", "1", "broken", at(seconds(5)), 3);
  record_failure(memory, "a", "1", "broken", at(seconds(9)), 3);
  EXPECT_EQ(memory.layers["a"].failures, 2U);
  record_applied(memory, "a", "1", /*was_repair=*/false, at(seconds(10)), 3);
  EXPECT_EQ(memory.layers["a"].failures, 0U);
  EXPECT_EQ(memory.layers["a"].message, "");
  EXPECT_EQ(memory.layers["a"].retry_at, at(seconds(10)));
}

TEST(Memory, RepairsThatFollowOneAnotherAreSpacedMoreAndMore) {
  Memory memory;
  record_applied(memory, "a", "1", /*was_repair=*/true, at(seconds(0)), kLuckiest);
  EXPECT_EQ(memory.layers["a"].repairs, 1U);
  record_applied(memory, "a", "1", /*was_repair=*/true, at(seconds(5)), kLuckiest);
  EXPECT_EQ(memory.layers["a"].repairs, 2U);
  record_applied(memory, "a", "1", /*was_repair=*/true, at(seconds(5)) + kRepairCalm, kLuckiest);
  EXPECT_EQ(memory.layers["a"].repairs, 1U);
}

TEST(Memory, AChangeThatDoesNotStayIsSpacedLikeARepair) {
  Memory memory;
  record_applied(memory, "a", "1", /*was_repair=*/false, at(seconds(0)), kLuckiest);
  EXPECT_EQ(memory.layers["a"].retry_at, at(seconds(0)));
  record_applied(memory, "a", "1", /*was_repair=*/false, at(seconds(1)), kLuckiest);
  EXPECT_GT(memory.layers["a"].retry_at, at(seconds(1)));
}

TEST(Memory, AFailingLayerIsTriedAgainWithinAMinuteAndContentWithinFive) {
  Memory memory;
  for (int failures = 0; failures < 30; ++failures) {
    record_failure(memory, "a", "1", "broken", at(seconds(0)), ~std::uint64_t{0} / 3 * 2);
    record_fetch_failure(memory, "no source", at(seconds(0)), 7);
    EXPECT_LE(memory.layers["a"].retry_at, at(seconds(60)));
    EXPECT_LE(memory.content.retry_at, at(seconds(300)));
  }
}

TEST(Memory, WhatALayerStandsOnComingBackMakesItsStepDueAndKeepsTheReason) {
  Memory memory;
  for (int failures = 0; failures < 9; ++failures)
    record_failure(memory, "a", "1", "no engine", at(seconds(5)), ~std::uint64_t{0});
  record_recovery(memory, "a", at(seconds(6)));
  EXPECT_EQ(memory.layers["a"].retry_at, at(seconds(6)));
  EXPECT_EQ(memory.layers["a"].message, "no engine") << "until it has been tried";
  record_applied(memory, "b", "1", /*was_repair=*/true, at(seconds(5)), ~std::uint64_t{0});
  const auto spaced = memory.layers["b"].retry_at;
  record_recovery(memory, "b", at(seconds(5)));
  EXPECT_EQ(memory.layers["b"].retry_at, spaced) << "repairs that fight somebody stay spaced";
}

TEST(Memory, ARemovedLayerIsForgotten) {
  Memory memory;
  record_failure(memory, "a", "", "broken", at(seconds(5)), 3);
  record_removed(memory, "a");
  EXPECT_TRUE(memory.layers.empty());
}

TEST(Memory, WhatIsPutRightAgainAndAgainIsContestedUntilItStaysRight) {
  Memory memory;
  auto now = at(seconds(0));
  for (std::uint32_t repair = 1; repair <= kContestedRepairs; ++repair) {
    EXPECT_FALSE(memory.layers.contains("a") && is_contested(memory.layers["a"], now));
    now += seconds(30);
    record_applied(memory, "a", "1", /*was_repair=*/true, now, kLuckiest, "it differs");
  }
  EXPECT_TRUE(is_contested(memory.layers["a"], now));
  EXPECT_EQ(memory.layers["a"].drift, "it differs");
  EXPECT_FALSE(is_contested(memory.layers["a"], now + kRepairCalm));
  record_applied(memory, "a", "2", /*was_repair=*/false, now, kLuckiest);
  EXPECT_FALSE(is_contested(memory.layers["a"], now)) << "another layer by now";
}

}  // namespace
}  // namespace farholm::engine
