#include "link/site_event.h"

#include <gtest/gtest.h>

namespace farholm::link {
namespace {

const EventBatch kBatch{.journal = "a-name",
                        .events = {{.sequence = 3,
                                    .time = "2026-01-02T03:04:05Z",
                                    .warning = true,
                                    .reason = "LayerUnhealthy",
                                    .layer = "till",
                                    .message = "Deployment till: no pod is ready",
                                    .count = 2},
                                   {.sequence = 9,
                                    .time = "2026-01-02T03:05:05Z",
                                    .warning = false,
                                    .reason = "PlanHealthy",
                                    .layer = "",
                                    .message = "",
                                    .count = 1}}};

TEST(SiteEvent, ComesBackFromWhatIsSent) {
  EXPECT_EQ(parse_event_batch(to_json(kBatch)).value(), kBatch);
}

TEST(SiteEvent, AMessageIsCutBetweenCharacters) {
  auto value = to_json(kBatch.events[0]);
  value["message"] = std::string(kEventMessageBytesMax - 1, 'x') + "ä";
  EXPECT_EQ(parse_site_event(value)->message, std::string(kEventMessageBytesMax - 1, 'x'));
}

TEST(SiteEvent, WhatIsNoneIsRefused) {
  const auto refuses = [](std::string_view member, json::Value wrong) {
    auto body = to_json(kBatch);
    body["events"][1][member] = std::move(wrong);
    const auto parsed = parse_event_batch(body);
    EXPECT_FALSE(parsed) << body.dump();
    EXPECT_EQ(parsed.error().code, ErrorCode::Invalid) << parsed.error().to_string();
  };
  refuses("sequence", nullptr);
  refuses("sequence", 0);
  refuses("sequence", 3);  // as the one before
  refuses("sequence", std::int64_t{1} << 60);
  refuses("count", 0);
  refuses("count", std::int64_t{1} << 40);
  refuses("time", 7);
  refuses("time", std::string(100, '9'));
  refuses("reason", "");
  refuses("reason", "Two words");
  refuses("reason", std::string(100, 'R'));
  refuses("layer", "no/layer");
  refuses("layer", std::string(100, 'l'));
}

TEST(SiteEvent, ABatchIsNeitherEmptyNorEndless) {
  auto body = to_json(kBatch);
  body["events"] = json::Value::array();
  EXPECT_FALSE(parse_event_batch(body));
  auto event = kBatch.events[0];
  for (std::size_t i = 0; i <= kEventsPerFrameMax; ++i) {
    ++event.sequence;
    body["events"].push_back(to_json(event));
  }
  EXPECT_FALSE(parse_event_batch(body));
  body["events"].erase(0);
  EXPECT_TRUE(parse_event_batch(body));
  body["journal"] = std::string(100, 'j');
  EXPECT_FALSE(parse_event_batch(body));
  body["journal"] = "";
  EXPECT_FALSE(parse_event_batch(body));
}

}  // namespace
}  // namespace farholm::link
