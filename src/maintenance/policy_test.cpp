#include "maintenance/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "object/timestamp.h"

namespace farholm::maintenance {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

io::WallTime at(std::string_view text) {
  const auto time = object::parse_rfc3339(text);
  EXPECT_TRUE(time) << text;
  return time.value_or(io::WallTime());
}

Policy policy(std::string_view yaml) {
  auto value = json::parse_yaml(yaml);
  EXPECT_TRUE(value);
  auto read = read_policy(*value);
  EXPECT_TRUE(read) << read.error().to_string();
  return read.value_or(Policy());
}

std::string refusal(std::string_view yaml) {
  const auto read = read_policy(*json::parse_yaml(yaml));
  return read ? "" : read.error().message;
}

// A shop: open on weekdays and Saturday, changed on Tuesday and Thursday after midnight.
Policy shop(const std::string& zone = "Europe/Berlin") {
  return policy("{timeZone: " + zone + R"(,
    updateWindows: [{days: [Tue, Thu], startTime: "02:00", endTime: "05:00"}],
    downloadWindows: [{startTime: "22:00", endTime: "06:00"}],
    protectedHours: [{days: [Mon, Tue, Wed, Thu, Fri], startTime: "07:00", endTime: "20:00"},
                     {days: [Sat], startTime: "08:00", endTime: "16:00"}]})");
}

TEST(Policy, WithoutWindowsEverythingMayHappenAtAnyTime) {
  const auto free = forecast(policy("{timeZone: UTC}"), at("2026-11-23T12:00:00Z"));
  ASSERT_TRUE(free);
  EXPECT_EQ(free->now, Standing());
  EXPECT_EQ(free->changes_at, std::nullopt);
}

TEST(Policy, IsOfTheSitesOwnWall) {
  // 01:30 in London is 02:30 in Berlin, on a Tuesday.
  const auto time = at("2026-11-24T01:30:00Z");
  EXPECT_TRUE(forecast(shop(), time)->now.may_update);
  EXPECT_FALSE(forecast(shop("Europe/London"), time)->now.may_update);
  EXPECT_EQ(forecast(shop(), time)->changes_at, at("2026-11-24T04:00:00Z"));
  EXPECT_EQ(forecast(shop("Europe/London"), time)->changes_at, at("2026-11-24T02:00:00Z"));
}

TEST(Policy, AClockThatIsOutOfAllReasonStandsStill) {
  for (const char* time : {"1700-01-01T00:00:00Z", "2261-01-01T00:00:00Z"}) {
    const auto answer = forecast(shop(), at(time));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->changes_at, std::nullopt) << "nobody waits for a moment that has passed";
  }
}

TEST(Policy, AWindowOverMidnightBelongsToTheDayOnWhichItBegins) {
  const auto night =
      policy(R"({timeZone: UTC, updateWindows: [{days: [Sat], startTime: "22:00", endTime: "04:00"}]})");
  EXPECT_FALSE(forecast(night, at("2026-11-28T03:59:00Z"))->now.may_update) << "Saturday, before";
  EXPECT_TRUE(forecast(night, at("2026-11-28T22:00:00Z"))->now.may_update);
  EXPECT_TRUE(forecast(night, at("2026-11-29T03:59:59Z"))->now.may_update) << "Sunday";
  EXPECT_FALSE(forecast(night, at("2026-11-29T04:00:00Z"))->now.may_update);
  EXPECT_EQ(forecast(night, at("2026-11-29T04:00:00Z"))->changes_at, at("2026-12-05T22:00:00Z"));
}

TEST(Policy, ADayThatIsWholeHasNoSeams) {
  const auto closed = policy(R"({timeZone: UTC, protectedHours: [{startTime: "00:00", endTime: "24:00"}]})");
  const auto always = forecast(closed, at("2026-11-23T00:00:00Z"));
  EXPECT_TRUE(always->now.is_protected);
  EXPECT_EQ(always->changes_at, std::nullopt);
  const auto week = policy(
      R"({timeZone: UTC, protectedHours: [{days: [Mon, Tue], startTime: "00:00", endTime: "00:00"}]})");
  EXPECT_EQ(forecast(week, at("2026-11-23T00:00:00Z"))->changes_at, at("2026-11-25T00:00:00Z"));
}

TEST(Policy, AnHourThatTheClockLeavesOutIsLeftOut) {
  // On 2026-03-29 the clock in Berlin goes from 02:00 to 03:00, which is 01:00 in UTC.
  const auto gap =
      policy(R"({timeZone: Europe/Berlin, updateWindows: [{startTime: "01:00", endTime: "02:30"}]})");
  EXPECT_TRUE(forecast(gap, at("2026-03-29T00:59:59Z"))->now.may_update);
  EXPECT_EQ(forecast(gap, at("2026-03-29T00:59:59Z"))->changes_at, at("2026-03-29T01:00:00Z"));
  EXPECT_FALSE(forecast(gap, at("2026-03-29T01:00:00Z"))->now.may_update) << "the wall shows 03:00";
  const auto inside =
      policy(R"({timeZone: Europe/Berlin, updateWindows: [{startTime: "02:15", endTime: "02:45"}]})");
  EXPECT_EQ(forecast(inside, at("2026-03-29T00:00:00Z"))->changes_at, at("2026-03-30T00:15:00Z"));
}

