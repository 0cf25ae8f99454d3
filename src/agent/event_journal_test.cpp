// What is kept of what happened: through restarts, a hub that is away, full and spoilt disks, and power cuts.
#include "agent/event_journal.h"

#include <gmock/gmock.h>

#include <set>

#include "agent/test_site.h"

namespace farholm::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPath = "/state/events";

class EventJournalTest : public testing::Test {
 protected:
  EventJournalTest() : machine_(sim_.add_machine("edge")), files_(machine_.files()) {
    EXPECT_TRUE(files_.make_directories("/state"));
    EXPECT_TRUE(files_.sync_directory("/"));
  }
  std::unique_ptr<EventJournal> open() {
    auto journal = std::make_unique<EventJournal>(machine_.world(), kPath, Logger(log_, "events"));
    journal->load();
    return journal;
  }
  static std::vector<std::string> messages(const std::vector<link::SiteEvent>& events) {
    std::vector<std::string> all;
    for (const auto& event : events) all.push_back(event.message);
    return all;
  }
  void pass(io::Duration time) {
    sim_.loop().run([](io::Loop& loop, io::Duration pause) -> io::Task<void> { co_await loop.sleep(pause); }(
                                                               sim_.loop(), time));
  }

  io::sim::SimWorld sim_{1};
  io::sim::SimMachine& machine_;
  io::sim::SimFiles& files_;
  test::CollectingSink log_;
};

TEST_F(EventJournalTest, WithoutEventsNothingIsWritten) {
  const auto before = files_.boundaries();
  const auto journal = open();
  EXPECT_THAT(journal->events(), IsEmpty());
  EXPECT_THAT(journal->undelivered().events, IsEmpty());
  EXPECT_EQ(files_.boundaries(), before);
}

TEST_F(EventJournalTest, WhatHappenedIsThereAfterAPowerCut) {
  auto journal = open();
  journal->record(false, "PlanAccepted", "", "(1, 2)");
  journal->record(true, "LayerUnhealthy", "till", "no pod\nis ready");
  const auto kept = journal->events();
  EXPECT_EQ(kept[1].message, "no pod is ready");
  const auto name = journal->undelivered().journal;
  for (const auto survival : test::kSurvivals) {
    machine_.cut_power();
    machine_.restart(survival);
    journal = open();
    EXPECT_EQ(journal->events(), kept);
    EXPECT_EQ(journal->undelivered(), (link::EventBatch{name, kept}));
  }
  journal->record(false, "LayerHealthy", "till", "");
  EXPECT_EQ(journal->events().back().sequence, 3);
}

TEST_F(EventJournalTest, AnEventCostsOneAppend) {
  const auto journal = open();
  journal->record(false, "A", "", "first");
  const auto before = files_.boundaries();
  const auto size = files_.status(kPath)->size_bytes;
  journal->record(false, "B", "", "second");
  EXPECT_EQ(files_.boundaries(), before + 2) << "a write and a flush";
  EXPECT_LT(files_.status(kPath)->size_bytes, size + 256);
}

TEST_F(EventJournalTest, WhatTheHubHasIsNotSentAgainButStaysForPeople) {
  auto journal = open();
  for (int i = 1; i <= 40; ++i) journal->record(false, "Event" + std::to_string(i), "", "");
  auto batch = journal->undelivered();
  ASSERT_EQ(batch.events.size(), link::kEventsPerFrameMax);
  EXPECT_EQ(batch.events.front().sequence, 1);
  journal->delivered("of another journal", 32);
  EXPECT_EQ(journal->undelivered(), batch);
  journal->delivered(batch.journal, 32);
  EXPECT_EQ(journal->undelivered().events.front().sequence, 33);
  EXPECT_EQ(journal->undelivered().events.size(), 8U);
  journal->delivered(batch.journal, 1000);
  EXPECT_THAT(journal->undelivered().events, IsEmpty());
  EXPECT_EQ(journal->events().size(), 40U);
  journal = open();
  EXPECT_THAT(journal->undelivered().events, IsEmpty());
  journal->record(false, "Event41", "", "");
  EXPECT_EQ(journal->undelivered().events.front().sequence, 41);
}

