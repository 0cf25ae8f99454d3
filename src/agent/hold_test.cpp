#include "agent/hold.h"

#include <gtest/gtest.h>

#include "agent/test_site.h"

namespace farholm::agent {
namespace {

using std::chrono::hours;

constexpr const char* kPath = "/state/hold";
const io::WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

class HoldTest : public testing::Test {
 protected:
  void by_hand(std::string_view text) { ASSERT_TRUE(io::write_file_atomically(files_, kPath, text)); }

  test::Disk disk_;
  io::Files& files_ = disk_.files;
};

TEST_F(HoldTest, IsReadAsItWasWritten) {
  const Hold hold{.until = kNow + hours(4), .reason = "stocktaking"};
  ASSERT_TRUE(write_hold(files_, kPath, hold));
  EXPECT_EQ(read_hold(files_, kPath, kNow), hold);
  ASSERT_TRUE(write_hold(files_, kPath, {}));
  EXPECT_EQ(read_hold(files_, kPath, kNow), Hold());
}

TEST_F(HoldTest, EndsByItselfAndWhenItIsTakenAway) {
  EXPECT_EQ(read_hold(files_, kPath, kNow), std::nullopt);
  ASSERT_TRUE(write_hold(files_, kPath, {.until = kNow + hours(4), .reason = ""}));
  EXPECT_TRUE(read_hold(files_, kPath, kNow + hours(4) - std::chrono::seconds(1)));
  EXPECT_FALSE(read_hold(files_, kPath, kNow + hours(4)));
  ASSERT_TRUE(write_hold(files_, kPath, {}));
  ASSERT_TRUE(remove_hold(files_, kPath));
  ASSERT_TRUE(remove_hold(files_, kPath)) << "twice";
  EXPECT_FALSE(read_hold(files_, kPath, kNow));
}

TEST_F(HoldTest, CanBeMadeByHand) {
  by_hand("");
  EXPECT_EQ(read_hold(files_, kPath, kNow), Hold());
  by_hand("stocktaking\n");
  EXPECT_EQ(read_hold(files_, kPath, kNow), (Hold{.until = {}, .reason = "stocktaking"}));
  by_hand("until 2026-03-01T20:00:00Z");
  EXPECT_EQ(read_hold(files_, kPath, kNow), (Hold{.until = kNow + hours(20), .reason = ""}));
}

TEST_F(HoldTest, WhatIsNotUnderstoodHolds) {
  by_hand("until tomorrow\nplease");
  EXPECT_EQ(read_hold(files_, kPath, kNow), (Hold{.until = {}, .reason = "until tomorrow please"}));
  by_hand(std::string("\x1b[2Jred\0x", 9));
  EXPECT_EQ(read_hold(files_, kPath, kNow)->reason, " [2Jred x");
  by_hand(std::string(3000, 'x'));
  EXPECT_EQ(read_hold(files_, kPath, kNow)->reason.size(), kHoldReasonBytesMax);
  by_hand("x" + std::string(3000, '\xc3'));
  EXPECT_LE(read_hold(files_, kPath, kNow)->reason.size(), kHoldReasonBytesMax) << "no text at all";
  std::string umlauts = "x";
  for (int i = 0; i < 200; ++i) umlauts += "ü";
  by_hand(umlauts);
  EXPECT_EQ(read_hold(files_, kPath, kNow)->reason.size(), kHoldReasonBytesMax - 1) << "no half character";
  by_hand(std::string(5000, 'x'));
  EXPECT_TRUE(read_hold(files_, kPath, kNow)) << "too large to be read";
}

TEST_F(HoldTest, AReasonIsOneLine) {
  EXPECT_EQ(write_hold(files_, kPath, {.until = {}, .reason = "a\nb"}).error().code, ErrorCode::Invalid);
  EXPECT_EQ(write_hold(files_, kPath, {.until = {}, .reason = std::string(201, 'x')}).error().code,
            ErrorCode::Invalid);
}

}  // namespace
}  // namespace farholm::agent
