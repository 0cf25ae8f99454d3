// When a plan has proved itself, when its time runs, and when it is over.
#include "engine/trial.h"

#include <gmock/gmock.h>

#include "engine/test_input.h"

namespace farholm::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::healthy_site;
using test::layer;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Judgement::Kind;

// Network and till are as the plan says, till is not healthy.
Input ill_site() {
  Input input = healthy_site({layer("network", "1"), layer("till", "1")});
  input.observed["till"] = {.health = Health::Failed, .fingerprint = "1", .message = "it crashes"};
  return input;
}

TEST(Trial, IsProvenWhenEveryLayerIsInPlaceAndHealthy) {
  Trial trial{.plan = "sha256:plan"};
  EXPECT_EQ(judge(trial, healthy_site({layer("network", "1"), layer("till", "1")}), minutes(60)).kind,
            Kind::Proven);
  EXPECT_THAT(trial.proven, ElementsAre("network", "till"));
}

TEST(Trial, FailsWhenNothingMoreBecomesHealthyInTheLayersTime) {
  Trial trial{.plan = "sha256:plan"};
  const Input input = ill_site();
  EXPECT_EQ(judge(trial, input, minutes(4)).left, minutes(6));
  const auto running = judge(trial, input, minutes(5));
  EXPECT_EQ(running.kind, Kind::Runs);
  EXPECT_EQ(running.left, minutes(1));
  const auto failed = judge(trial, input, minutes(1));
  EXPECT_EQ(failed.kind, Kind::Failed);
  EXPECT_EQ(failed.layer, "till");
  EXPECT_EQ(failed.message, "it crashes");
}

TEST(Trial, ALayerThatBecomesHealthyBringsTimeForTheNextButOnlyOnce) {
  Trial trial{.plan = "sha256:plan"};
  Input input = ill_site();
  input.observed["network"].health = Health::Progressing;
  EXPECT_EQ(judge(trial, input, minutes(9)).layer, "network");
  input.observed["network"].health = Health::Healthy;
  EXPECT_EQ(judge(trial, input, minutes(1)).left, minutes(9));
  input.observed["network"].health = Health::Progressing;
  EXPECT_EQ(judge(trial, input, minutes(4)).left, minutes(5));
  input.observed["network"].health = Health::Healthy;
  EXPECT_EQ(judge(trial, input, minutes(5)).kind, Kind::Failed) << "what flaps makes no progress";
}

TEST(Trial, TimeStandsStillWithoutContentEngineOrWithAHostInTrouble) {
  const auto paused = [](const Input& input) {
    Trial trial{.plan = "sha256:plan"};
    return judge(trial, input, minutes(60)).kind == Kind::Paused && trial.stalled == io::Duration::zero();
  };
  Input input = ill_site();
  input.plan->layers[1].content = {"sha256:blob"};
  input.missing_content = {"sha256:blob"};
  EXPECT_TRUE(paused(input));
  input = ill_site();
  input.observed["till"].health = Health::Unknown;
  EXPECT_TRUE(paused(input));
  input.observed.erase("till");
  EXPECT_TRUE(paused(input));
  input = ill_site();
  input.troubles["disk"] = "The disk is full.";
  EXPECT_TRUE(paused(input));
}

TEST(Trial, WhatWasIllBeforeIsExcusedAndSoIsWhatWaitsForIt) {
  const Trial trial = begin_trial(ill_site(), std::nullopt, "sha256:next");
  EXPECT_THAT(trial.excused, ElementsAre("till"));
  Input input = healthy_site({layer("network", "1"), layer("till", "1"), layer("sign", "2")});
  input.observed["till"].health = Health::Failed;
  input.applied.pop_back();
  input.observed["sign"] = {.health = Health::Absent};
  Trial copy = trial;
  EXPECT_EQ(judge(copy, input, minutes(60)).kind, Kind::Paused) << "sign waits for till";
  input.plan->layers[2].depends_on.emplace();
  EXPECT_EQ(judge(copy, input, minutes(60)).layer, "sign");
}

TEST(Trial, WhatIsNotHealthyForAMomentIsNotExcusedAndAPlanWaitsForIt) {
  for (const auto health : {Health::Drifted, Health::Absent, Health::Progressing, Health::Unknown}) {
    Input input = healthy_site({layer("till", "1")});
    input.observed["till"].health = health;
    input.ill_since["till"] = input.now - seconds(59);
    EXPECT_EQ(calm_at(input), input.now + seconds(1));
    EXPECT_THAT(begin_trial(input, std::nullopt, "sha256:next").excused, IsEmpty());
    input.now += seconds(1);
    EXPECT_EQ(calm_at(input), input.now) << "it is known now";
    EXPECT_EQ(begin_trial(input, std::nullopt, "sha256:next").excused.size(),
              health == Health::Unknown ? 0U : 1U);
  }
}

TEST(Trial, ABadPlanExcusesNothingOfTheNext) {
  const Trial bad = begin_trial(healthy_site({layer("till", "0")}), std::nullopt, "sha256:bad");
  EXPECT_THAT(bad.excused, IsEmpty());
  EXPECT_THAT(begin_trial(ill_site(), bad, "sha256:next").excused, IsEmpty());
}

TEST(Trial, HoldsOnlyWhereALayerThatHoldsWasTouched) {
  Input input = ill_site();
  input.last_good =
      DesiredPlan{.digest = "sha256:good", .layers = {layer("network", "1"), layer("till", "0")}};
  input.plan->layers[0].hold = true;
  Trial trial{.plan = "sha256:plan"};
  EXPECT_FALSE(judge(trial, input, seconds(1)).hold) << "network is as it was";
  input.last_good->layers[0].fingerprint = "0";
  EXPECT_TRUE(judge(trial, input, seconds(1)).hold);
  input.applied[0].fingerprint.clear();
  EXPECT_TRUE(judge(trial, input, seconds(1)).hold) << "it was begun";
  input.applied[0].fingerprint = "0";
  EXPECT_FALSE(judge(trial, input, seconds(1)).hold) << "it was not begun";
}

}  // namespace
}  // namespace farholm::engine
