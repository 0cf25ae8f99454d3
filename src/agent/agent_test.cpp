// An agent, put together as main puts it together, on a simulated machine; the driver at its end is the one
// that only remembers (driver/simulated).
#include "agent/agent.h"

#include <gmock/gmock.h>

#include "agent/test_content.h"
#include "agent/test_site.h"
#include "io/scope.h"

namespace farholm::agent {
namespace {

using namespace std::chrono_literals;
using test::kFolder;
using test::layer_blob;
using test::layer_of_blob;
using test::MemorySource;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kRootPath = "/given/root.json";

class AgentTest : public testing::Test {
 protected:
  AgentTest() {
    auto& files = machine_.files();
    EXPECT_TRUE(files.make_directories("/given") && files.sync_directory("/"));
    EXPECT_TRUE(io::write_file_atomically(files, kRootPath, keys_.root().text()));
  }
  ~AgentTest() override { stop(); }

  AgentOptions options() const {
    AgentOptions options;
    options.state = {kFolder};
    options.root_path = kRootPath;
    options.machine_id = "m-1";
    options.simulated = true;
    return options;
  }
  Result<std::unique_ptr<Agent>> open(const AgentOptions& options) {
    return Agent::open(machine_.world(), Logger(log_, "agent"), options);
  }
  // Opens it with the test's sources, and runs it.
  Agent& start(std::vector<content::BlobSource*> sources = {}) {
    stop();
    auto opened = open(options());
    EXPECT_TRUE(opened) << opened.error().to_string();
    agent_ = std::move(*opened);
    for (auto* source : sources) agent_->add_source(*source);
    running_.spawn(agent_->run());
    return *agent_;
  }
  void stop() {
    running_.clear();
    agent_.reset();
  }

  // A plan with one layer of this value, which the honest source has.
  profile::SitePlan plan(std::int64_t generation, const std::string& value) {
    const auto blob = layer_blob("till", value);
    honest_.add(blob);
    return test::plan(generation, {layer_of_blob("till", blob)});
  }
  Result<Acceptance> offer(const profile::SitePlan& plan) {
    return agent_->offer_plan(test::sign(plan, keys_.key()));
  }
  void pass(io::Duration duration) {
    world_.loop().run([](io::Loop& on, io::Duration time) -> io::Task<void> { co_await on.sleep(time); }(
                                                              world_.loop(), duration));
  }
  bool settles(io::Duration patience = 5min) {
    const auto end = world_.time().monotonic() + patience;
    while (!agent_->settled()) {
      if (world_.time().monotonic() > end) return false;
      pass(100ms);
    }
    return true;
  }
  std::string problems() const {
    const auto report = agent_->report();
    const auto* problems = json::find_array(report, "problems");
    return problems == nullptr ? "" : problems->dump();
  }
  bool is_anywhere(std::string_view bytes) { return test::is_anywhere(machine_.files(), kFolder, bytes); }

