#include "engine/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/status.h"
#include "engine/test_input.h"
#include "engine/trial.h"

namespace farholm::engine {
namespace {

using test::healthy_site;
using test::layer;

Gate closed(Passage passage) {
  return {.passage = passage,
          .reason = "ProtectedHours",
          .message = "the shop is open until 20:00",
          .changes_at = test::at(std::chrono::hours(5))};
}

// A site whose till the plan wants otherwise.
Input changed_site() {
  auto input = healthy_site({layer("network", "n1"), layer("till", "t1")});
  input.last_good = input.plan;
  input.plan->layers[1].fingerprint = "t2";
  return input;
}

std::vector<Step> steps(const Input& input) {
  return decide(input).steps;
}

TEST(Gate, LetsEverythingPassWhenItIsOpen) {
  EXPECT_EQ(steps(changed_site()), std::vector<Step>({ApplyLayer{"till", Purpose::Change}}));
}

TEST(Gate, KeepsAChangeBackAndSaysWhenToAskAgain) {
  auto input = changed_site();
  for (const auto passage : {Passage::Losses, Passage::Repairs}) {
    input.gate = closed(passage);
    const auto decision = decide(input);
    EXPECT_EQ(decision.steps, std::vector<Step>());
    EXPECT_EQ(decision.wake_at, input.gate.changes_at);
    EXPECT_FALSE(decision.settled);
  }
  EXPECT_THAT(summarize(input).layers[1].message, testing::HasSubstr("the shop is open until 20:00"));
}

TEST(Gate, LetsPassWhatInterruptsNobody) {
  auto input = changed_site();
  input.gate = closed(Passage::Losses);
  input.plan->layers[1].disrupts = false;
  EXPECT_EQ(steps(input), std::vector<Step>({ApplyLayer{"till", Purpose::Change}}));
  auto grown = healthy_site({layer("till", "t1")});
  grown.gate = closed(Passage::Losses);
  grown.plan->layers.push_back(layer("sign", "s1"));
  EXPECT_EQ(steps(grown), std::vector<Step>({ApplyLayer{"sign", Purpose::Change}}));
}

TEST(Gate, RestoresWhatIsLostAlways) {
  auto input = healthy_site({layer("network", "n1"), layer("till", "t1")});
  input.gate = closed(Passage::Losses);
  input.observed["till"].health = Health::Absent;
  EXPECT_EQ(steps(input), std::vector<Step>({ApplyLayer{"till", Purpose::Repair}}));
  input.observed["till"] = {.health = Health::Drifted, .fingerprint = "t1", .lost = true};
  EXPECT_EQ(steps(input), std::vector<Step>({ApplyLayer{"till", Purpose::Repair}}));
}

TEST(Gate, RepairsDriftThatTookNothingAwayUnlessOnlyLossesPass) {
  auto input = healthy_site({layer("till", "t1")});
  input.observed["till"] = {.health = Health::Drifted, .fingerprint = "t1", .message = "a label differs"};
  input.gate = closed(Passage::Repairs);
  EXPECT_EQ(steps(input), std::vector<Step>({ApplyLayer{"till", Purpose::Repair}}));
  input.gate = closed(Passage::Losses);
  EXPECT_EQ(steps(input), std::vector<Step>());
  EXPECT_THAT(summarize(input).layers[0].message, testing::HasSubstr("the repair waits: the shop is open"));
}

TEST(Gate, RemovesLayersOnlyWhenEverythingPasses) {
  auto input = healthy_site({layer("till", "t1"), layer("sign", "s1")});
  input.plan->layers.pop_back();
  input.gate = closed(Passage::Repairs);
  EXPECT_EQ(steps(input), std::vector<Step>());
  input.gate = {};
  EXPECT_EQ(steps(input), std::vector<Step>({RemoveLayer{"sign", "manifests"}}));
}

TEST(Gate, OnTheWayBackWhatFailedPassesFirstAndTheRestAsARepair) {
  auto input = healthy_site({layer("network", "n1"), layer("till", "t1")});
  input.applied[0].fingerprint = input.observed["network"].fingerprint = "n2";
  input.applied[1].fingerprint = input.observed["till"].fingerprint = "t2";
  input.plan->layers[1].depends_on.emplace();
  input.given_up = GivenUp{.plan = "sha256:bad", .name = "(1, 2)", .layer = "till"};
  input.gate = closed(Passage::Losses);
  EXPECT_EQ(steps(input), std::vector<Step>({ApplyLayer{"till", Purpose::Change}}));
  input.applied[1].fingerprint = input.observed["till"].fingerprint = "t1";
  EXPECT_EQ(steps(input), std::vector<Step>());
  input.gate = closed(Passage::Repairs);
  EXPECT_EQ(steps(input), std::vector<Step>({ApplyLayer{"network", Purpose::Change}}));
}

TEST(Gate, FinishesAsARepairWhatWasCutOff) {
  auto input = changed_site();
  input.applied[1].fingerprint.clear();
  input.gate = closed(Passage::Repairs);
  EXPECT_EQ(steps(input), std::vector<Step>({ApplyLayer{"till", Purpose::Change}}));
  input.gate = closed(Passage::Losses);
  EXPECT_EQ(steps(input), std::vector<Step>());
}

TEST(Gate, FetchesInAllCases) {
  auto input = changed_site();
  input.plan->layers[1].content = {"sha256:c"};
  input.missing_content = {"sha256:c"};
  input.gate = closed(Passage::Losses);
  EXPECT_EQ(steps(input), std::vector<Step>({FetchContent{{"sha256:c"}}}));
}

TEST(Gate, StopsTheClockOfAPlanThatItKeepsBack) {
  auto input = changed_site();
  auto trial = begin_trial(input, std::nullopt, input.plan->digest);
  input.gate = closed(Passage::Repairs);
  EXPECT_EQ(judge(trial, input, std::chrono::hours(9)).kind, Judgement::Kind::Paused);
  EXPECT_EQ(trial.stalled, io::Duration::zero());
  input.gate = {};
  EXPECT_EQ(judge(trial, input, std::chrono::hours(9)).kind, Judgement::Kind::Failed);
}

TEST(Gate, AHoldStopsTheClockOfWhatIsThereToo) {
  auto input = changed_site();
  auto trial = begin_trial(input, std::nullopt, input.plan->digest);
  input.applied[1].fingerprint = input.observed["till"].fingerprint = "t2";
  input.observed["till"].health = Health::Failed;
  input.gate = closed(Passage::Losses);
  input.gate.stops_clock = true;
  EXPECT_EQ(judge(trial, input, std::chrono::hours(9)).kind, Judgement::Kind::Paused);
  input.gate.stops_clock = false;
  EXPECT_EQ(judge(trial, input, std::chrono::hours(9)).kind, Judgement::Kind::Failed);
}

TEST(Gate, APlanThatTouchesNothingMayBegin) {
  auto input = healthy_site({layer("network", "n1"), layer("till", "t1")});
  input.gate = closed(Passage::Losses);
  DesiredPlan next{.digest = "sha256:next", .layers = input.plan->layers};
  EXPECT_TRUE(may_begin(input, next, false)) << "nothing differs";
  next.layers.push_back(layer("sign", "s1"));
  EXPECT_TRUE(may_begin(input, next, false)) << "a layer is new";
  next.layers[1].fingerprint = "t2";
  EXPECT_FALSE(may_begin(input, next, false)) << "one that runs is changed";
  next.layers[1].disrupts = false;
  EXPECT_TRUE(may_begin(input, next, false)) << "one that runs is changed, and nobody is interrupted";
  next.layers.erase(next.layers.begin());
  EXPECT_FALSE(may_begin(input, next, false)) << "one is taken away";
  input.gate = {};
  EXPECT_TRUE(may_begin(input, next, false)) << "the gate is open";
}

TEST(Gate, WhereAPlanNeverProvedItselfTheNextOneMayBeginAsARepair) {
  auto input = healthy_site({layer("till", "t1")});
  const DesiredPlan next{.digest = "sha256:next", .layers = {layer("till", "t2")}};
  input.gate = closed(Passage::Repairs);
  EXPECT_TRUE(may_begin(input, next, true));
  input.gate = closed(Passage::Losses);
  EXPECT_FALSE(may_begin(input, next, true));
}

TEST(Gate, ThePlanThatMendsOneIsARepairInEachStep) {
  auto input = changed_site();
  input.gate = closed(Passage::Repairs);
  input.mends = begin_trial(input, Trial{.plan = "sha256:bad"}, "sha256:next").mends;
  EXPECT_EQ(steps(input), std::vector<Step>({ApplyLayer{"till", Purpose::Change}}));
}

TEST(Gate, APlanThatWaitsIsSaid) {
  auto input = healthy_site({layer("till", "t1")});
  input.gate = closed(Passage::Repairs);
  input.waiting =
      WaitingPlan{.name = "(1, 6)", .reason = "ProtectedHours", .message = "the shop is open until 20:00"};
  const auto status = summarize(input);
  EXPECT_EQ(status.conditions[0].status, "False");
  EXPECT_EQ(status.conditions[0].reason, "ProtectedHours");
  EXPECT_EQ(status.conditions[0].message,
            "plan (1, 6) waits: the shop is open until 20:00; until then the site follows the one before");
  EXPECT_EQ(status.conditions[1].reason, "ProtectedHours");
  EXPECT_EQ(status.conditions[2].status, "False") << "nothing is wrong";
}

}  // namespace
}  // namespace farholm::engine
