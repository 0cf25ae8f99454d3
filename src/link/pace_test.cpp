#include "link/pace.h"

#include <gtest/gtest.h>

namespace farholm::link {
namespace {

using namespace std::chrono_literals;

TEST(Pace, LetsABurstThroughAndThenOnlyItsRate) {
  Pace pace(/*burst=*/10, /*per_second=*/2);
  io::MonotonicTime now{};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pace.take(1, now), 0s) << i;
  EXPECT_EQ(pace.take(1, now), 500ms);
  EXPECT_EQ(pace.take(1, now), 1000ms);
  now += 1000ms;
  EXPECT_EQ(pace.take(1, now), 500ms);
}

TEST(Pace, SavesNoMoreThanABurst) {
  Pace pace(/*burst=*/10, /*per_second=*/2);
  const io::MonotonicTime now{24h};
  EXPECT_EQ(pace.take(10, now), 0s);
  EXPECT_EQ(pace.take(2, now), 1s);
}

TEST(Pace, WhatCostsMoreIsPaidForLonger) {
  Pace pace(/*burst=*/10, /*per_second=*/2);
  EXPECT_EQ(pace.take(30, io::MonotonicTime{}), 10s);
}

}  // namespace
}  // namespace farholm::link