  io::sim::SimEntropy entropy_{7};
  test::Keys keys_{entropy_};
  test::CollectingSink log_;
  io::sim::SimWorld world_{3};
  io::sim::SimMachine& machine_{world_.add_machine("edge")};
  MemorySource honest_{"the honest source"};
  std::unique_ptr<Agent> agent_;
  io::Scope running_{world_.loop()};
};

TEST_F(AgentTest, FollowsAPlanThatItIsOfferedAndReportsIt) {
  start({&honest_});
  EXPECT_FALSE(agent_->settled());
  const auto acceptance = offer(plan(1, "one"));
  ASSERT_TRUE(acceptance) << acceptance.error().to_string();
  EXPECT_EQ(acceptance->verdict.kind, trust::PlanVerdict::Kind::Accept);
  ASSERT_TRUE(settles());
  const auto report = agent_->report();
  EXPECT_EQ(report["plan"]["generation"], 1);
  EXPECT_EQ(report["host"], "edge-1");
  EXPECT_EQ(report["status"]["layers"][0]["state"], "Healthy");
  EXPECT_EQ(problems(), "");
}

TEST_F(AgentTest, AnAgentThatRestartsWithAnAcceptedPlanTakesNoStep) {
  start({&honest_});
  ASSERT_TRUE(offer(plan(1, "one")));
  ASSERT_TRUE(settles());
  stop();
  const auto asked = honest_.asked;
  const auto told = log_.lines.size();

  start({&honest_});
  const auto writes = machine_.files().boundaries();
  EXPECT_TRUE(settles());
  pass(10min);
  EXPECT_EQ(agent_->report()["plan"]["generation"], 1);
  EXPECT_EQ(machine_.files().boundaries(), writes) << "it wrote to the disk";
  EXPECT_EQ(honest_.asked, asked) << "it asked for content that it has";
  const std::vector<std::string> since(log_.lines.begin() + static_cast<std::ptrdiff_t>(told),
                                       log_.lines.end());
  EXPECT_THAT(since, Not(Contains(HasSubstr("ing layer"))));
}

TEST_F(AgentTest, WhereTheAcceptedPlanWasLostTheLastGoodOneIsFollowedUntilItComesAgain) {
  start({&honest_});
  ASSERT_TRUE(offer(plan(1, "one")));
  ASSERT_TRUE(settles());
  stop();
  machine_.files().flip_bits(options().state.plan(), 40, 1);
  start({&honest_});
  EXPECT_TRUE(settles());
  EXPECT_EQ(agent_->report()["plan"]["generation"], 1);
  EXPECT_THAT(log_.lines, Contains(HasSubstr("plan.json.corrupt")));
  ASSERT_TRUE(offer(plan(2, "two")));
  EXPECT_TRUE(settles());
  EXPECT_EQ(agent_->report()["plan"]["generation"], 2);
}

TEST_F(AgentTest, APlanThatIsRefusedIsKeptNowhereAndReported) {
  start({&honest_});
  ASSERT_TRUE(offer(plan(2, "two")));
  ASSERT_TRUE(settles());
  const auto writes = machine_.files().boundaries();

  auto older = plan(1, "one");
  older.profile = "canary-older";
  auto equivocating = plan(2, "another");
  equivocating.profile = "canary-equivocating";
  auto elsewhere = plan(3, "three");
  elsewhere.site_uid = "canary-elsewhere";
  for (const auto& refused : {older, equivocating, elsewhere}) {
    const auto outcome = offer(refused);
    ASSERT_TRUE(outcome) << outcome.error().to_string();
    EXPECT_TRUE(outcome->verdict.refused());
    EXPECT_THAT(problems(), HasSubstr(std::string(trust::to_string(outcome->verdict.kind))));
  }
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy_);
  auto unsigned_by_us = plan(3, "three");
  unsigned_by_us.profile = "canary-stranger";
  EXPECT_FALSE(agent_->offer_plan(test::sign(unsigned_by_us, stranger)));
  EXPECT_THAT(problems(), HasSubstr("a plan was refused"));
  pass(5min);
  EXPECT_EQ(machine_.files().boundaries(), writes + 4 * 2) << "an event each, and nothing else";
  EXPECT_FALSE(is_anywhere("canary"));
  // An envelope's payload is base64.
  for (const auto& refused : {older, equivocating, elsewhere, unsigned_by_us})
    EXPECT_FALSE(is_anywhere(to_base64(as_bytes(profile::to_payload(refused)))));
  EXPECT_TRUE(is_anywhere(to_base64(as_bytes(profile::to_payload(plan(2, "two")))))) << "the right one is";

