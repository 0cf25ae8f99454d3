#include "site_crash_run.h"

#include <fmt/format.h>

#include <memory>
#include <set>

#include "agent/plan_inbox.h"
#include "agent/site_runner.h"
#include "agent/state_folder.h"
#include "agent/test_site.h"
#include "driver/fake/fake_driver.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"

namespace farholm::sim_tests {
namespace {

using namespace std::chrono_literals;
using agent::test::layer;

// Longer than a plan may take, its rollback and the pauses between attempts.
constexpr io::Duration kPatience = 2h;

// Every layer's content is here, and is named by its blob.
class LocalLayers final : public agent::LayerSource {
 public:
  Result<std::vector<std::string>> missing(const profile::SitePlan&, const profile::PlanLayer&) override {
    return std::vector<std::string>();
  }
  io::Task<Result<void>> fetch(const profile::SitePlan&, driver::Progress) override {
    co_return Result<void>();
  }
  Result<void> serve(const std::vector<const profile::SitePlan*>&) override { return {}; }
  Result<driver::Layer> load(const profile::SitePlan& plan, const profile::PlanLayer& one) override {
    return driver::Layer{.name = one.name,
                         .type = one.type,
                         .fingerprint = profile::layer_fingerprint(plan, one),
                         .spec = {{"blob", one.blob}}};
  }
  Result<std::set<std::string>> disrupted(const profile::SitePlan&, const profile::SitePlan& after) override {
    std::set<std::string> names;
    for (const auto& one : after.layers) names.insert(one.name);
    return names;
  }
};

class SiteCrashRun {
 public:
  explicit SiteCrashRun(const SiteCrashPlan& plan) : plan_(plan) {
    for (const auto& one : {good_, bad_, better_, later_})
      for (const auto& each : one.layers) known_.insert(profile::layer_fingerprint(one, each));
    driver_.set_health_of(fingerprint_of(bad_, "till"), driver::Health::Failed, "till crashes");
    driver_.set_duration(2s);
  }

  SiteCrashReport run() {
    if (!files().make_directories(state_.path) || !files().sync_directory("/"))
      complain("no folder could be made");
    const auto begin = files().boundaries();
    if (plan_.boundary > 0) files().cut_power_at(begin + plan_.boundary);
    start();
    live();
    report_.boundaries = (passed_ != 0 ? passed_ : files().boundaries()) - begin;
    stop();
    return std::move(report_);
  }

 private:
  io::sim::SimFiles& files() { return machine_.files(); }
  void complain(std::string what) { report_.complaints.push_back(std::move(what)); }
  static std::string fingerprint_of(const profile::SitePlan& plan, const std::string& name) {
    return profile::layer_fingerprint(plan, *plan.layer(name));
  }

  // --- one agent after the other

  void start() {
    journal_ = std::make_unique<agent::Journal>(files(), state_.journal(), log_);
    inbox_ = std::make_unique<agent::PlanInbox>(files(), machine_.clock(), keys_.root(), state_.plan(),
                                                state_.good_plan(), log_);
    events_ = std::make_unique<agent::EventJournal>(machine_.world(), state_.events(), log_);
    if (!inbox_->load() || !journal_->load()) return;  // the power has gone
    events_->load();
    runner_ = std::make_unique<agent::SiteRunner>(
        agent::SiteRunner::Parts{.world = machine_.world(),
                                 .log = log_,
                                 .journal = *journal_,
                                 .events = *events_,
                                 .layers = layers_,
                                 .drivers = {{"manifests", &driver_}},
                                 .keep_as_good = [this] { return inbox_->keep_as_good(); },
                                 .gate = [this](const auto&) { return gate_; }});
    runner_->set_host("edge-1");
    scope_ = std::make_unique<io::Scope>(world_.loop());
    scope_->spawn(runner_->run());
    if (inbox_->accepted()) runner_->set_plan(*inbox_->accepted(), inbox_->good());
    if (acknowledged_ > 0 && (!inbox_->accepted() || inbox_->accepted()->plan.generation < acknowledged_))
      complain(fmt::format("generation {} was acknowledged and is lost", acknowledged_));
  }
  void stop() {
    scope_.reset();
    runner_.reset();
    inbox_.reset();
    events_.reset();
    journal_.reset();
  }
  // True when the power had gone: there is another agent now, and what had no answer has to be asked again.
  bool restarted() {
    if (files().powered()) return false;
    passed_ = files().boundaries();
    stop();
    files().cut_power_at(std::nullopt);
    machine_.cut_power();
    machine_.restart(plan_.survival);
    start();
    return true;
  }

  // --- what the people do, and wait for

  // Again until it is acknowledged.
  void offer(const profile::SitePlan& plan) {
    const auto envelope = agent::test::sign(plan, keys_.key());
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (inbox_ && runner_) {
        const auto acceptance = inbox_->offer(envelope);
        if (acceptance && !acceptance->verdict.refused()) {
          acknowledged_ = plan.generation;
          if (acceptance->verdict.kind == trust::PlanVerdict::Kind::Accept)
            runner_->set_plan(*inbox_->accepted(), inbox_->good());
          return;
        }
        if (acceptance) complain("refused: " + acceptance->verdict.message);
      }
      if (!restarted()) complain("the plan was not taken although there is power");
    }
  }