TEST_F(EventJournalTest, TheSameAgainIsCountedAndToldWithTheNext) {
  const auto journal = open();
  for (int i = 0; i < 5; ++i) journal->record(true, "LayerUnhealthy", "till", "no pod is ready");
  journal->record(true, "LayerUnhealthy", "sign", "no pod is ready");
  EXPECT_EQ(journal->events().size(), 2U);
  pass(kSameEventPause);
  journal->record(true, "LayerUnhealthy", "till", "no pod is ready");
  ASSERT_EQ(journal->events().size(), 3U);
  EXPECT_EQ(journal->events().back().count, 5);
  EXPECT_EQ(journal->events().back().sequence, 7) << "each has a number";
}

TEST_F(EventJournalTest, WhatComesAndGoesIsToldAFewTimesAndThenSeldom) {
  const auto journal = open();
  for (int second = 0; second < 3600; ++second) {
    journal->record(true, "LayerUnhealthy", "till", "no pod is ready");
    journal->record(false, "LayerHealthy", "till", "in place and healthy");
    pass(std::chrono::seconds(1));
  }
  EXPECT_EQ(journal->events()[1].reason, "LayerHealthy");
  EXPECT_GE(journal->events().size(), 2 * kToldAtOnce + 8U);
  EXPECT_LT(journal->events().size(), 100U);
}

TEST_F(EventJournalTest, TroubleThatLastsIsToldEverMoreSeldom) {
  const auto journal = open();
  for (int i = 0; i < 30 * 24 * 12; ++i) {
    journal->record(true, "ContentMissing", "", "no source has it");
    pass(std::chrono::minutes(5));
  }
  EXPECT_LT(journal->events().size(), 40U) << "in a month";
  EXPECT_GT(journal->events().size(), 30U);
  pass(kSameEventPause);
  journal->record(true, "ContentMissing", "", "no source has it");
  EXPECT_GT(journal->events().back().count, 1) << "after a pause it is news";
}

TEST_F(EventJournalTest, OfMoreThanThereIsRoomForTheRepeatedGoFirst) {
  auto journal = open();
  constexpr int kDays = 2 * static_cast<int>(kEventsMax);
  journal->record(false, "PlanHealthy", "", "(1, 7)");
  for (int i = 0; i < kDays; ++i) {
    journal->record(true, "LayerUnhealthy", "till", "day " + std::to_string(i));
    pass(std::chrono::hours(24));
    if (i == kDays / 2) journal->record(true, "HostTrouble", "", "the disk is full");
  }
  journal->record(false, "LayerHealthy", "till", "well");
  for (int again = 0; again < 2; ++again) {
    EXPECT_LE(journal->events().size(), kEventsMax);
    EXPECT_GT(journal->events().size(), kEventsMax * 8 / 10);
    std::int64_t sum = 0;
    for (const auto& event : journal->events()) sum += event.count;
    EXPECT_EQ(sum, kDays + 3) << "each happened once";
    EXPECT_THAT(messages(journal->events()),
                testing::IsSupersetOf({"(1, 7)", "day 0", "the disk is full", "day 1999", "well"}));
    EXPECT_LT(files_.status(kPath)->size_bytes, std::uint64_t{1} << 20);
    journal = open();
  }
}

TEST_F(EventJournalTest, WhatTheHubHasGoesBeforeAllElse) {
  const auto journal = open();
  for (std::size_t i = 0; i < 2 * kEventsMax; ++i) {
    journal->record(false, "Event" + std::to_string(i), "", "");
    if (i < kEventsMax) journal->delivered(journal->undelivered().journal, static_cast<std::int64_t>(i + 1));
  }
  EXPECT_LE(journal->events().size(), kEventsMax);
  EXPECT_GE(journal->events().front().sequence, static_cast<std::int64_t>(kEventsMax));
  for (const auto& event : journal->events()) EXPECT_EQ(event.count, 1);
}

TEST_F(EventJournalTest, AFullDiskIsSaidOnceAndNothingIsSentThatIsNotKept) {
  const auto journal = open();
  journal->record(false, "A", "", "");
  files_.set_capacity(files_.used_bytes());
  journal->record(false, "B", "", std::string(500, 'b'));
  journal->record(false, "C", "", std::string(500, 'c'));
  EXPECT_EQ(journal->undelivered().events.size(), 1U);
  EXPECT_EQ(log_.lines.size(), 1U);
  EXPECT_EQ(open()->events().size(), 1U);
  files_.set_capacity(1 << 20);
  journal->record(false, "D", "", "");
  EXPECT_EQ(journal->undelivered().events.size(), 4U);
  EXPECT_EQ(open()->events(), journal->events());
}

