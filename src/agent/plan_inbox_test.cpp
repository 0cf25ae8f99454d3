// Which plans a site takes, and that the one it took is on the disk.
#include "agent/plan_inbox.h"

#include <gmock/gmock.h>

#include "agent/test_site.h"
#include "crypto/checked_file.h"
#include "trust/site_clock.h"

namespace farholm::agent {
namespace {

using test::Disk;
using testing::Contains;
using testing::HasSubstr;
using Kind = trust::PlanVerdict::Kind;

constexpr const char* kPath = "/state/plan.json";
constexpr const char* kGoodPath = "/state/plan.good.json";

class PlanInboxTest : public testing::Test {
 protected:
  PlanInbox open(Disk& disk) {
    PlanInbox inbox(disk.files, disk.time, keys_.root(), kPath, kGoodPath, Logger(log_, "plan"));
    EXPECT_TRUE(inbox.load());
    return inbox;
  }
  static std::string kept(Disk& disk) {
    return crypto::read_checked_file(disk.files, kPath, 1 << 20).value().value_or("");
  }
  std::string signed_plan(std::int64_t generation, char content = '1') {
    return test::sign(test::plan(generation, {test::layer("till", content)}), keys_.key());
  }
  // What becomes of it, and that a refusal changes neither the inbox nor the disk.
  Kind offer(PlanInbox& inbox, const std::string& envelope) {
    const auto before = disk_.read(kPath);
    const auto digest = inbox.accepted() ? inbox.accepted()->digest : "";
    const auto writes = disk_.files.boundaries();
    const auto acceptance = inbox.offer(envelope);
    EXPECT_TRUE(acceptance) << acceptance.error().to_string();
    if (acceptance->verdict.refused()) {
      EXPECT_EQ(disk_.read(kPath), before);
      EXPECT_EQ(inbox.accepted() ? inbox.accepted()->digest : "", digest);
      EXPECT_EQ(disk_.files.boundaries(), writes);
      EXPECT_FALSE(acceptance->plan);
      EXPECT_NE(acceptance->verdict.message, "");
    }
    return acceptance->verdict.kind;
  }

  io::sim::SimEntropy entropy_{7};
  test::Keys keys_{entropy_};
  test::CollectingSink log_;
  Disk disk_;
};

TEST_F(PlanInboxTest, TheLastGoodPlanIsKeptBesideTheAcceptedOne) {
  PlanInbox inbox = open(disk_);
  EXPECT_FALSE(inbox.good());
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::Accept);
  ASSERT_TRUE(inbox.keep_as_good());
  EXPECT_EQ(offer(inbox, signed_plan(2, '2')), Kind::Accept);
  PlanInbox again = open(disk_);
  ASSERT_TRUE(again.good() && again.accepted());
  EXPECT_EQ(again.good()->plan.generation, 1);
  EXPECT_EQ(again.accepted()->plan.generation, 2);

  disk_.write(kPath, "garbage");
  PlanInbox robbed = open(disk_);
  EXPECT_FALSE(robbed.accepted());
  EXPECT_EQ(offer(robbed, signed_plan(1)), Kind::Accept) << "to be kept again";
}

TEST_F(PlanInboxTest, TheFirstPlanIsAcceptedAndKept) {
  PlanInbox inbox = open(disk_);
  EXPECT_FALSE(inbox.accepted());
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::Accept);
  EXPECT_EQ(kept(disk_), signed_plan(1));
  PlanInbox again = open(disk_);
  ASSERT_TRUE(again.accepted());
  EXPECT_EQ(again.accepted()->plan, test::plan(1, {test::layer("till", '1')}));
  EXPECT_EQ(again.accepted()->digest, inbox.accepted()->digest);
}