  void pass(io::Duration duration) {
    world_.loop().run([](io::Loop& loop, io::Duration time) -> io::Task<void> { co_await loop.sleep(time); }(
                                                                world_.loop(), duration));
  }

  std::string reason() const {
    if (!runner_) return {};
    for (const auto& condition : runner_->status().conditions)
      if (condition.type == "Ready") return condition.reason;
    return {};
  }
  std::size_t tries_of_bad() const {
    const auto wanted = "apply till " + fingerprint_of(bad_, "till");
    return static_cast<std::size_t>(std::ranges::count(driver_.calls(), wanted));
  }

  void wait_for(const std::string& wanted, const profile::SitePlan& as) {
    for (io::Duration waited{}; waited < kPatience; waited += 10s) {
      pass(10s);
      restarted();
      for (const auto& [name, fingerprint] : driver_.applied())
        if (!known_.contains(fingerprint)) complain(name + " runs as no plan says");
      if (reason() == wanted && runs(as)) return;
    }
    complain(fmt::format("the site did not become {} with generation {}: it is {}", wanted, as.generation,
                         reason()));
  }
  bool runs(const profile::SitePlan& plan) const {
    const auto applied = driver_.applied();
    if (applied.size() != plan.layers.size()) return false;
    return std::ranges::all_of(plan.layers, [&](const profile::PlanLayer& one) {
      const auto found = applied.find(one.name);
      return found != applied.end() && found->second == profile::layer_fingerprint(plan, one);
    });
  }

  void live() {
    offer(good_);
    wait_for("AllHealthy", good_);
    offer(bad_);
    wait_for("RolledBack", good_);
    ++report_.rollbacks;
    stay_rolled_back();
    retry();
    wait_for("RolledBack", good_);
    ++report_.rollbacks;
    stay_rolled_back();
    offer(better_);
    wait_for("AllHealthy", better_);
    gate_ = {.passage = engine::Passage::Repairs, .reason = "Closed", .message = "the shop is open"};
    offer(later_);
    wait_for("Closed", better_);
    pass(5min);
    restarted();
    if (!runs(better_)) complain("a plan did not wait at the gate");
    gate_ = {};
    wait_for("AllHealthy", later_);
    stay_idle();
    for (const auto& path : {state_.plan(), state_.good_plan(), state_.journal()})
      if (io::status_if_exists(files(), path + ".corrupt").value()) complain(path + " was spoilt");
  }

  void stay_rolled_back() {
    const auto tries = tries_of_bad();
    pass(15min);
    restarted();
    pass(15min);
    if (tries_of_bad() != tries) complain("a plan that was given up is tried again by itself");
  }

  void retry() {
    const auto tries = tries_of_bad();
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (runner_ && runner_->retry()) break;
      if (!restarted()) break;  // it was under way when the power went
    }
    for (io::Duration waited{}; waited < kPatience && tries_of_bad() == tries; waited += 1s) {
      pass(1s);
      restarted();
    }
    if (tries_of_bad() == tries) complain("a retry tries nothing");
  }

  void stay_idle() {
    pass(5min);
    restarted();
    pass(5min);
    const auto writes = files().boundaries();
    pass(30min);
    if (files().boundaries() != writes) complain("it writes although nothing is to be done");
  }

  const SiteCrashPlan plan_;
  SiteCrashReport report_;
  const profile::SitePlan good_ = agent::test::plan(1, {layer("network", '1'), layer("till", '1')});
  const profile::SitePlan bad_ =
      agent::test::plan(2, {layer("extra", '1'), layer("network", '2'), layer("till", '9')});
  const profile::SitePlan better_ = agent::test::plan(3, {layer("till", '3'), layer("sign", '1')});
  const profile::SitePlan later_ = agent::test::plan(4, {layer("till", '4'), layer("sign", '1')});
  std::set<std::string> known_;  // fingerprints of the plans' layers
  engine::Gate gate_;
  std::int64_t acknowledged_ = 0;
  std::uint64_t passed_ = 0;

  NullSink sink_;
  Logger log_{sink_, "site"};
  io::sim::SimWorld world_{7};
  io::sim::SimMachine& machine_ = world_.add_machine("edge-1");
  agent::test::Keys keys_{machine_.entropy()};
  agent::StateFolder state_{.path = "/state"};
  driver::fake::FakeDriver driver_{world_.loop()};
  LocalLayers layers_;
  std::unique_ptr<agent::Journal> journal_;
  std::unique_ptr<agent::EventJournal> events_;
  std::unique_ptr<agent::PlanInbox> inbox_;
  std::unique_ptr<agent::SiteRunner> runner_;
  std::unique_ptr<io::Scope> scope_;
};

}  // namespace

SiteCrashReport run_site_crash(const SiteCrashPlan& plan) {
  return SiteCrashRun(plan).run();
}

}  // namespace farholm::sim_tests
