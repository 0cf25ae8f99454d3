// How many refusals are told.
#include "hub/refusal_budget.h"

#include <gtest/gtest.h>

namespace farholm::hub {
namespace {

constexpr io::MonotonicTime kStart{std::chrono::hours(1)};

std::int64_t told_of(RefusalBudget& budget, int refusals, io::MonotonicTime now) {
  std::int64_t told = 0;
  for (int i = 0; i < refusals; ++i) told += budget.take(now) ? 1 : 0;
  return told;
}

TEST(RefusalBudgetTest, AFewAtOnceAreAllToldAndAFloodIsNot) {
  RefusalBudget budget;
  EXPECT_EQ(told_of(budget, 1000, kStart), kRefusalEventsAtOnce);
  EXPECT_EQ(told_of(budget, 1000, kStart), 0);
}

TEST(RefusalBudgetTest, AfterAFloodOneIsToldInEachInterval) {
  RefusalBudget budget;
  (void)told_of(budget, 1000, kStart);
  EXPECT_EQ(told_of(budget, 1000, kStart + kRefusalEventInterval), 1);
  EXPECT_EQ(told_of(budget, 1000, kStart + 4 * kRefusalEventInterval), 3);
}

TEST(RefusalBudgetTest, ALongPauseDoesNotSaveUpMoreThanAFew) {
  RefusalBudget budget;
  (void)told_of(budget, 1000, kStart);
  EXPECT_EQ(told_of(budget, 1000, kStart + std::chrono::hours(24)), kRefusalEventsAtOnce);
}

}  // namespace
}  // namespace farholm::hub