TEST_F(PlanInboxTest, ANewerPlanTakesThePlaceOfTheOlder) {
  PlanInbox inbox = open(disk_);
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::Accept);
  EXPECT_EQ(offer(inbox, signed_plan(3)), Kind::Accept);
  EXPECT_EQ(inbox.accepted()->plan.generation, 3);
  EXPECT_EQ(disk_.count(), 1U);
}

TEST_F(PlanInboxTest, TheSamePlanAgainIsKnownAndWritesNothing) {
  PlanInbox inbox = open(disk_);
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::Accept);
  const auto writes = disk_.files.boundaries();
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::AlreadyAccepted);
  EXPECT_EQ(disk_.files.boundaries(), writes);
}

TEST_F(PlanInboxTest, AnOlderPlanIsRefusedAlsoAfterARestart) {
  PlanInbox first = open(disk_);
  EXPECT_EQ(offer(first, signed_plan(2)), Kind::Accept);
  PlanInbox inbox = open(disk_);
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::Older);
}

TEST_F(PlanInboxTest, ThePlanOfAnotherSiteIsRefused) {
  PlanInbox inbox = open(disk_);
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::Accept);
  auto other = test::plan(2, {test::layer("till", '1')});
  other.site_uid = "uid-2";
  EXPECT_EQ(offer(inbox, test::sign(other, keys_.key())), Kind::OtherSite);
}

TEST_F(PlanInboxTest, TwoPlansWithOneNumberAreEquivocation) {
  PlanInbox inbox = open(disk_);
  EXPECT_EQ(offer(inbox, signed_plan(2, '1')), Kind::Accept);
  EXPECT_EQ(offer(inbox, signed_plan(2, '2')), Kind::Equivocation);
}

TEST_F(PlanInboxTest, AnExpiredPlanIsRefused) {
  PlanInbox inbox = open(disk_);
  auto expired = test::plan(1, {test::layer("till", '1')});
  expired.expires = "2025-12-31T23:59:59Z";
  EXPECT_EQ(offer(inbox, test::sign(expired, keys_.key())), Kind::Expired);
  EXPECT_EQ(disk_.count(), 0U);
}

TEST_F(PlanInboxTest, WhereTheFileIsLostWhatIsRememberedStillCounts) {
  PlanInbox inbox = open(disk_);
  EXPECT_EQ(offer(inbox, signed_plan(5)), Kind::Accept);
  const auto number = number_of(*inbox.accepted());
  ASSERT_TRUE(disk_.files.remove(kPath));
  PlanInbox robbed = open(disk_);
  robbed.remember(number);
  EXPECT_EQ(offer(robbed, signed_plan(4)), Kind::Older);
  EXPECT_EQ(offer(robbed, signed_plan(5, '2')), Kind::Equivocation);
  auto elsewhere = test::plan(9, {test::layer("till", '1')});
  elsewhere.site_uid = "another";
  EXPECT_EQ(offer(robbed, test::sign(elsewhere, keys_.key())), Kind::OtherSite);
  EXPECT_FALSE(robbed.accepted());
  EXPECT_EQ(offer(robbed, signed_plan(5)), Kind::Accept) << "the same is kept again";
  EXPECT_TRUE(robbed.accepted());
}

TEST_F(PlanInboxTest, WhileTheTimeIsNotKnownAPlanThatExpiresIsRefusedAndAnAcceptedOneStays) {
  auto expiring = test::plan(1, {test::layer("till", '1')});
  expiring.expires = "2100-01-01T00:00:00Z";
  trust::SiteClock lost(disk_.time, io::sim::kBeginning + std::chrono::hours(24 * 365));
  PlanInbox inbox(disk_.files, lost, keys_.root(), kPath, kGoodPath, Logger(log_, "plan"));
  ASSERT_TRUE(inbox.load());
  EXPECT_EQ(offer(inbox, test::sign(expiring, keys_.key())), Kind::Expired);
  ASSERT_TRUE(lost.hear(disk_.time.now()));
  EXPECT_EQ(offer(inbox, test::sign(expiring, keys_.key())), Kind::Accept);
  trust::SiteClock lost_again(disk_.time, io::sim::kBeginning + std::chrono::hours(24 * 365));
  PlanInbox later(disk_.files, lost_again, keys_.root(), kPath, kGoodPath, Logger(log_, "plan"));
  ASSERT_TRUE(later.load());
  EXPECT_TRUE(later.accepted());
  EXPECT_EQ(offer(later, test::sign(expiring, keys_.key())), Kind::AlreadyAccepted);
  EXPECT_EQ(offer(later, signed_plan(2)), Kind::Accept) << "one that never expires";
}

