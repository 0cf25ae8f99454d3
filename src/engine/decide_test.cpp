#include "engine/decide.h"

#include <gmock/gmock.h>

#include "engine/memory.h"
#include "engine/test_input.h"

namespace farholm::engine {
namespace {

using std::chrono::seconds;
using test::at;
using test::healthy_site;
using test::layer;
using testing::ElementsAre;
using testing::IsEmpty;

Step apply(std::string name, Purpose purpose) {
  return ApplyLayer{.name = std::move(name), .purpose = purpose};
}

TEST(Decide, WithoutAPlanThereIsNothingToDo) {
  const Decision decision = decide({});
  EXPECT_THAT(decision.steps, IsEmpty());
  EXPECT_TRUE(decision.settled);
}

TEST(Decide, ASiteThatIsAsPlannedIsSettled) {
  const Decision decision = decide(healthy_site({layer("a", "1"), layer("b", "1")}));
  EXPECT_THAT(decision.steps, IsEmpty());
  EXPECT_FALSE(decision.wake_at.has_value());
  EXPECT_TRUE(decision.settled);
}

TEST(Decide, AnEmptySiteGetsItsFirstLayerFirst) {
  Input input;
  input.plan = DesiredPlan{.layers = {layer("a", "1"), layer("b", "1")}};
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("a", Purpose::Change)));
}

TEST(Decide, ALayerWaitsUntilTheOneBeforeItIsHealthy) {
  Input input = healthy_site({layer("a", "1"), layer("b", "1")});
  input.applied.pop_back();
  input.observed.erase("b");
  input.observed["a"].health = Health::Progressing;
  EXPECT_THAT(decide(input).steps, IsEmpty());
  EXPECT_FALSE(decide(input).settled);
  input.observed["a"].health = Health::Healthy;
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("b", Purpose::Change)));
}

TEST(Decide, OnlyTheLayerThatDiffersIsTouched) {
  Input input = healthy_site({layer("a", "1"), layer("b", "1"), layer("c", "1")});
  input.plan->layers[1].fingerprint = "2";
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("b", Purpose::Change)));
}

TEST(Decide, DependsOnLetsALayerPassAnIllOneThatItDoesNotNeed) {
  Input input = healthy_site({layer("a", "1"), layer("b", "1"), layer("c", "1")});
  input.observed["b"].health = Health::Failed;
  input.plan->layers[2].fingerprint = "2";
  EXPECT_THAT(decide(input).steps, IsEmpty());
  input.plan->layers[2].depends_on = {{"a"}};
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("c", Purpose::Change)));
}

TEST(Decide, DriftIsRepairedAlthoughAnEarlierLayerIsIll) {
  Input input = healthy_site({layer("monitoring", "1"), layer("till", "1")});
  input.observed["monitoring"].health = Health::Failed;
  input.observed["till"].health = Health::Drifted;
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("till", Purpose::Repair)));
}

TEST(Decide, TheGroundIsPutBackBeforeWhatStandsOnIt) {
  Input input = healthy_site({layer("kubernetes", "1"), layer("till", "1")});
  input.observed["kubernetes"].health = Health::Absent;
  input.observed["till"].health = Health::Absent;
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("kubernetes", Purpose::Repair)));
}

TEST(Decide, DriftIsOnlyReportedWhereTheLayerSaysSo) {
  Input input = healthy_site({layer("a", "1"), layer("b", "1")});
  input.plan->layers[0].enforcement = Enforcement::Report;
  input.observed["a"].health = Health::Drifted;
  input.plan->layers[1].fingerprint = "2";
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("b", Purpose::Change)));
}

TEST(Decide, AnApplyThatWasCutOffIsDoneAgain) {
  Input input = healthy_site({layer("a", "1")});
  input.applied[0].fingerprint = "";
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("a", Purpose::Change)));
}

TEST(Decide, WhatTheDriverSawIsBelievedMoreThanTheJournal) {
  Input input = healthy_site({layer("a", "2")});
  input.observed["a"].fingerprint = "1";
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("a", Purpose::Change)));
}

TEST(Decide, ALayerThatCannotBeSeenIsLeftAlone) {
  Input input = healthy_site({layer("a", "1")});
  input.observed["a"] = {.health = Health::Unknown};
  EXPECT_THAT(decide(input).steps, IsEmpty());
  EXPECT_FALSE(decide(input).settled);
}

TEST(Decide, MissingContentIsFetchedAtOnceWhileLayersThatHaveTheirsGoOn) {
  Input input;
  input.plan = DesiredPlan{.layers = {layer("a", "1"), layer("b", "1"), layer("c", "1")}};
  input.plan->layers[0].content = {"d0"};
  input.plan->layers[1].content = {"d1", "d2"};
  input.plan->layers[2].content = {"d2", "d3"};
  input.missing_content = {"d1", "d2", "d3", "of-a-plan-that-waits"};
  EXPECT_THAT(decide(input).steps, ElementsAre(Step(FetchContent{{"d1", "d2", "d3", "of-a-plan-that-waits"}}),
                                               apply("a", Purpose::Change)));
}

