// A plan that does not become healthy in its time is given up for the last good one, whole, and stays given
// up.
#include <gmock/gmock.h>

#include "agent/test_runner.h"

namespace farholm::agent {
namespace {

using driver::Health;
using std::chrono::minutes;
using std::chrono::seconds;
using test::layer;
using test::plan;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RollbackTest : public test::RunnerTest {
 protected:
  // Plan 1 is good; then plan 2 comes, in which till crashes.
  RollbackTest() {
    follow(plan(1, {layer("network", '1'), layer("till", '1')}));
    pass(minutes(1));
    EXPECT_TRUE(ready());
    done();
  }
  profile::SitePlan bad(std::int64_t generation = 2) {
    auto wanted = plan(generation, {layer("network", '2'), layer("till", '9')});
    driver_.set_health_of(profile::layer_fingerprint(wanted, wanted.layers[1]), Health::Failed,
                          "Pod till-0 crashes");
    return wanted;
  }
  std::string runs(const std::string& name) { return driver_.spec_of(name)->at("blob").get<std::string>(); }
};

TEST_F(RollbackTest, EveryLayerGoesBackAndTheStatusSaysWhy) {
  follow(bad());
  pass(minutes(9));
  EXPECT_THAT(done(), ElementsAre("apply network", "apply till"));
  pass(minutes(3));
  EXPECT_THAT(done(), ElementsAre("apply network", "apply till"));
  EXPECT_EQ(runs("network"), test::digest('1'));
  EXPECT_EQ(runs("till"), test::digest('1'));
  EXPECT_EQ(condition("Ready").status, "False");
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
  EXPECT_THAT(condition("Degraded").message, HasSubstr("(1, 2)"));
  EXPECT_THAT(condition("Degraded").message, HasSubstr("layer till"));
  EXPECT_THAT(condition("Degraded").message, HasSubstr("Pod till-0 crashes"));
  EXPECT_EQ(runner_->status().plan, test::digest('1'));
  EXPECT_THAT(told(), testing::IsSupersetOf({"PlanStarted", "PlanRolledBack till", "LayerHealthy till"}));
}

TEST_F(RollbackTest, WhatWasGivenUpIsNotTriedAgainAlsoByTheNextAgent) {
  follow(bad());
  pass(minutes(12));
  done();
  pass(std::chrono::hours(24));
  EXPECT_THAT(done(), IsEmpty());
  start();
  follow(bad());
  pass(std::chrono::hours(24));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
}

TEST_F(RollbackTest, ANewerPlanIsTriedAndRetryTriesTheSame) {
  follow(bad());
  pass(minutes(12));
  done();
  ASSERT_TRUE(runner_->retry());
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply network", "apply till"));
  pass(minutes(11));
  EXPECT_EQ(condition("Ready").reason, "RolledBack") << "and given up again";
  done();
  follow(plan(3, {layer("network", '2'), layer("till", '3')}));
  pass(minutes(1));
  EXPECT_TRUE(ready());
  EXPECT_EQ(good_->plan.generation, 3);
  EXPECT_FALSE(runner_->retry()) << "nothing is given up any more";
}

TEST_F(RollbackTest, AWorsePlanAfterABadOneIsGivenUpToo) {
  follow(bad(2));
  pass(minutes(5));
  follow(bad(3));
  pass(minutes(12));
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
  EXPECT_THAT(condition("Ready").message, HasSubstr("(1, 3)"));
  EXPECT_EQ(runs("till"), test::digest('1'));
}

TEST_F(RollbackTest, WhereTheLastGoodPlanWasLostTheSiteHoldsAsItIs) {
  follow(bad());
  pass(minutes(12));
  done();
  good_.reset();
  start();
  follow(bad());
  pass(minutes(30));
  EXPECT_THAT(done(), IsEmpty()) << "what was given up is not tried again";
  EXPECT_EQ(runs("till"), test::digest('1'));
  follow(plan(3, {layer("network", '2'), layer("till", '3')}));
  pass(minutes(1));
  EXPECT_TRUE(ready());
}

TEST_F(RollbackTest, WhatWasGivenUpStaysSoWhereItsPlanWasLostAndIsSentAgain) {
  follow(bad());
  pass(minutes(12));
  done();
  accepted_ = good_;
  start();
  runner_->set_plan(*good_, good_);
  pass(minutes(1));
  follow(bad());
  pass(minutes(30));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
}

TEST_F(RollbackTest, TheTimeGoesOnAfterAPowerCut) {
  follow(bad());
  pass(minutes(6));
  machine_.cut_power();
  scope_.reset();
  machine_.restart(io::sim::Survival::Nothing);
  start();
  follow(bad());
  pass(minutes(6));
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
}

TEST_F(RollbackTest, TheTimeStandsStillWithoutContent) {
  layers_.absent = {test::digest('9')};
  layers_.failures = 1'000'000;
  follow(bad());
  pass(std::chrono::hours(5));
  EXPECT_EQ(condition("Ready").reason, "LayerFetching");
  layers_.failures = 0;
  pass(minutes(9));
  EXPECT_EQ(condition("Ready").reason, "LayerFailed");
  pass(minutes(7));
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
}

TEST_F(RollbackTest, WhatWasIllBeforeIsNotThePlansFault) {
  driver_.set_health("till", Health::Failed, "the printer is out of paper");
  pass(minutes(1));
  auto wanted = plan(2, {layer("network", '2'), layer("till", '1')});
  wanted.layers[1].depends_on.emplace();
  follow(wanted);
  pass(std::chrono::hours(1));
  EXPECT_EQ(runs("network"), test::digest('2'));
  EXPECT_EQ(condition("Ready").reason, "LayerFailed");
  EXPECT_EQ(good_->plan.generation, 2) << "it did what it could";
}

TEST_F(RollbackTest, WhatWasIllIsExcusedAlsoWhenPowerFailsWithTheAcceptance) {
  driver_.set_health("till", Health::Failed, "the printer is out of paper");
  pass(minutes(1));
  auto wanted = plan(2, {layer("network", '2'), layer("till", '1')});
  wanted.layers[1].depends_on.emplace();
  machine_.cut_power();
  scope_.reset();
  machine_.restart(io::sim::Survival::Nothing);
  start();
  follow(wanted);
  pass(std::chrono::hours(1));
  EXPECT_EQ(runs("network"), test::digest('2'));
  EXPECT_EQ(good_->plan.generation, 2);
}

// As after a start of the agent, when the cluster has to be looked through.
TEST_F(RollbackTest, WhatHasOnlyDriftedWhenThePlanComesIsNoExcuseForIt) {
  driver_.set_duration(seconds(5));
  driver_.drift("till", "it has to be looked through");
  follow(bad());
  pass(minutes(12));
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
  EXPECT_EQ(good_->plan.generation, 1) << "the bad plan has proved nothing";
  driver_.drift("till", "it has to be looked through");
  ASSERT_TRUE(runner_->retry());
  pass(minutes(13));
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
  EXPECT_EQ(good_->plan.generation, 1);
}

TEST_F(RollbackTest, ALayerThatHoldsStopsTheSiteWhereItIs) {
  auto wanted = bad();
  wanted.layers[0].policy.rollback = profile::Rollback::Hold;
  follow(wanted);
  pass(std::chrono::hours(1));
  EXPECT_EQ(condition("Ready").reason, "Held");
  EXPECT_EQ(runs("till"), test::digest('9'));
  done();
  driver_.drift("network", "it differs");
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply network")) << "what is in place is kept so";
}

TEST_F(RollbackTest, AStepThatHangsIsCutOff) {
  driver_.set_duration(std::chrono::hours(100));
  auto wanted = bad();
  wanted.layers[0].policy.progress_deadline_seconds = 60;
  follow(wanted);
  pass(seconds(30));
  driver_.set_duration(seconds(1));
  pass(minutes(2));
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
  EXPECT_EQ(runs("network"), test::digest('1'));
}

TEST_F(RollbackTest, LayersThatOnlyTheBadPlanHadAreRemoved) {
  auto wanted = bad();
  wanted.layers.insert(wanted.layers.begin(), layer("extra", '5'));
  follow(wanted);
  pass(minutes(12));
  EXPECT_THAT(done(), ElementsAre("apply extra", "apply network", "apply till", "apply network", "apply till",
                                  "remove extra"));
}

TEST_F(RollbackTest, NodesMayPullWhatEitherPlanNeeds) {
  follow(bad());
  EXPECT_THAT(layers_.served, ElementsAre(2, 1));
  pass(minutes(12));
  EXPECT_THAT(layers_.served, ElementsAre(2, 1));
}

TEST_F(RollbackTest, TheFirstPlanHasNothingToGoBackTo) {
  good_.reset();
  start();
  follow(bad());
  pass(std::chrono::hours(24));
  EXPECT_EQ(condition("Ready").reason, "LayerFailed");
  EXPECT_EQ(runs("till"), test::digest('9'));
}

TEST_F(RollbackTest, AJournalThatCannotBeWrittenDoesNotKeepTheSiteFromGoingBack) {
  follow(bad());
  pass(minutes(9));
  files().set_capacity(0);
  pass(minutes(3));
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
  EXPECT_FALSE(journal_->state().given_up);
  files().set_capacity(io::sim::kSimDiskBytesDefault);
  pass(minutes(2));
  EXPECT_TRUE(journal_->state().given_up) << "written when there is room";
}

}  // namespace
}  // namespace farholm::agent