TEST_F(PlanInboxTest, AWrongSignatureIsForbiddenAndLeavesNothing) {
  PlanInbox inbox = open(disk_);
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy_);
  const auto outcome = inbox.offer(test::sign(test::plan(1, {test::layer("till", '1')}), stranger));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Forbidden);
  EXPECT_FALSE(inbox.accepted());
  EXPECT_EQ(disk_.count(), 0U);
}

TEST_F(PlanInboxTest, BytesThatAreNoPlanAreAnErrorAndLeaveNothing) {
  PlanInbox inbox = open(disk_);
  for (const std::string text : {"", "{}", "not json", "{\"payload\":\"!\"}"})
    EXPECT_FALSE(inbox.offer(text));
  // Signed, but contradicts itself: a node on a host that the plan does not have.
  auto wrong = test::plan(1, {test::layer("till", '1')});
  wrong.nodes.front().host = "nobody";
  EXPECT_FALSE(inbox.offer(test::sign(wrong, keys_.key())));
  EXPECT_FALSE(inbox.accepted());
  EXPECT_EQ(disk_.count(), 0U);
}

TEST_F(PlanInboxTest, ACorruptFileIsSetAsideAndThePlanCanBeSentAgain) {
  disk_.write(kPath, "half of a pl");
  PlanInbox inbox = open(disk_);
  EXPECT_FALSE(inbox.accepted());
  EXPECT_EQ(disk_.read("/state/plan.json.corrupt"), "half of a pl");
  EXPECT_THAT(log_.lines, Contains(HasSubstr("plan.json.corrupt")));
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::Accept);
  EXPECT_EQ(open(disk_).accepted()->plan.generation, 1);
}

TEST_F(PlanInboxTest, WhenTheDiskFailsThePlanIsNotFollowed) {
  PlanInbox inbox = open(disk_);
  disk_.files.fail_at(disk_.files.boundaries() + 1);
  EXPECT_FALSE(inbox.offer(signed_plan(1)));
  EXPECT_FALSE(inbox.accepted());
  EXPECT_EQ(offer(inbox, signed_plan(1)), Kind::Accept);
}

TEST_F(PlanInboxTest, APowerCutAnywhereLeavesTheOldOrTheNewPlanWhole) {
  const auto old_plan = signed_plan(1);
  const auto new_plan = signed_plan(2, '2');
  for (const auto survival : test::kSurvivals) {
    bool went_through = false;
    for (std::uint64_t step = 1; !went_through; ++step) {
      ASSERT_LT(step, 100U);
      Disk disk;
      PlanInbox inbox = open(disk);
      ASSERT_TRUE(inbox.offer(old_plan));
      disk.files.cut_power_at(disk.files.boundaries() + step);
      const bool accepted = inbox.offer(new_plan).has_value();
      went_through = disk.files.powered();
      if (went_through) disk.files.cut_power();
      disk.files.cut_power_at(std::nullopt);
      disk.files.restart(survival);
      const auto found = kept(disk);
      EXPECT_TRUE(found == old_plan || found == new_plan) << "boundary " << step;
      if (accepted) EXPECT_EQ(found, new_plan) << "boundary " << step;
      ASSERT_TRUE(open(disk).accepted()) << "boundary " << step;
    }
  }
}

}  // namespace
}  // namespace farholm::agent
