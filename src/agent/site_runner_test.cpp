// The loop that keeps a site as its plan says: a driver in memory, content that is there when the test says
// so, a simulated disk and simulated time.
#include <gmock/gmock.h>

#include "agent/test_runner.h"

namespace farholm::agent {
namespace {

using driver::Health;
using std::chrono::minutes;
using test::layer;
using test::plan;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using SiteRunnerTest = test::RunnerTest;

TEST_F(SiteRunnerTest, WithoutAPlanItWaitsAndSaysSo) {
  pass(std::chrono::hours(1));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_FALSE(ready());
  EXPECT_EQ(runner_->status().plan, "");
  EXPECT_EQ(files().boundaries(), 2U);  // of making the folder
}

TEST_F(SiteRunnerTest, LayersAreAppliedInOrderEachWhenTheOneBeforeIsHealthy) {
  driver_.set_time_to_healthy(std::chrono::seconds(30));
  follow(plan(1, {layer("network", '1'), layer("storage", '2'), layer("till", '3')}));
  pass(std::chrono::seconds(10));
  EXPECT_THAT(done(), ElementsAre("apply network"));
  EXPECT_EQ(status_of("storage").message, "waits for layer network to be healthy");
  driver_.set_time_to_healthy(io::Duration::zero());
  pass(std::chrono::minutes(3));
  EXPECT_THAT(done(), ElementsAre("apply storage", "apply till"));
  EXPECT_TRUE(ready());
  EXPECT_EQ(good_->digest, test::digest('1'));
  EXPECT_EQ(runner_->activity(), "");
}

TEST_F(SiteRunnerTest, ALayerThatDriftedIsRepairedAndNoOther) {
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(std::chrono::minutes(1));
  done();
  driver_.drift("network", "ConfigMap prices is gone");
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply network"));
  driver_.lose("till");
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_TRUE(ready());
}

TEST_F(SiteRunnerTest, WhatHappensIsWrittenDownAndAQuietSiteWritesNothing) {
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(minutes(1));
  EXPECT_THAT(told(), ElementsAre("LayerApplied network", "LayerHealthy network", "LayerApplied till",
                                  "LayerHealthy till", "PlanHealthy"));
  driver_.lose("till");
  pass(minutes(1));
  EXPECT_THAT(told(), ElementsAre("LayerUnhealthy till", "LayerRepaired till", "LayerHealthy till"));
  const auto before = files().boundaries() + history_.files().boundaries();
  pass(std::chrono::hours(24));
  EXPECT_EQ(files().boundaries() + history_.files().boundaries(), before);
  start();
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(minutes(1));
  EXPECT_THAT(told(), IsEmpty()) << "that all is as it was is no news";
  follow(plan(2, {layer("network", '1')}));
  pass(minutes(1));
  EXPECT_THAT(told(), ElementsAre("PlanStarted", "PlanHealthy", "LayerRemoved till"));
}

// Another controller that wants it otherwise: it is put right ever more seldom, and people are told.
TEST_F(SiteRunnerTest, AFightOverALayerIsToldAndDoesNotRunHot) {
  follow(plan(1, {layer("till", '1')}));
  pass(minutes(1));
  done();
  told();
  std::size_t repairs = 0;
  driver_.drift("till", "ConfigMap prices differs");
  for (int second = 0; second < 3600; ++second) {
    pass(std::chrono::seconds(1));
    const auto now = done().size();
    repairs += now;
    if (now > 0) driver_.drift("till", "ConfigMap prices differs");
  }
  EXPECT_GT(repairs, 10U);
  EXPECT_LT(repairs, 120U) << "in an hour";
  EXPECT_THAT(condition("Contested").message, HasSubstr("layer till"));
  EXPECT_THAT(condition("Contested").message, HasSubstr("ConfigMap prices differs"));
  EXPECT_THAT(told(), testing::Contains("Contested").Times(1));
  pass(minutes(30));
  EXPECT_EQ(condition("Contested").status, "") << "whoever it was has stopped";
  EXPECT_TRUE(ready());
}

TEST_F(SiteRunnerTest, TroubleWithTheHostIsWrittenDownOnceAndThatItIsOver) {
  runner_->set_trouble("registry", "port 5000 is taken");
  runner_->set_trouble("registry", "port 5000 is taken");
  runner_->set_trouble("registry", "");
  EXPECT_THAT(told(), ElementsAre("HostTrouble", "HostTroubleOver"));
}

TEST_F(SiteRunnerTest, WhatADriverTellsIsLookedAtAtOnce) {
  follow(plan(1, {layer("till", '1')}));
  pass(kLookAgain / 2);
  ASSERT_TRUE(ready());
  done();
  driver_.lose("till");
  pass(2 * kBurst);
  EXPECT_THAT(done(), ElementsAre("apply till"));
}

TEST_F(SiteRunnerTest, WhatNoDriverTellsIsFoundByLookingAgain) {
  driver_.set_time_to_healthy(std::chrono::seconds(10));  // of which the driver says nothing
  follow(plan(1, {layer("till", '1')}));
  pass(std::chrono::seconds(9));
  EXPECT_FALSE(ready());
  EXPECT_EQ(status_of("till").state, engine::LayerState::Progressing);
  pass(kLookAgain);
  EXPECT_TRUE(ready());
  EXPECT_THAT(done(), ElementsAre("apply till"));
}

TEST_F(SiteRunnerTest, ALayerThatOnlyReportsIsNotRepaired) {
  auto till = layer("till", '1');
  till.policy.enforcement = profile::Enforcement::Report;
  follow(plan(1, {till}));
  pass(std::chrono::minutes(1));
  done();
  driver_.drift("till", "ConfigMap prices differs");
  pass(std::chrono::minutes(10));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_EQ(status_of("till").state, engine::LayerState::Drifted);
  EXPECT_EQ(status_of("till").message, "ConfigMap prices differs");
}

TEST_F(SiteRunnerTest, ANewPlanTouchesOnlyTheLayersThatDiffer) {
  follow(plan(1, {layer("network", '1'), layer("till", '2'), layer("sign", '3')}));
  pass(std::chrono::minutes(1));
  done();
  follow(plan(2, {layer("network", '1'), layer("till", '9'), layer("sign", '3')}));
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_EQ(driver_.spec_of("till")->at("blob"), test::digest('9'));
  EXPECT_TRUE(ready());
  EXPECT_EQ(good_->digest, test::digest('2'));
}

TEST_F(SiteRunnerTest, ANewPlanCutsTheStepOfTheOneBeforeOff) {
  driver_.set_duration(std::chrono::minutes(30));
  follow(plan(1, {layer("till", '1')}));
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_THAT(runner_->activity(), HasSubstr("till"));
  driver_.set_duration(std::chrono::seconds(1));
  follow(plan(2, {layer("till", '2')}));
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_EQ(driver_.spec_of("till")->at("blob"), test::digest('2'));
  pass(std::chrono::hours(1));  // what was cut off does not come back
  EXPECT_EQ(driver_.spec_of("till")->at("blob"), test::digest('2'));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_TRUE(ready());
}

TEST_F(SiteRunnerTest, LayersThatLeftThePlanAreRemovedLastAndInReverse) {
  follow(plan(1, {layer("a", '1'), layer("b", '2'), layer("c", '3')}));
  pass(std::chrono::minutes(1));
  done();
  follow(plan(2, {layer("a", '1'), layer("d", '4')}));
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply d", "remove c", "remove b"));
  EXPECT_TRUE(ready());
  ASSERT_EQ(journal_->state().applied.size(), 2U);
  EXPECT_EQ(journal_->state().applied[1].name, "d");
}

TEST_F(SiteRunnerTest, WhatLeftIsKeptWhileItsSuccessorIsNotHealthy) {
  follow(plan(1, {layer("old", '1')}));
  pass(std::chrono::minutes(1));
  done();
  driver_.set_health("new", Health::Failed, "it crashes");
  follow(plan(2, {layer("new", '2')}));
  pass(std::chrono::minutes(5));
  EXPECT_THAT(done(), ElementsAre("apply new"));
  EXPECT_TRUE(driver_.applied().contains("old"));
  driver_.set_health("new", Health::Healthy);
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("remove old"));
}

TEST_F(SiteRunnerTest, AStepThatFailedIsToldAndTriedAgainUntilItSucceeds) {
  driver_.fail_next("till", Error{.code = ErrorCode::ServiceUnavailable, .message = "the disk is full"}, 3);
  follow(plan(1, {layer("till", '1')}));
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(status_of("till").state, engine::LayerState::Failed);
  EXPECT_EQ(status_of("till").message, "the disk is full");
  pass(std::chrono::minutes(5));
  EXPECT_EQ(done().size(), 4U);
  EXPECT_TRUE(ready());
  EXPECT_EQ(status_of("till").message, "");
}

TEST_F(SiteRunnerTest, ALayerThatAlwaysFailsIsNotTriedAllTheTimeAndStopsNoOther) {
  driver_.fail_next("ill", Error{.code = ErrorCode::Invalid, .message = "wrong"}, 10'000);
  auto well = layer("well", '2');
  well.depends_on.emplace();
  follow(plan(1, {layer("ill", '1'), well}));
  pass(std::chrono::hours(1));
  const auto calls = done();
  EXPECT_EQ(std::ranges::count(calls, "apply well"), 1);
  EXPECT_LT(calls.size(), 120U);
  EXPECT_FALSE(ready());
}

TEST_F(SiteRunnerTest, ARemovalThatFailedIsTriedAgain) {
  follow(plan(1, {layer("a", '1'), layer("b", '2')}));
  pass(std::chrono::minutes(1));
  done();
  driver_.fail_next("b", Error{.code = ErrorCode::Timeout, .message = "it hangs"});
  follow(plan(2, {layer("a", '1')}));
  pass(std::chrono::minutes(5));
  EXPECT_THAT(done(), ElementsAre("remove b", "remove b"));
  EXPECT_FALSE(driver_.applied().contains("b"));
}

TEST_F(SiteRunnerTest, ContentIsFetchedBeforeALayerIsTouched) {
  layers_.absent = {test::digest('2')};
  layers_.failures = 2;
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(std::chrono::milliseconds(1500));
  EXPECT_THAT(done(), ElementsAre("apply network"));
  EXPECT_EQ(status_of("till").state, engine::LayerState::Fetching);
  EXPECT_THAT(status_of("till").message, HasSubstr("no source answers"));
  pass(std::chrono::minutes(5));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_EQ(layers_.fetches, 3);
  EXPECT_TRUE(ready());
}

TEST_F(SiteRunnerTest, ALayerOfATypeThatThisAgentDoesNotKnowIsToldAndNeverTouched) {
  follow(plan(1, {layer("vm", '1', "vm")}));
  pass(std::chrono::minutes(10));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_FALSE(ready());
  EXPECT_THAT(runner_->status().conditions.front().message, HasSubstr("vm"));
}

TEST_F(SiteRunnerTest, AnIdleSiteWritesNothing) {
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(std::chrono::minutes(1));
  ASSERT_TRUE(ready());
  done();
  const auto writes = files().boundaries();
  pass(std::chrono::hours(24));
  driver_.changed().set();
  pass(std::chrono::minutes(1));
  EXPECT_EQ(files().boundaries(), writes);
  EXPECT_THAT(done(), IsEmpty());
}

TEST_F(SiteRunnerTest, ARepairWritesNothingToTheJournal) {
  follow(plan(1, {layer("till", '1')}));
  pass(std::chrono::minutes(1));
  const auto writes = files().boundaries();
  driver_.drift("till", "it differs");
  pass(std::chrono::minutes(1));
  EXPECT_TRUE(ready());
  EXPECT_EQ(files().boundaries(), writes);
}

TEST_F(SiteRunnerTest, ANewAgentTouchesNothingOfWhatIsRight) {
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(std::chrono::minutes(1));
  done();
  const auto writes = files().boundaries();
  start();
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(std::chrono::minutes(10));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_TRUE(ready());
  EXPECT_EQ(files().boundaries(), writes);
}

TEST_F(SiteRunnerTest, ALayerThatAPowerCutInterruptedIsFinishedByTheNextAgent) {
  driver_.set_duration(std::chrono::seconds(10));
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(std::chrono::seconds(15));
  EXPECT_THAT(done(), ElementsAre("apply network", "apply till"));
  machine_.cut_power();
  scope_.reset();
  machine_.restart(io::sim::Survival::Nothing);
  start();
  follow(plan(1, {layer("network", '1'), layer("till", '2')}));
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_TRUE(ready());
}

TEST_F(SiteRunnerTest, WhatAPowerCutLeftHalfDoneIsRemovedWhenTheNextPlanDoesNotWantIt) {
  driver_.set_duration(std::chrono::seconds(10));
  follow(plan(1, {layer("a", '1'), layer("b", '2')}));
  pass(std::chrono::seconds(15));
  EXPECT_THAT(done(), ElementsAre("apply a", "apply b"));
  machine_.cut_power();
  scope_.reset();
  machine_.restart(io::sim::Survival::Nothing);
  start();
  follow(plan(2, {layer("a", '1')}));
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("remove b"));
}

TEST_F(SiteRunnerTest, ALayerThatLeftWhileTheAgentWasDownIsRemoved) {
  follow(plan(1, {layer("a", '1'), layer("b", '2')}));
  pass(std::chrono::minutes(1));
  done();
  start();
  follow(plan(2, {layer("a", '1')}));
  pass(std::chrono::minutes(1));
  EXPECT_THAT(done(), ElementsAre("remove b"));
}

TEST_F(SiteRunnerTest, WhatALostJournalDoesNotKnowAnyMoreIsFoundAndRemoved) {
  follow(plan(1, {layer("network", '1'), layer("till", '1')}));
  pass(minutes(1));
  ASSERT_TRUE(ready());
  files().flip_bits("/state/journal.json", 3, 1);
  start();
  done();
  follow(plan(2, {layer("network", '1')}));
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply network", "remove till"));
  EXPECT_TRUE(ready());
  EXPECT_FALSE(journal_->state().incomplete);
}

}  // namespace
}  // namespace farholm::agent
