// A world made of counters in which drivers fail, things drift and plans change while the engine is at work.
// Whatever the seed: nothing is touched out of order or without need, and in the end the site is as planned.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/decide.h"
#include "engine/memory.h"
#include "engine/status.h"

namespace farholm::engine {
namespace {

using std::chrono::seconds;

class World {
 public:
  explicit World(std::uint32_t seed) : random_(seed) { input_.now = io::MonotonicTime(seconds(1)); }

  // A plan that differs from the last in a few layers.
  void new_plan() {
    if (input_.plan && all_fine()) input_.last_good = input_.plan;
    DesiredPlan plan{.digest = "plan-" + std::to_string(++plans_)};
    for (int i = 0; i < 6; ++i) {
      if (below(5) == 0) continue;
      const std::string name(1, static_cast<char>('a' + i));
      DesiredLayer layer{.name = name, .type = below(12) == 0 ? "vm" : "manifests"};
      layer.fingerprint = layer.type + std::to_string(below(3));
      layer.content = {"content-" + layer.fingerprint};
      if (below(3) == 0) {
        layer.depends_on.emplace();
        for (const auto& earlier : plan.layers)
          if (below(2) == 0) layer.depends_on->push_back(earlier.name);
      }
      plan.layers.push_back(std::move(layer));
    }
    input_.plan = std::move(plan);
  }

  // One round of the agent: look, decide, do. False when the engine has nothing to do.
  bool round(bool hostile) {
    if (hostile) disturb();
    look();
    const Decision decision = decide(input_);
    EXPECT_EQ(decision, decide(input_)) << "the same input gives the same decision";
    const Status status = summarize(input_);
    if (decision.settled) EXPECT_EQ(status.conditions[0].status, "True") << status.conditions[0].message;
    int acting = 0;
    for (const Step& step : decision.steps) {
      if (const auto* fetch = std::get_if<FetchContent>(&step)) do_fetch(*fetch, hostile);
      if (const auto* apply = std::get_if<ApplyLayer>(&step)) ++acting, do_apply(*apply, hostile);
      if (const auto* remove = std::get_if<RemoveLayer>(&step)) ++acting, do_remove(*remove, hostile);
    }
    EXPECT_LE(acting, 1);
    if (decision.steps.empty() && decision.wake_at) {
      EXPECT_GT(*decision.wake_at, input_.now) << "waking at once would spin";
      input_.now = *decision.wake_at;
    }
    for (auto& [name, real] : real_)
      if (real.until_healthy > 0) --real.until_healthy;
    input_.now += seconds(1);
    return !decision.settled;
  }

  void expect_as_planned() {
    EXPECT_EQ(input_.applied.size(), input_.plan->layers.size());
    EXPECT_EQ(real_.size(), input_.plan->layers.size());
    for (const auto& layer : input_.plan->layers) {
      EXPECT_EQ(real_[layer.name].fingerprint, layer.fingerprint);
      EXPECT_FALSE(real_[layer.name].drifted);
    }
  }

  int changes = 0;

 private:
  struct Real {
    std::string type;
    std::string fingerprint;
    int until_healthy = 0;
    bool drifted = false;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  bool all_fine() {
    look();
    return decide(input_).settled;
  }

  void disturb() {
    if (real_.empty() || below(4) != 0) return;
    auto victim = real_.begin();
    std::advance(victim, static_cast<std::ptrdiff_t>(below(real_.size())));
    if (below(3) == 0)
      real_.erase(victim);
    else
      victim->second.drifted = true;
  }

  void look() {
    input_.observed.clear();
    for (const auto& layer : input_.applied) {
      const auto found = real_.find(layer.name);
      if (found == real_.end()) {
        input_.observed[layer.name] = {.health = Health::Absent};
        continue;
      }
      const Real& real = found->second;
      const Health health = real.drifted             ? Health::Drifted
                            : real.until_healthy > 0 ? Health::Progressing
                                                     : Health::Healthy;
      input_.observed[layer.name] = {.health = health, .fingerprint = real.fingerprint};
    }
    input_.missing_content.clear();
    if (!input_.plan) return;
    for (const auto& layer : input_.plan->layers)
      for (const auto& digest : layer.content)
        if (!local_.contains(digest)) input_.missing_content.insert(digest);
  }

