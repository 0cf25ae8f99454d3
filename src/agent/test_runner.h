// A SiteRunner over a simulated machine: a driver in memory, content that is there when the test says so, a
// simulated disk and simulated time. Test only.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>

#include "agent/site_runner.h"
#include "agent/test_site.h"
#include "driver/fake/fake_driver.h"

namespace farholm::agent::test {

// Gives each layer a blob that says which it is. Content that is missing comes with a fetch.
class TestLayers final : public LayerSource {
 public:
  explicit TestLayers(io::Loop& loop) : loop_(loop) {}

  Result<std::vector<std::string>> missing(const profile::SitePlan&, const profile::PlanLayer& one) override {
    return absent.contains(one.blob) ? std::vector{one.blob} : std::vector<std::string>();
  }
  io::Task<Result<void>> fetch(const profile::SitePlan&, driver::Progress progress) override {
    ++fetches;
    progress("fetching");
    co_await loop_.sleep(std::chrono::seconds(1));
    if (failures > 0) {
      --failures;
      co_return fail(ErrorCode::ServiceUnavailable, "no source answers");
    }
    absent.clear();
    co_return Result<void>();
  }
  Result<void> serve(const std::vector<const profile::SitePlan*>& plans) override {
    served.clear();
    for (const auto* one : plans) served.push_back(one->generation);
    return {};
  }
  Result<driver::Layer> load(const profile::SitePlan& from, const profile::PlanLayer& one) override {
    return driver::Layer{.name = one.name,
                         .type = one.type,
                         .fingerprint = profile::layer_fingerprint(from, one),
                         .spec = {{"blob", one.blob}}};
  }
  // Those whose blob differs, but for harmless ones.
  Result<std::set<std::string>> disrupted(const profile::SitePlan& before,
                                          const profile::SitePlan& after) override {
    if (!absent.empty()) return fail(ErrorCode::NotFound, "content is not here");
    std::set<std::string> names;
    for (const auto& one : after.layers) {
      const auto* old = before.layer(one.name);
      if (old != nullptr && old->blob != one.blob && !harmless.contains(one.blob)) names.insert(one.name);
    }
    return names;
  }

  std::set<std::string> absent;    // digests
  std::set<std::string> harmless;  // digests of blobs that interrupt nobody
  int fetches = 0;
  int failures = 0;                  // of the next fetches
  std::vector<std::int64_t> served;  // generations

 private:
  io::Loop& loop_;
};

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    EXPECT_TRUE(files().make_directories(kFolder));
    EXPECT_TRUE(files().sync_directory("/"));
    start();
  }
  io::sim::SimFiles& files() { return machine_.files(); }

  // A new agent on the same disk; the driver stands for the world, which stays.
  void start() {
    scope_.reset();
    runner_.reset();
    journal_ = std::make_unique<Journal>(files(), "/state/journal.json", log_);
    ASSERT_TRUE(journal_->load());
    events_ = std::make_unique<EventJournal>(history_.world(), "/events", log_);
    events_->load();
    runner_ = std::make_unique<SiteRunner>(SiteRunner::Parts{
        .world = machine_.world(),
        .log = log_,
        .journal = *journal_,
        .events = *events_,
        .layers = layers_,
        .drivers = {{"manifests", &driver_}},
        .keep_as_good = [this]() -> Result<void> {
          good_ = accepted_;
          return {};
        },
        .gate = [this](const auto& plan) { return real_gate_ ? real_gate_(plan) : gate_; }});
    runner_->set_host("edge-1");
    scope_ = std::make_unique<io::Scope>(world_.loop());
    scope_->spawn(runner_->run());
  }
  void follow(const profile::SitePlan& wanted) {
    accepted_ = KnownPlan{.plan = wanted, .digest = digest(static_cast<char>('0' + wanted.generation))};
    runner_->set_plan(*accepted_, good_);
  }
  // Lets simulated time pass.
  void pass(io::Duration duration) {
    world_.loop().run([](io::Loop& loop, io::Duration time) -> io::Task<void> { co_await loop.sleep(time); }(
                                                                world_.loop(), duration));
  }
  bool ready() const {
    for (const auto& condition : runner_->status().conditions)
      if (condition.type == "Ready") return condition.status == "True";
    return false;
  }
  // What was done since the last time that this was asked: "apply network", "remove till".
  std::vector<std::string> done() {
    std::vector<std::string> result;
    for (; seen_ < driver_.calls().size(); ++seen_) {
      const auto& call = driver_.calls()[seen_];
      result.push_back(call.substr(0, call.find(" sha256:")));
    }
    return result;
  }
  // What happened since the last time that this was asked: "LayerApplied till".
  std::vector<std::string> told() {
    std::vector<std::string> result;
    for (const auto& event : events_->events()) {
      if (event.sequence <= told_) continue;
      told_ = event.sequence;
      result.push_back(event.reason + (event.layer.empty() ? "" : " " + event.layer));
    }
    return result;
  }
  engine::Condition condition(const std::string& type) const {
    for (const auto& one : runner_->status().conditions)
      if (one.type == type) return one;
    return {};
  }
  const engine::LayerStatus& status_of(const std::string& name) const {
    for (const auto& one : runner_->status().layers)
      if (one.name == name) return one;
    ADD_FAILURE() << "no status of " << name;
    static const engine::LayerStatus kNone;
    return kNone;
  }

  NullSink sink_;
  Logger log_{sink_, "site"};
  io::sim::SimWorld world_{5};
  io::sim::SimMachine& machine_ = world_.add_machine("edge-1");
  // Of the events: a disk of their own, so that what else is written can be counted.
  io::sim::SimMachine& history_ = world_.add_machine("history");
  driver::fake::FakeDriver driver_{world_.loop()};
  TestLayers layers_{world_.loop()};
  engine::Gate gate_;
  std::function<engine::Gate(const profile::SitePlan&)> real_gate_;  // in its place
  std::optional<KnownPlan> accepted_;  // of the generation 1 to 9, which its digest shows
  std::optional<KnownPlan> good_;      // as if it were in a file
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<EventJournal> events_;
  std::unique_ptr<SiteRunner> runner_;
  std::unique_ptr<io::Scope> scope_;
  std::size_t seen_ = 0;
  std::int64_t told_ = 0;
};

}  // namespace farholm::agent::test
