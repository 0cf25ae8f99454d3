// How many events are told.
#include "hub/event_budget.h"

#include <gtest/gtest.h>

namespace farholm::hub {
namespace {

constexpr io::MonotonicTime kStart{std::chrono::hours(1)};
constexpr std::int64_t kAtOnce = 20;
constexpr io::Duration kInterval = std::chrono::seconds(1);

std::int64_t told_of(EventBudget& budget, int events, io::MonotonicTime now) {
  std::int64_t told = 0;
  for (int i = 0; i < events; ++i) told += budget.take(now) ? 1 : 0;
  return told;
}

TEST(EventBudgetTest, AFewAtOnceAreAllToldAndAFloodIsNot) {
  EventBudget budget(kAtOnce, kInterval);
  EXPECT_EQ(told_of(budget, 1000, kStart), kAtOnce);
  EXPECT_EQ(told_of(budget, 1000, kStart), 0);
  EXPECT_FALSE(budget.is_full(kStart));
}

TEST(EventBudgetTest, AfterAFloodOneIsToldInEachInterval) {
  EventBudget budget(kAtOnce, kInterval);
  (void)told_of(budget, 1000, kStart);
  EXPECT_EQ(told_of(budget, 1000, kStart + kInterval), 1);
  EXPECT_EQ(told_of(budget, 1000, kStart + 4 * kInterval), 3);
}

TEST(EventBudgetTest, ALongPauseDoesNotSaveUpMoreThanAFew) {
  EventBudget budget(kAtOnce, kInterval);
  (void)told_of(budget, 1000, kStart);
  EXPECT_TRUE(budget.is_full(kStart + std::chrono::hours(24)));
  EXPECT_EQ(told_of(budget, 1000, kStart + std::chrono::hours(24)), kAtOnce);
}

}  // namespace
}  // namespace farholm::hub