TEST(Decide, NothingIsAppliedWhoseContentIsMissing) {
  Input input = healthy_site({layer("a", "1")});
  input.plan->layers[0].fingerprint = "2";
  input.plan->layers[0].content = {"d"};
  input.missing_content = {"d"};
  EXPECT_THAT(decide(input).steps, ElementsAre(Step(FetchContent{{"d"}})));
}

TEST(Decide, AFailedFetchIsTriedAgainAfterItsPause) {
  Input input = healthy_site({layer("a", "1")});
  input.plan->layers[0].content = {"d"};
  input.missing_content = {"d"};
  record_fetch_failure(input.memory, "no source has it", input.now, /*entropy=*/0);
  const Decision decision = decide(input);
  EXPECT_THAT(decision.steps, IsEmpty());
  EXPECT_EQ(decision.wake_at, input.now + kRetryLeast);
  input.now = *decision.wake_at;
  EXPECT_THAT(decide(input).steps, ElementsAre(Step(FetchContent{{"d"}})));
}

TEST(Decide, AFailedStepWaitsAndTheOthersGoOn) {
  Input input = healthy_site({layer("a", "1"), layer("b", "1")});
  input.observed["a"].health = Health::Drifted;
  input.observed["b"].health = Health::Drifted;
  record_failure(input.memory, "a", "1", "no space left", input.now, /*entropy=*/0);
  const Decision decision = decide(input);
  EXPECT_THAT(decision.steps, ElementsAre(apply("b", Purpose::Repair)));
  EXPECT_EQ(decision.wake_at, input.now + kRetryLeast);
}

TEST(Decide, ANewPlanForALayerDoesNotWaitForTheOldOnesPause) {
  Input input = healthy_site({layer("a", "1")});
  input.plan->layers[0].fingerprint = "2";
  record_failure(input.memory, "a", "2", "image broken", input.now, /*entropy=*/7);
  EXPECT_THAT(decide(input).steps, IsEmpty());
  input.plan->layers[0].fingerprint = "3";
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("a", Purpose::Change)));
}

TEST(Decide, LayersThatAreGoneFromThePlanAreRemovedLastFirst) {
  Input input = healthy_site({layer("a", "1"), layer("b", "1"), layer("c", "1")});
  input.plan->layers.resize(1);
  EXPECT_THAT(decide(input).steps, ElementsAre(Step(RemoveLayer{.name = "c", .type = "manifests"})));
  input.applied.pop_back();
  EXPECT_THAT(decide(input).steps, ElementsAre(Step(RemoveLayer{.name = "b", .type = "manifests"})));
  input.applied.pop_back();
  EXPECT_TRUE(decide(input).settled);
}

TEST(Decide, WhatServesIsKeptUntilItsSuccessorIsHealthy) {
  Input input = healthy_site({layer("old", "1")});
  input.plan->layers = {layer("new", "1")};
  EXPECT_THAT(decide(input).steps, ElementsAre(apply("new", Purpose::Change)));
  input.applied.push_back({"new", "manifests", "1"});
  input.observed["new"] = {.health = Health::Progressing, .fingerprint = "1"};
  EXPECT_THAT(decide(input).steps, IsEmpty());
  input.observed["new"].health = Health::Healthy;
  EXPECT_THAT(decide(input).steps, ElementsAre(Step(RemoveLayer{.name = "old", .type = "manifests"})));
}

TEST(Decide, WhatWasIllBeforeThePlanDoesNotHoldUpPruning) {
  Input input = healthy_site({layer("ill", "1"), layer("gone", "1")});
  input.last_good = input.plan;
  input.plan->layers.pop_back();
  input.observed["ill"].health = Health::Failed;
  EXPECT_THAT(decide(input).steps, ElementsAre(Step(RemoveLayer{.name = "gone", .type = "manifests"})));
}

TEST(Decide, ALayerWhoseTypeChangesIsRemovedByTheDriverThatMadeIt) {
  Input input = healthy_site({layer("a", "1")});
  input.plan->layers[0].type = "vm";
  input.plan->layers[0].fingerprint = "2";
  EXPECT_THAT(decide(input).steps, ElementsAre(Step(RemoveLayer{.name = "a", .type = "manifests"})));
  record_failure(input.memory, "a", "", "the API server does not answer", input.now, /*entropy=*/0);
  EXPECT_THAT(decide(input).steps, IsEmpty());
}

}  // namespace
}  // namespace farholm::engine