  start({&honest_});
  EXPECT_TRUE(settles());
  EXPECT_EQ(agent_->report()["plan"]["generation"], 2);
}

TEST_F(AgentTest, ContentOfAWrongDigestIsThrownAwayAndTheNextSourceIsAsked) {
  MemorySource liar("the lying source");
  liar.lie_about(layer_blob("till", "one"));
  start({&liar, &honest_});
  ASSERT_TRUE(offer(plan(1, "one")));
  ASSERT_TRUE(settles());
  EXPECT_GT(liar.asked, 0);
  EXPECT_THAT(problems(), HasSubstr("the lying source"));
  EXPECT_THAT(problems(), Not(HasSubstr("the honest source")));
  EXPECT_FALSE(is_anywhere(std::string(40, MemorySource::kLie)));
}

TEST_F(AgentTest, WithoutItsContentASiteSaysSoAndGoesOnAskingUntilSomebodyHasIt) {
  MemorySource empty("an empty source");
  start({&empty});
  ASSERT_TRUE(offer(plan(1, "one")));
  EXPECT_FALSE(settles(10min));
  const auto asked = empty.asked;
  EXPECT_GT(asked, 1);
  EXPECT_THAT(problems(), Not(HasSubstr("an empty source"))) << "not to have it is no fault";
  empty.add(layer_blob("till", "one"));
  EXPECT_TRUE(settles(10min));
}

TEST_F(AgentTest, OnlyTheLayerThatDiffersIsAppliedWhenThePlanChanges) {
  start({&honest_});
  auto both = [&](std::int64_t generation, const std::string& till) {
    const auto network = layer_blob("network", "same");
    honest_.add(network);
    auto result = plan(generation, till);
    result.layers.insert(result.layers.begin(), layer_of_blob("network", network));
    return result;
  };
  ASSERT_TRUE(offer(both(1, "one")));
  ASSERT_TRUE(settles());
  log_.lines.clear();
  ASSERT_TRUE(offer(both(2, "two")));
  ASSERT_TRUE(settles());
  EXPECT_THAT(log_.lines, Contains(HasSubstr("applying layer till")));
  EXPECT_THAT(log_.lines, Not(Contains(HasSubstr("layer network"))));
}

TEST_F(AgentTest, APlanForOtherBoxesOnlyIsNotFollowedAndThatIsSaid) {
  start({&honest_});
  auto others = plan(1, "one");
  others.hosts[0].machine_id = "m-2";
  ASSERT_TRUE(offer(others));
  pass(5min);
  EXPECT_FALSE(agent_->settled());
  EXPECT_THAT(problems(), HasSubstr("names no host with our machine ID m-1"));
  EXPECT_EQ(honest_.asked, 0);
}

TEST_F(AgentTest, ThePowerMayGoAnywhereWhileAPlanIsAppliedAndTheNextStartGetsThere) {
  // As many operations as it takes without a cut.
  start({&honest_});
  const auto before = machine_.files().boundaries();
  ASSERT_TRUE(offer(plan(1, "one")));
  ASSERT_TRUE(settles());
  const auto steps = machine_.files().boundaries() - before;
  ASSERT_GT(steps, 5U);
  for (std::uint64_t step = 1; step <= steps; ++step) {
    SCOPED_TRACE(testing::Message() << "cut at " << step << " of " << steps);
    const auto generation = static_cast<std::int64_t>(step) + 1;
    const auto next = plan(generation, "value " + std::to_string(generation));
    machine_.files().cut_power_at(machine_.files().boundaries() + step);
    log_.lines.clear();
    const auto accepted = offer(next);
    pass(2min);
    stop();
    machine_.restart(test::kSurvivals[step % std::size(test::kSurvivals)]);
    start({&honest_});
    // What was acknowledged is followed; what was not may be offered again.
    if (!accepted) ASSERT_TRUE(offer(next));
    ASSERT_TRUE(settles()) << agent_->report().dump(1) << testing::PrintToString(log_.lines);
    ASSERT_EQ(agent_->report()["plan"]["generation"], generation);
  }
}

TEST_F(AgentTest, TheFirstPlanOfANewHostSurvivesAPowerCutWithTheFolderThatItIsIn) {
  start({&honest_});
  const auto key = io::read_file(machine_.files(), StateFolder{kFolder}.identity(), 1 << 20).value();
  ASSERT_TRUE(offer(plan(1, "one")));
  machine_.cut_power();
  stop();
  machine_.restart(io::sim::Survival::Nothing);
  start({&honest_});
  EXPECT_TRUE(settles()) << "the plan was acknowledged";
  EXPECT_EQ(io::read_file(machine_.files(), StateFolder{kFolder}.identity(), 1 << 20).value_or("gone"), key)
      << "it has become another host";
}

TEST_F(AgentTest, ASecondAgentOnTheSameStateIsTurnedAway) {
  start();
  const auto second = open(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
  EXPECT_THAT(second.error().message, HasSubstr("another agent"));
  stop();
  EXPECT_TRUE(open(options()));
}

TEST_F(AgentTest, ARootIsNeededOnceAndAnotherOneIsRefused) {
  auto without = options();
  without.root_path.clear();
  const auto rootless = open(without);
  ASSERT_FALSE(rootless);
  EXPECT_THAT(rootless.error().message, HasSubstr("--root"));

  ASSERT_TRUE(open(options()));
  EXPECT_TRUE(open(without)) << "it is kept";

  const test::Keys others(entropy_);
  ASSERT_TRUE(io::write_file_atomically(machine_.files(), kRootPath, others.root().text()));
  const auto other = open(options());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Forbidden);
  EXPECT_TRUE(open(without)) << "and the first is still there";
}

}  // namespace
}  // namespace farholm::agent