  void do_fetch(const FetchContent& step, bool hostile) {
    EXPECT_FALSE(step.digests.empty());
    if (hostile && below(2) == 0)
      return record_fetch_failure(input_.memory, "no source", input_.now, random_());
    local_.insert(step.digests.begin(), step.digests.end());
    record_fetched(input_.memory);
  }

  AppliedLayer& journal(const DesiredLayer& layer) {
    for (auto& one : input_.applied)
      if (one.name == layer.name) return one;
    return input_.applied.emplace_back(AppliedLayer{.name = layer.name, .type = layer.type});
  }

  void do_apply(const ApplyLayer& step, bool hostile) {
    const auto layer = std::find_if(input_.plan->layers.begin(), input_.plan->layers.end(),
                                    [&](const DesiredLayer& one) { return one.name == step.name; });
    ASSERT_NE(layer, input_.plan->layers.end());
    for (const auto& digest : layer->content) EXPECT_TRUE(local_.contains(digest));
    AppliedLayer& journalled = journal(*layer);
    const auto real = real_.find(step.name);
    if (step.purpose == Purpose::Change) {
      ++changes;
      const bool equal = journalled.fingerprint == layer->fingerprint && real != real_.end() &&
                         real->second.fingerprint == layer->fingerprint;
      EXPECT_FALSE(equal) << "an equal layer was changed";
      for (const auto* before : predecessors(*input_.plan, *layer)) {
        EXPECT_EQ(real_[before->name].fingerprint, before->fingerprint) << "out of order";
        EXPECT_EQ(real_[before->name].until_healthy, 0) << "before its ground was healthy";
      }
    } else {
      EXPECT_TRUE(real == real_.end() || real->second.drifted) << "what is right was repaired";
    }
    const bool repair = step.purpose == Purpose::Repair;
    if (!repair) journalled.fingerprint = "";
    if (hostile && below(3) == 0)
      return record_failure(input_.memory, step.name, layer->fingerprint, "failed", input_.now, random_());
    real_[step.name] = {
        .type = layer->type, .fingerprint = layer->fingerprint, .until_healthy = static_cast<int>(below(4))};
    journalled.fingerprint = layer->fingerprint;
    record_applied(input_.memory, step.name, layer->fingerprint, repair, input_.now, random_());
  }

  void do_remove(const RemoveLayer& step, bool hostile) {
    const bool planned = std::any_of(input_.plan->layers.begin(), input_.plan->layers.end(),
                                     [&](const DesiredLayer& one) { return one.name == step.name; });
    if (!planned)
      for (const auto& layer : input_.plan->layers)
        EXPECT_TRUE(in_place(input_, layer)) << "pruned too early";
    if (const auto real = real_.find(step.name); real != real_.end()) EXPECT_EQ(real->second.type, step.type);
    if (hostile && below(3) == 0)
      return record_failure(input_.memory, step.name, "", "failed", input_.now, random_());
    real_.erase(step.name);
    std::erase_if(input_.applied, [&](const AppliedLayer& one) { return one.name == step.name; });
    record_removed(input_.memory, step.name);
  }

  std::mt19937 random_;
  Input input_;
  std::map<std::string, Real> real_;
  std::set<std::string> local_;
  int plans_ = 0;
};

TEST(Convergence, EverySeedEndsAsPlannedAndNothingIsTouchedWithoutNeed) {
  constexpr std::uint32_t kSeeds = 40;
  constexpr int kRoundsMax = 2'000;
  int changes = 0;
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    World world(seed);
    for (int plan = 0; plan < 4; ++plan) {
      world.new_plan();
      for (int i = 0; i < 15; ++i) world.round(/*hostile=*/true);
    }
    int rounds = 0;
    while (rounds < kRoundsMax && world.round(/*hostile=*/false)) ++rounds;
    ASSERT_LT(rounds, kRoundsMax) << "does not settle";
    world.expect_as_planned();
    changes += world.changes;
    if (HasFailure()) return;
  }
  EXPECT_GT(changes, 100);  // else the world has stopped testing anything
}

}  // namespace
}  // namespace farholm::engine
