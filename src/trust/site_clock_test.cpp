#include "trust/site_clock.h"

#include <gtest/gtest.h>

#include "crypto/test_entropy.h"
#include "trust/root.h"
#include "trust/time_statement.h"
#include "trust/timestamp.h"

namespace farholm::trust {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr auto kYear = hours(24 * 365);
const io::WallTime kNow = *parse_timestamp("2027-06-01T12:00:00Z");

// A machine, its clock off by some time.
class WrongClock final : public io::Clock {
 public:
  io::WallTime now() const override { return kNow + passed + off; }
  io::MonotonicTime monotonic() const override { return io::MonotonicTime(passed); }
  io::Duration passed{};
  io::Duration off{};
};

class SiteClockTest : public testing::Test {
 protected:
  io::WallTime truth() const { return kNow + local_.passed; }
  WrongClock local_;
};

TEST_F(SiteClockTest, AClockThatCanBeRightIsBelievedAlsoAfterYearsAlone) {
  const SiteClock clock(local_, kNow - 3 * kYear);
  EXPECT_EQ(clock.now(), kNow);
  EXPECT_TRUE(clock.is_known());
  EXPECT_EQ(clock.trouble(), "");
  local_.passed += hours(5);
  EXPECT_EQ(clock.now(), truth());
}

TEST_F(SiteClockTest, BeforeTheFirstTimeNothingIsKnownButThatNoReleaseIsOlder) {
  local_.off = -50 * kYear;
  const SiteClock clock(local_, {});
  EXPECT_EQ(clock.now(), kNeverBefore);
  EXPECT_FALSE(clock.is_known());
  EXPECT_NE(clock.trouble(), "");
  local_.passed += hours(1);
  EXPECT_EQ(clock.now(), kNeverBefore + hours(1)) << "time goes on";
  local_.off = {};
  EXPECT_EQ(clock.now(), truth()) << "somebody has set it";
  EXPECT_TRUE(clock.is_known());
}

TEST_F(SiteClockTest, AClockBelowTheFloorOrDecadesAheadIsNotBelieved) {
  const SiteClock clock(local_, kNow - hours(24));
  for (const io::Duration off : {-57 * kYear, -kYear, -hours(25), 11 * kYear, 170 * kYear}) {
    local_.off = off;
    EXPECT_EQ(clock.now(), kNow - hours(24));
    EXPECT_FALSE(clock.is_known());
  }
}

TEST_F(SiteClockTest, WhatTheHubSaysIsBelievedWhereTheMachineDiffers) {
  local_.off = 3 * kYear;
  SiteClock clock(local_, kNow - hours(24));
  EXPECT_EQ(clock.now(), kNow + 3 * kYear) << "it may have been alone for so long";
  ASSERT_TRUE(clock.hear(kNow));
  EXPECT_EQ(clock.now(), kNow);
  EXPECT_TRUE(clock.is_known());
  EXPECT_NE(clock.trouble(), "");
  local_.passed += hours(7);
  EXPECT_EQ(clock.now(), truth());
  local_.off = -20 * kYear;
  EXPECT_EQ(clock.now(), truth()) << "jumps change nothing";
  local_.off = minutes(2);
  EXPECT_EQ(clock.now(), truth() + minutes(2)) << "messages take their time: the machine is right";
  EXPECT_EQ(clock.trouble(), "");
}

TEST_F(SiteClockTest, TheSentenceStaysTheSameWhileTimeGoesOn) {
  for (const io::Duration off :
       std::initializer_list<io::Duration>{-52 * kYear, 3 * kYear, -hours(30), minutes(17)}) {
    local_.off = off;
    SiteClock clock(local_, kNow);
    ASSERT_TRUE(clock.hear(truth()));
    const auto said = clock.trouble();
    EXPECT_NE(said, "");
    for (int day = 0; day < 400; ++day) {
      local_.passed += hours(24);
      ASSERT_EQ(clock.trouble(), said);
    }
  }
  local_.off = {};
  EXPECT_NE(SiteClock(local_, truth() + kYear * 20).trouble().find("20 years behind"), std::string::npos);
}

TEST_F(SiteClockTest, ItMayGoBackWhenItWasWronglyAhead) {
  SiteClock clock(local_, kNow + 20 * kYear);  // a hub that was wrong itself
  EXPECT_FALSE(clock.is_known());
  ASSERT_TRUE(clock.hear(kNow));
  EXPECT_EQ(clock.now(), kNow);
  EXPECT_EQ(clock.floor(), kNow);
}

TEST_F(SiteClockTest, AHubWithADeadBatteryIsNotBelieved) {
  SiteClock clock(local_, kNow - hours(24));
  EXPECT_FALSE(clock.hear(io::WallTime()));
  EXPECT_FALSE(clock.hear(kNeverAfter + hours(1)));
  EXPECT_EQ(clock.now(), kNow);
  EXPECT_EQ(clock.floor(), kNow - hours(24));
}

TEST(TimeStatement, IsOfThePlanRoleForWhoAsked) {
  crypto::TestEntropy entropy;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
  RootSpec spec{.version = 1, .expires = kNow + kYear, .roles = {}};
  for (auto& role : spec.roles) role.keys = {other.public_key()};
  spec.role(RoleName::Plan).keys = {key.public_key()};
  const auto root = Root::parse(*make_root(spec, {other})).value();
  const std::string nonce = "00112233445566778899aabbccddeeff";
  ASSERT_TRUE(is_time_nonce(nonce));
  EXPECT_EQ(verify_time(root, nonce, sign_time(kNow, nonce, key)).value(), kNow);
  EXPECT_FALSE(verify_time(root, nonce, sign_time(kNow, nonce, other)));
  EXPECT_FALSE(verify_time(root, "ff" + nonce.substr(2), sign_time(kNow, nonce, key))) << "a repetition";
  EXPECT_FALSE(verify_time(root, nonce, "{}"));
  for (const auto* wrong :
       {"", "0011", "00112233445566778899AABBCCDDEEFF", "0011223344556677\"899aabbccddeeff"})
    EXPECT_FALSE(is_time_nonce(wrong)) << wrong;
}

}  // namespace
}  // namespace farholm::trust
