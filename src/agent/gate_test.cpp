// A plan waits at the site's gate, and the site lives on with the one before.
#include <gmock/gmock.h>

#include "agent/gatekeeper.h"
#include "agent/hold.h"
#include "agent/test_runner.h"
#include "trust/site_clock.h"

namespace farholm::agent {
namespace {

using driver::Health;
using engine::Passage;
using std::chrono::hours;
using std::chrono::minutes;
using test::layer;
using test::plan;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GateTest : public test::RunnerTest {
 protected:
  // Plan 1 is good.
  GateTest() {
    follow(plan(1, {layer("network", '1'), layer("till", '1')}));
    pass(minutes(1));
    EXPECT_TRUE(ready());
    done();
  }
  void close(Passage passage) {
    gate_ = {.passage = passage, .reason = "Closed", .message = "the shop is open"};
  }
  void open() {
    gate_ = {};
    runner_->gate_changed();
  }
  // A site in any state.
  engine::Input any_site() {
    const auto draw = [this](std::uint64_t below) { return io::random_u64(machine_.entropy()) % below; };
    engine::Input input;
    input.plan = engine::DesiredPlan{.digest = "sha256:plan", .layers = {}};
    for (const auto* name : {"network", "till", "sign"}) {
      if (draw(8) != 0) {
        input.plan->layers.push_back({.name = name, .type = "manifests", .fingerprint = "1"});
        auto& layer = input.plan->layers.back();
        layer.disrupts = draw(2) != 0;
        if (draw(2) != 0) layer.depends_on.emplace();
      }
      if (draw(8) == 0) continue;
      input.applied.push_back({.name = name, .type = "manifests", .fingerprint = std::to_string(draw(2))});
      const auto fingerprint = input.applied.back().fingerprint;
      input.observed[name] = {.health = static_cast<engine::Health>(1 + draw(5)),
                              .fingerprint = fingerprint,
                              .lost = draw(2) != 0};
    }
    for (const auto* name : {"network", "till", "sign"}) input.observed.try_emplace(name);
    if (draw(4) == 0) input.given_up = engine::GivenUp{.plan = "sha256:bad", .layer = "till"};
    if (draw(4) == 0) input.mends = true;
    return input;
  }
  static profile::SitePlan next(std::int64_t generation = 2, char content = '2') {
    return plan(generation, {layer("network", '1'), layer("till", content)});
  }
};

TEST_F(GateTest, APlanWaitsUntilTheGateOpens) {
  close(Passage::Repairs);
  follow(next());
  pass(hours(20));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_EQ(condition("Ready").reason, "Closed");
  EXPECT_THAT(condition("Ready").message, HasSubstr("plan (1, 2) waits: the shop is open"));
  EXPECT_EQ(runner_->status().plan, test::digest('1'));
  EXPECT_EQ(good_->plan.generation, 1) << "the plan that waits has proved nothing";
  EXPECT_THAT(told(), testing::Contains("PlanWaiting").Times(1)) << "also when it waits for long";
  open();
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_TRUE(ready());
  EXPECT_EQ(good_->plan.generation, 2);
}

TEST_F(GateTest, ItWaitsAlsoWithTheNextAgent) {
  close(Passage::Repairs);
  follow(next());
  pass(minutes(5));
  start();
  follow(next());
  pass(hours(2));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_EQ(condition("Ready").reason, "Closed");
  open();
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
}

TEST_F(GateTest, ItsContentIsFetchedMeanwhile) {
  close(Passage::Repairs);
  layers_.absent = {test::digest('2')};
  follow(next());
  pass(minutes(1));
  EXPECT_EQ(layers_.fetches, 2) << "for the plan that is followed, and for the one that waits";
  EXPECT_THAT(layers_.absent, IsEmpty());
  EXPECT_THAT(done(), IsEmpty());
}

TEST_F(GateTest, OutsideOfADownloadWindowItIsNotFetchedAndDoesNotBegin) {
  gate_.fetches = false;
  layers_.absent = {test::digest('2')};
  follow(next());
  pass(hours(3));
  EXPECT_EQ(layers_.fetches, 0);
  EXPECT_EQ(condition("Ready").reason, "OutsideDownloadWindow");
  EXPECT_THAT(done(), IsEmpty());
  open();
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_TRUE(ready());
}

TEST_F(GateTest, APlanThatInterruptsNobodyDoesNotWait) {
  close(Passage::Losses);
  layers_.harmless = {test::digest('2')};
  auto wanted = next();
  wanted.layers.push_back(layer("sign", '1'));
  follow(wanted);
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till", "apply sign"));
  EXPECT_TRUE(ready());
}

TEST_F(GateTest, WhatIsLostIsRestoredAsThePlanBeforeSays) {
  close(Passage::Losses);
  follow(next());
  pass(minutes(1));
  driver_.lose("till");
  driver_.drift("network", "it differs");
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_EQ(driver_.spec_of("till")->at("blob"), test::digest('1'));
  close(Passage::Repairs);
  pass(minutes(2));
  EXPECT_THAT(done(), ElementsAre("apply network"));
}

TEST_F(GateTest, AnEvenNewerPlanTakesItsPlace) {
  close(Passage::Repairs);
  follow(next(2, '2'));
  pass(minutes(1));
  follow(next(3, '3'));
  pass(minutes(1));
  EXPECT_THAT(condition("Ready").message, HasSubstr("plan (1, 3) waits"));
  open();
  pass(minutes(1));
  EXPECT_EQ(driver_.spec_of("till")->at("blob"), test::digest('3'));
  EXPECT_THAT(done(), ElementsAre("apply till"));
}

TEST_F(GateTest, APlanThatMendsOneWhichNeverProvedItselfPassesAsARepair) {
  const auto bad = next(2, '9');
  driver_.set_health_of(profile::layer_fingerprint(bad, bad.layers[1]), Health::Failed, "it crashes");
  follow(bad);
  pass(minutes(2));
  close(Passage::Repairs);
  follow(next(3, '3'));
  pass(minutes(2));
  EXPECT_TRUE(ready());
  EXPECT_EQ(driver_.spec_of("till")->at("blob"), test::digest('3'));
}

TEST_F(GateTest, AHoldInTheMiddleOfAPlanStopsItAndItsTime) {
  driver_.set_health("network", Health::Progressing, "it takes its time");
  follow(plan(2, {layer("network", '2'), layer("till", '2')}));
  pass(minutes(2));
  EXPECT_THAT(done(), ElementsAre("apply network"));
  close(Passage::Losses);
  gate_.stops_clock = true;
  driver_.set_health("network", Health::Healthy);
  pass(hours(5));
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_THAT(condition("Ready").message, HasSubstr("the shop is open"));
  EXPECT_EQ(condition("OnHold").status, "True");
  EXPECT_FALSE(runner_->gave_up());
  open();
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
  EXPECT_TRUE(ready());
  EXPECT_EQ(condition("OnHold").status, "");
}

TEST_F(GateTest, ARetryWaitsToo) {
  const auto bad = next(2, '9');
  driver_.set_health_of(profile::layer_fingerprint(bad, bad.layers[1]), Health::Failed, "it crashes");
  follow(bad);
  pass(minutes(12));
  EXPECT_EQ(condition("Ready").reason, "RolledBack");
  done();
  close(Passage::Repairs);
  pass(minutes(2));
  const auto said = runner_->retry();
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("as soon as it may: the shop is open"));
  pass(hours(1));
  EXPECT_THAT(done(), IsEmpty());
  open();
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
}

TEST_F(GateTest, TheFirstPlanInterruptsNobody) {
  good_.reset();
  close(Passage::Losses);
  auto fresh = plan(1, {layer("printer", '1')});
  start();
  follow(fresh);
  pass(minutes(1));
  EXPECT_THAT(done(), ElementsAre("apply printer"));
}

// Whether somebody would notice.
bool interrupts(const engine::Input& input, const engine::Step& step) {
  if (std::holds_alternative<engine::RemoveLayer>(step)) return true;
  const auto* change = std::get_if<engine::ApplyLayer>(&step);
  if (change == nullptr) return false;
  const auto& seen = input.observed.at(change->name);
  const bool repairs_a_loss = change->purpose == engine::Purpose::Repair && seen.lost;
  const bool is_new = input.find_applied(change->name) == nullptr;
  const bool had_failed = input.given_up && input.given_up->layer == change->name;
  return !(is_new || had_failed || repairs_a_loss || seen.health == engine::Health::Absent ||
           !input.plan->layer(change->name)->disrupts);
}

// A shop that may be changed on Tuesdays from 2 to 5 in the morning and is protected from 7 to 20 each day.
maintenance::Policy shop() {
  return maintenance::read_policy(*json::parse_yaml(R"(
    timeZone: Europe/Berlin
    updateWindows: [{days: [Tue], startTime: "02:00", endTime: "05:00"}]
    protectedHours: [{startTime: "07:00", endTime: "20:00"}])"))
      .value();
}

TEST_F(GateTest, APlanBeginsInTheNextWindow) {
  const Gatekeeper keeper(machine_.world(), "/state/hold");
  real_gate_ = [&](const auto&) { return keeper.gate(shop()); };
  const auto monday = io::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23));
  const auto days_ahead = (machine_.clock().now() - monday) / hours(24 * 7) + 1;
  pass(monday + days_ahead * hours(24 * 7) + hours(9) - machine_.clock().now());
  follow(next());
  pass(hours(1));
  EXPECT_THAT(condition("Ready").message, HasSubstr("these are protected hours until Mon "));
  pass(hours(15));
  EXPECT_EQ(condition("Ready").reason, "OutsideWindow");
  EXPECT_THAT(condition("Ready").message, HasSubstr("until Tue "));
  EXPECT_THAT(done(), IsEmpty()) << "at " << io::to_rfc3339(machine_.clock().now());
  pass(hours(1));
  EXPECT_THAT(done(), ElementsAre("apply till"));
}

