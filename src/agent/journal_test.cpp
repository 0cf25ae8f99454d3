// What the journal keeps through reloads, corruption and power cuts, and when it writes.
#include "agent/journal.h"

#include <gmock/gmock.h>

#include "agent/test_site.h"

namespace farholm::agent {
namespace {

using test::Disk;
using testing::Contains;
using testing::HasSubstr;

constexpr const char* kPath = "/state/journal.json";

class JournalTest : public testing::Test {
 protected:
  Journal open(Disk& disk) {
    Journal journal(disk.files, kPath, Logger(log_, "journal"));
    EXPECT_TRUE(journal.load());
    return journal;
  }

  test::CollectingSink log_;
  Disk disk_;
};

TEST_F(JournalTest, WithoutAFileItIsEmptyAndWritesNothing) {
  const auto before = disk_.files.boundaries();
  EXPECT_EQ(open(disk_).state(), JournalState{});
  EXPECT_EQ(disk_.files.boundaries(), before);
}

TEST_F(JournalTest, WhatWasNotedSurvivesAReload) {
  Journal journal = open(disk_);
  ASSERT_TRUE(journal.note_applying("network", "manifests"));
  ASSERT_TRUE(journal.note_applied("network", "manifests", "sha256:1"));
  ASSERT_TRUE(journal.note_applying("till", "manifests"));
  ASSERT_TRUE(journal.note_applied("gone", "manifests", "sha256:2"));
  ASSERT_TRUE(journal.note_removed("gone"));
  const engine::Trial trial{.plan = "sha256:plan",
                            .excused = {"sign"},
                            .proven = {"network"},
                            .stalled = std::chrono::seconds(59),
                            .mends = true};
  const engine::GivenUp given_up{
      .plan = "sha256:bad", .name = "(1, 4)", .layer = "till", .message = "it crashes", .hold = true};
  ASSERT_TRUE(journal.note_standing(trial, given_up));
  const AcceptedNumber accepted{
      .site_uid = "uid-1", .epoch = 1, .generation = 7, .digest = "sha256:" + std::string(64, '7')};
  ASSERT_TRUE(journal.note_accepted(accepted));
  JournalState expected{.applied = {{"network", "manifests", "sha256:1"}, {"till", "manifests", ""}},
                        .trial = trial,
                        .given_up = given_up,
                        .accepted = accepted};
  expected.trial->stalled = std::chrono::seconds(30);
  EXPECT_EQ(journal.state(), expected);
  EXPECT_EQ(open(disk_).state(), expected);
}

TEST_F(JournalTest, ANoteThatChangesNothingWritesNothing) {
  Journal journal = open(disk_);
  ASSERT_TRUE(journal.note_applied("till", "manifests", "sha256:1"));
  ASSERT_TRUE(journal.note_standing(engine::Trial{.plan = "sha256:plan"}, std::nullopt));
  const auto before = disk_.files.boundaries();
  ASSERT_TRUE(journal.note_applying("till", "manifests"));
  ASSERT_TRUE(journal.note_applied("till", "manifests", "sha256:1"));
  ASSERT_TRUE(journal.note_removed("never-there"));
  ASSERT_TRUE(journal.note_standing(
      engine::Trial{.plan = "sha256:plan", .excused = {}, .proven = {}, .stalled = std::chrono::seconds(29)},
      std::nullopt));
  EXPECT_EQ(disk_.files.boundaries(), before);
}

TEST_F(JournalTest, ALayerThatChangesItsTypeIsNotedAsBegunAgain) {
  Journal journal = open(disk_);
  ASSERT_TRUE(journal.note_applied("till", "manifests", "sha256:1"));
  ASSERT_TRUE(journal.note_applying("till", "vm"));
  EXPECT_THAT(open(disk_).state().applied, testing::ElementsAre(engine::AppliedLayer{"till", "vm", ""}));
}

TEST_F(JournalTest, AFileThatCannotBeUnderstoodIsSetAside) {
  for (const std::string text : {"", "{", "[]", "{\"format\":1}", "{\"format\":2,\"applied\":[]}",
                                 "{\"format\":1,\"applied\":[{}]}"}) {
    disk_.write(kPath, text);
    log_.lines.clear();
    Journal journal(disk_.files, kPath, Logger(log_, "journal"));
    const engine::AppliedLayer presumed{"till", "manifests", ""};
    ASSERT_TRUE(journal.load({presumed}));
    EXPECT_EQ(journal.state(), (JournalState{.applied = {presumed}, .incomplete = true})) << text;
    EXPECT_EQ(disk_.read("/state/journal.json.corrupt"), text);
    EXPECT_THAT(log_.lines, Contains(HasSubstr("journal.json.corrupt"))) << text;
    EXPECT_EQ(open(disk_).state(), journal.state()) << "the next agent knows as much";
  }
}

TEST_F(JournalTest, ABitThatTheDiskTurnedIsSeen) {
  ASSERT_TRUE(open(disk_).note_applied("till", "manifests", "sha256:1"));
  disk_.files.flip_bits(kPath, disk_.read(kPath).find("manifests"), 1);
  EXPECT_TRUE(open(disk_).state().incomplete);
}

TEST_F(JournalTest, WhatTheDriversFoundCompletesIt) {
  disk_.write(kPath, "{");
  Journal journal(disk_.files, kPath, Logger(log_, "journal"));
  ASSERT_TRUE(journal.load({{"till", "manifests", ""}}));
  ASSERT_TRUE(journal.note_applied("till", "manifests", "sha256:1"));
  ASSERT_TRUE(journal.note_found({{"till", "manifests", ""}, {"extra", "manifests", ""}}));
  const JournalState expected{.applied = {{"till", "manifests", "sha256:1"}, {"extra", "manifests", ""}}};
  EXPECT_EQ(journal.state(), expected);
  EXPECT_EQ(open(disk_).state(), expected);
}

TEST_F(JournalTest, AFailedWriteIsTheCallersErrorAndIsNotBelieved) {
  Journal journal = open(disk_);
  ASSERT_TRUE(journal.note_applied("till", "manifests", "sha256:1"));
  const auto before = journal.state();
  disk_.files.fail_at(disk_.files.boundaries() + 1);
  EXPECT_FALSE(journal.note_applied("till", "manifests", "sha256:2"));
  EXPECT_EQ(journal.state(), before);
  ASSERT_TRUE(journal.note_applied("till", "manifests", "sha256:2"));
  EXPECT_EQ(open(disk_).state(), journal.state());
}

TEST_F(JournalTest, APowerCutAnywhereLeavesTheOldOrTheNewStateWhole) {
  const engine::Trial trial{.plan = "sha256:p"};
  const JournalState old_state{
      .applied = {{"till", "manifests", "sha256:1"}}, .trial = trial, .given_up = {}};
  const JournalState new_state{
      .applied = {{"till", "manifests", "sha256:2"}}, .trial = trial, .given_up = {}};
  for (const auto survival : test::kSurvivals) {
    bool went_through = false;
    for (std::uint64_t step = 1; !went_through; ++step) {
      ASSERT_LT(step, 100U);
      Disk disk;
      Journal journal = open(disk);
      ASSERT_TRUE(journal.note_applied("till", "manifests", "sha256:1"));
      ASSERT_TRUE(journal.note_standing(trial, std::nullopt));
      disk.files.cut_power_at(disk.files.boundaries() + step);
      const bool told_durable = journal.note_applied("till", "manifests", "sha256:2").has_value();
      went_through = disk.files.powered();
      if (went_through) disk.files.cut_power();
      disk.files.cut_power_at(std::nullopt);
      disk.files.restart(survival);
      const auto found = open(disk).state();
      EXPECT_TRUE(found == old_state || found == new_state) << "boundary " << step;
      if (told_durable) EXPECT_EQ(found, new_state) << "boundary " << step;
      EXPECT_FALSE(disk.exists("/state/journal.json.corrupt")) << "boundary " << step;
    }
  }
}

}  // namespace
}  // namespace farholm::agent
