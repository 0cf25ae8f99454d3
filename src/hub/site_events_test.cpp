// How what a host tells becomes Events. With a real agent: agent/uplink/uplink_test.cpp.
#include "hub/site_events.h"

#include <gtest/gtest.h>

#include "hub/resources.h"
#include "io/sim/sim_world.h"
#include "object/timestamp.h"
#include "store/memory_store.h"

namespace farholm::hub {
namespace {

class SiteEventsTest : public testing::Test {
 protected:
  SiteEventsTest() {
    const auto key = key_of(kHosts, "retail", "edge-1");
    const json::Value host{{"apiVersion", "farholm.dev/v1alpha1"},
                           {"kind", "EdgeHost"},
                           {"metadata", {{"name", "edge-1"}, {"namespace", "retail"}, {"uid", "uid-1"}}}};
    EXPECT_TRUE(loop().run(store::create(*store_, key, host)));
    directory_.update(key);
  }
  io::Loop& loop() { return world_.loop(); }
  static link::SiteEvent event(std::int64_t sequence, std::string time = "2026-01-01T00:00:00Z") {
    return {.sequence = sequence,
            .time = std::move(time),
            .warning = false,
            .reason = "LayerApplied",
            .layer = {},
            .message = "event " + std::to_string(sequence),
            .count = 1};
  }
  Result<std::int64_t> take(std::vector<link::SiteEvent> told, std::string uid = "uid-1") {
    return loop().run(events_.take(std::move(uid), {.journal = "j", .events = std::move(told)}));
  }
  std::vector<store::EntryRef> kept() const { return store_->list("/events", {})->entries; }
  void pass(io::Duration time) {
    loop().run(
        [](io::Loop& on, io::Duration pause) -> io::Task<void> { co_await on.sleep(pause); }(loop(), time));
  }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_ = world_.add_machine("hub");
  std::unique_ptr<store::Store> store_ = store::make_memory_store(world_.loop());
  Directory directory_{*store_};
  apiserver::EventRecorder recorder_{*store_, machine_.clock(), machine_.entropy(), "farholm-hub"};
  SiteEvents events_{{machine_.clock(), *store_, directory_, recorder_}};
};

TEST_F(SiteEventsTest, OfAHostWithoutASiteTheyAreAboutTheHost) {
  EXPECT_EQ(take({event(1), event(2)}), 2);
  ASSERT_EQ(kept().size(), 2U);
  const auto& one = kept().front()->value;
  EXPECT_EQ(one["involvedObject"]["kind"], "EdgeHost");
  EXPECT_FALSE(one["involvedObject"].contains("fieldPath"));
  EXPECT_EQ(one["lastTimestamp"], "2026-01-01T00:00:00Z");
}

TEST_F(SiteEventsTest, ToldTwiceTheyAreThereOnce) {
  EXPECT_EQ(take({event(1), event(2)}), 2);
  const auto revision = store_->revision();
  EXPECT_EQ(take({event(1), event(2)}), 2);
  EXPECT_EQ(store_->revision(), revision);
}

TEST_F(SiteEventsTest, AlsoWhenTheEventsHaveExpired) {
  EXPECT_EQ(take({event(1), event(2)}), 2);
  for (const auto& one : kept()) EXPECT_TRUE(loop().run(store::remove(*store_, one->key)));
  EXPECT_EQ(take({event(2), event(3)}), 3);
  ASSERT_EQ(kept().size(), 1U);
  EXPECT_EQ(kept().front()->value["message"], "event 3");
  EXPECT_EQ(take({event(1)}), 3) << "so much the hub has";
}

TEST_F(SiteEventsTest, AJournalThatBeganAnewBeginsAnewHereToo) {
  EXPECT_EQ(take({event(1), event(2)}), 2);
  EXPECT_EQ(loop().run(events_.take("uid-1", {.journal = "k", .events = {event(1)}})), 1);
  EXPECT_EQ(kept().size(), 3U);
}

TEST_F(SiteEventsTest, ATimeThatIsYetToComeOrIsNoneIsNow) {
  const auto now = io::to_rfc3339(machine_.clock().now());
  EXPECT_EQ(take({event(1, "2099-01-01T00:00:00Z"), event(2, "yesterday")}), 2);
  for (const auto& one : kept()) EXPECT_EQ(one->value["lastTimestamp"], now);
}

TEST_F(SiteEventsTest, AHostThatIsNotThereTellsNothing) {
  EXPECT_FALSE(take({event(1)}, "uid-2"));
  EXPECT_TRUE(kept().empty());
}

TEST_F(SiteEventsTest, AFloodIsTakenAsFastAsTheStoreCanBear) {
  std::int64_t sequence = 0;
  const auto flood = [&](int events) {
    std::int64_t through = 0;
    std::vector<link::SiteEvent> told;
    for (int i = 1; i <= events; ++i) told.push_back(event(sequence + i));
    through = take(std::move(told)).value();
    if (through > 0) sequence = through;
    return through;
  };
  EXPECT_EQ(flood(10'000), kSiteEventsAtOnce) << "the first, in order";
  EXPECT_EQ(flood(10'000), kSiteEventsAtOnce) << "and no more";
  pass(3 * kSiteEventInterval);
  EXPECT_EQ(flood(10'000), kSiteEventsAtOnce + 3);
  EXPECT_EQ(kept().size(), static_cast<std::size_t>(kSiteEventsAtOnce) + 3);
}

}  // namespace
}  // namespace farholm::hub