// What the gate lets pass throughout a year, of sites in any state.
TEST_F(GateTest, InAYearNothingButWhatIsLostOrNewPassesInProtectedHours) {
  scope_.reset();  // of the runner: only the clock is needed
  const Gatekeeper keeper(machine_.world(), "/state/hold");
  const auto policy = shop();
  int in_protected_hours = 0, interrupting = 0;
  const auto end = machine_.clock().now() + hours(24 * 365);
  while (machine_.clock().now() < end) {
    pass(minutes(45));
    const bool is_protected = maintenance::forecast(policy, machine_.clock().now())->now.is_protected;
    auto input = any_site();
    input.now = machine_.clock().monotonic();
    input.gate = keeper.gate(policy);
    for (const auto& step : engine::decide(input).steps) {
      interrupting += interrupts(input, step);
      if (!is_protected) continue;
      ++in_protected_hours;
      EXPECT_FALSE(interrupts(input, step)) << "at " << io::to_rfc3339(machine_.clock().now());
    }
  }
  EXPECT_GT(in_protected_hours, 1000);
  EXPECT_GT(interrupting, 500) << "in the other hours";
}

TEST_F(GateTest, TheGatekeeperHeedsTheHoldOfThePeopleOnSite) {
  const Gatekeeper keeper(machine_.world(), "/state/hold");
  EXPECT_EQ(keeper.gate({}), engine::Gate());
  const auto now = machine_.clock().now();
  ASSERT_TRUE(write_hold(files(), "/state/hold", {.until = now + hours(1), .reason = "stocktaking"}));
  const auto gate = keeper.gate({});
  EXPECT_EQ(gate.passage, Passage::Losses);
  EXPECT_TRUE(gate.stops_clock);
  EXPECT_THAT(gate.message, HasSubstr("(stocktaking)"));
  EXPECT_EQ(gate.changes_at, machine_.clock().monotonic() + hours(1));
  pass(hours(1));
  EXPECT_EQ(keeper.gate({}), engine::Gate()) << "it has ended";
}