TEST(Policy, AnHourThatTheClockRepeatsCountsTwice) {
  // On 2026-10-25 the clock in Berlin goes from 03:00 back to 02:00, which is 01:00 in UTC.
  const auto twice =
      policy(R"({timeZone: Europe/Berlin, updateWindows: [{startTime: "01:00", endTime: "02:30"}]})");
  EXPECT_EQ(forecast(twice, at("2026-10-24T23:00:00Z"))->changes_at, at("2026-10-25T00:30:00Z"));
  EXPECT_EQ(forecast(twice, at("2026-10-25T00:30:00Z"))->changes_at, at("2026-10-25T01:00:00Z"));
  EXPECT_TRUE(forecast(twice, at("2026-10-25T01:00:00Z"))->now.may_update);
  EXPECT_EQ(forecast(twice, at("2026-10-25T01:00:00Z"))->changes_at, at("2026-10-25T01:30:00Z"));
}

// Through the year, against the same question asked in another way.
TEST(Policy, EachForecastOfAYearComesTrue) {
  for (const char* zone : {"Europe/Berlin", "Australia/Lord_Howe"}) {
    const auto rules = shop(zone);
    std::optional<Forecast> last;
    for (auto time = at("2026-01-01T00:00:00Z"); time < at("2027-01-01T00:00:00Z"); time += minutes(45)) {
      const auto now = forecast(rules, time);
      ASSERT_TRUE(now);
      ASSERT_TRUE(now->changes_at);
      if (last) {
        ASSERT_EQ(last->now == now->now, time < *last->changes_at) << zone << " " << io::to_rfc3339(time);
      }
      last = *now;
    }
  }
}

TEST(Policy, IsReadBackAsItWasWritten) {
  const auto rules = shop();
  const auto again = read_policy(to_json(rules));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, rules);
}

TEST(Policy, WhatIsNoPolicyIsNamed) {
  EXPECT_THAT(refusal("{}"), HasSubstr("timeZone"));
  EXPECT_THAT(refusal(R"({timeZone: UTC, updateWindows: [{startTime: "2:00", endTime: "05:00"}]})"),
              HasSubstr("updateWindows[0]: startTime"));
  EXPECT_THAT(refusal(R"({timeZone: UTC, updateWindows: [{startTime: "24:00", endTime: "05:00"}]})"),
              HasSubstr("startTime"));
  EXPECT_THAT(refusal(R"({timeZone: UTC, updateWindows: [{startTime: "02:60", endTime: "05:00"}]})"),
              HasSubstr("startTime"));
  EXPECT_THAT(refusal(R"({timeZone: UTC, protectedHours: [{startTime: "02:00"}]})"),
              HasSubstr("protectedHours[0]: endTime"));
  EXPECT_THAT(
      refusal(R"({timeZone: UTC, protectedHours: [{days: [Monday], startTime: "02:00", endTime: "03:00"}]})"),
      HasSubstr("Mon, Tue"));
  EXPECT_THAT(refusal(R"({timeZone: UTC, downloadWindows: 7})"), HasSubstr("downloadWindows"));
}

TEST(Policy, ATimeZoneThatNobodyKnowsIsAnError) {
  EXPECT_TRUE(is_time_zone("Europe/Berlin"));
  EXPECT_FALSE(is_time_zone("Europe/Atlantis"));
  EXPECT_FALSE(is_time_zone("../../etc/passwd"));
  EXPECT_FALSE(is_time_zone(""));
  EXPECT_THAT(forecast(policy("{timeZone: Europe/Atlantis}"), at("2026-11-23T12:00:00Z")).error().message,
              HasSubstr("tzdata"));
}

TEST(Policy, AnyClockIsBorne) {
  for (const auto time : {io::WallTime::min(), io::WallTime::max(), io::WallTime()})
    EXPECT_TRUE(forecast(shop(), time));
}

TEST(Policy, TimesAreShownAsOnTheWall) {
  EXPECT_EQ(on_the_wall(shop(), at("2026-11-23T19:00:00Z")), "Mon 2026-11-23 20:00 CET");
  EXPECT_EQ(on_the_wall(policy("{timeZone: Europe/Atlantis}"), at("2026-11-23T19:00:00Z")),
            "Mon 2026-11-23 19:00 UTC");
}

}  // namespace
}  // namespace farholm::maintenance