TEST_F(EventJournalTest, ASpoiltLineCostsItsEventOnly) {
  auto journal = open();
  journal->record(false, "A", "", "first");
  const auto at = files_.status(kPath)->size_bytes + 40;
  journal->record(false, "B", "", "second");
  journal->record(false, "C", "", "third");
  const auto name = journal->undelivered().journal;
  files_.flip_bits(kPath, at, 0x20);
  journal = open();
  EXPECT_THAT(messages(journal->events()), ElementsAre("first", "third"));
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("1 of 4 lines")));
  journal->record(false, "D", "", "fourth");
  EXPECT_GT(journal->events().back().sequence, 1000) << "no number may be used twice";
  log_.lines.clear();
  journal = open();
  EXPECT_THAT(messages(journal->events()), ElementsAre("first", "third", "fourth"));
  EXPECT_THAT(log_.lines, IsEmpty()) << "it was written anew";
  EXPECT_EQ(journal->undelivered().journal, name);
}

TEST_F(EventJournalTest, AFileOfSomethingElseBeginsAnew) {
  auto journal = open();
  journal->record(false, "A", "", "first");
  const auto name = journal->undelivered().journal;
  for (const auto* text : {"", "\n", "garbage", "\n\n\0\n{}\n"}) {
    ASSERT_TRUE(io::write_file_atomically(files_, kPath, text));
    journal = open();
    EXPECT_THAT(journal->events(), IsEmpty());
    EXPECT_NE(journal->undelivered().journal, name) << "else the hub would take the next for what it has";
    journal->record(false, "A", "", "again");
    EXPECT_EQ(open()->events().size(), 1U);
  }
}

// Whenever the power goes: what was recorded before is there, once, in order, and what the hub said it has
// is not sent under another number.
TEST_F(EventJournalTest, PowerCutsAtEveryWrite) {
  for (std::uint64_t boundary = 1;; ++boundary) {
    for (const auto survival : test::kSurvivals) {
      io::sim::SimWorld sim(boundary);
      auto& machine = sim.add_machine("edge");
      ASSERT_TRUE(machine.files().make_directories("/state"));
      ASSERT_TRUE(machine.files().sync_directory("/"));
      std::vector<std::string> sure;  // recorded while the power was on
      std::set<std::string> taken;    // by the hub: "sequence message"
      const auto begun = machine.files().boundaries();
      machine.files().cut_power_at(begun + boundary);
      const auto live = [&](int from, int to) {
        EventJournal journal(machine.world(), kPath, Logger(log_, "events"));
        journal.load();
        for (int i = from; i < to; ++i) {
          journal.record(false, "Event" + std::to_string(i), "", "");
          if (!machine.files().powered()) return;
          sure.push_back("Event" + std::to_string(i));
          if (i % 3 != 0) continue;
          const auto batch = journal.undelivered();
          for (const auto& event : batch.events)
            taken.insert(std::to_string(event.sequence) + " " + event.reason);
          journal.delivered(batch.journal, batch.events.back().sequence);
        }
      };
      live(0, 8);
      const bool was_cut = !machine.files().powered();
      if (!was_cut) machine.cut_power();
      machine.restart(survival);
      live(8, 16);
      EventJournal journal(machine.world(), kPath, Logger(log_, "events"));
      journal.load();
      for (const auto& event : journal.undelivered().events)
        taken.insert(std::to_string(event.sequence) + " " + event.reason);
      std::set<std::string> numbers;
      for (const auto& one : taken)
        EXPECT_TRUE(numbers.insert(one.substr(0, one.find(' '))).second) << "boundary " << boundary;
      std::set<std::string> seen;
      for (const auto& event : journal.events()) EXPECT_TRUE(seen.insert(event.reason).second);
      for (const auto& one : sure) EXPECT_TRUE(seen.contains(one)) << one << ", boundary " << boundary;
      if (!was_cut) return;
    }
  }
}

TEST_F(EventJournalTest, OfASimulatedSiteEachSaysSo) {
  EventJournal journal(machine_.world(), kPath, Logger(log_, "events"), /*simulated=*/true);
  journal.load();
  journal.record(false, "LayerHealthy", "till", "in place and healthy");
  EXPECT_EQ(journal.events().back().message, "simulated: in place and healthy");
}

TEST_F(EventJournalTest, PeopleReadThemInALineEach) {
  const auto journal = open();
  journal->record(true, "LayerUnhealthy", "till", "no pod is ready");
  EXPECT_THAT(events_as_text(journal->events()),
              HasSubstr("Warning  LayerUnhealthy      till: no pod is ready\n"));
}

}  // namespace
}  // namespace farholm::agent