// Without anybody to tell, and with a clock that cannot be right, any hour may be a protected one.
TEST_F(GateTest, WhileTheTimeIsNotKnownNoWindowIsOpen) {
  machine_.clock().set_skew(-hours(24 * 365 * 50));
  trust::SiteClock clock(machine_.clock(), machine_.clock().now());
  const Gatekeeper keeper(io::with_clock(machine_.world(), clock), "/state/hold");
  EXPECT_EQ(keeper.gate({}).passage, Passage::Everything) << "no policy depends on the time";
  auto policy = shop();
  EXPECT_EQ(keeper.gate(policy).passage, Passage::Losses);
  EXPECT_EQ(keeper.gate(policy).reason, "TimeUnknown");
  EXPECT_TRUE(keeper.gate(policy).fetches);
  policy.download_windows = policy.update_windows;
  EXPECT_FALSE(keeper.gate(policy).fetches);
  policy.protected_hours.clear();
  EXPECT_EQ(keeper.gate(policy).passage, Passage::Repairs);
  policy.update_windows.clear();
  EXPECT_EQ(keeper.gate(policy).passage, Passage::Everything);
  policy = shop();
  ASSERT_TRUE(clock.hear(world_.time().now()));
  EXPECT_NE(keeper.gate(policy).reason, "TimeUnknown");
}

}  // namespace
}  // namespace farholm::agent
