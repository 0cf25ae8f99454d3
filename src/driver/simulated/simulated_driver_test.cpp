#include "driver/simulated/simulated_driver.h"

#include <gmock/gmock.h>

#include "io/sim/sim_world.h"

namespace farholm::driver::simulated {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr const char* kPath = "/state/simulated.json";

class SimulatedDriverTest : public testing::Test {
 protected:
  SimulatedDriverTest() {
    EXPECT_TRUE(machine_.files().make_directories("/state"));
    EXPECT_TRUE(machine_.files().sync_directory("/"));
    restart();
  }
  // As an agent that is started again.
  void restart() {
    driver_.reset();
    auto opened = SimulatedDriver::open(world_.loop(), machine_.files(), kPath);
    ASSERT_TRUE(opened) << opened.error().to_string();
    driver_ = std::move(*opened);
  }
  Observation look() { return world_.loop().run(driver_->observe(site_, layer_)).value(); }
  void apply() {
    ASSERT_TRUE(world_.loop().run(
        driver_->apply(site_, layer_, [this](std::string_view text) { said_.emplace_back(text); })));
  }
  void pass(io::Duration time) {
    world_.loop().run([](io::Loop& loop, io::Duration pause) -> io::Task<void> {
      co_await loop.sleep(pause);
    }(world_.loop(), time));
  }
  std::string record() { return io::read_file(machine_.files(), kPath, 1 << 20).value(); }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_ = world_.add_machine("edge");
  SiteContext site_{.site_name = "store",
                    .host = "edge-1",
                    .nodes = {{.slot = "control-plane-1", .host = "edge-1"},
                              {.slot = "worker-1", .host = "edge-1"},
                              {.slot = "worker-2", .host = "another"}}};
  Layer layer_{"till", "manifests", "sha256:1",
               json::Value{{"objects",
                            {{{"kind", "Namespace"}, {"metadata", {{"name", "till"}}}},
                             {{"kind", "Secret"},
                              {"metadata", {{"name", "card"}, {"namespace", "till"}}},
                              {"stringData", {{"key", "canary-secret"}}}}}}}};
  std::vector<std::string> said_;
  std::unique_ptr<SimulatedDriver> driver_;
};

TEST_F(SimulatedDriverTest, ALayerIsAbsentThenProgressingThenHealthyThenAbsentAgain) {
  EXPECT_EQ(look().health, Health::Absent);
  apply();
  EXPECT_EQ(look().health, Health::Progressing);
  pass(2s);
  EXPECT_EQ(look().health, Health::Healthy);
  EXPECT_EQ(look().fingerprint, "sha256:1");
  ASSERT_TRUE(world_.loop().run(driver_->remove(site_, "till", {})));
  EXPECT_EQ(look().health, Health::Absent);
  EXPECT_TRUE(world_.loop().run(driver_->remove(site_, "till", {}))) << "nothing is there: no error";
}

TEST_F(SimulatedDriverTest, SaysWhenALayerHasBecomeHealthy) {
  apply();
  driver_->changed().clear();
  pass(1s);
  EXPECT_FALSE(driver_->changed().is_set());
  pass(2s);
  EXPECT_TRUE(driver_->changed().is_set());
}

TEST_F(SimulatedDriverTest, ARestartChangesNothingAndWritesNothing) {
  apply();
  const auto before = record();
  const auto boundaries = machine_.files().boundaries();
  restart();
  EXPECT_EQ(look().health, Health::Healthy);
  EXPECT_EQ(look().fingerprint, "sha256:1");
  EXPECT_EQ(record(), before);
  EXPECT_EQ(machine_.files().boundaries(), boundaries);
}

TEST_F(SimulatedDriverTest, AnotherFingerprintIsDrifted) {
  apply();
  layer_.fingerprint = "sha256:2";
  EXPECT_EQ(look().health, Health::Drifted);
  EXPECT_EQ(look().fingerprint, "sha256:1");
}

TEST_F(SimulatedDriverTest, AnApplyThatWasCutOffLeavesTheLayerDriftedAlsoAfterARestart) {
  apply();
  {
    auto task = driver_->apply(site_, layer_, {});
    task.start();
  }
  EXPECT_EQ(look().health, Health::Drifted);
  restart();
  EXPECT_EQ(look().health, Health::Drifted);
  EXPECT_EQ(look().fingerprint, "");
}

TEST_F(SimulatedDriverTest, EverySentenceSaysThatItIsSimulated) {
  said_.push_back(look().message);
  apply();
  said_.push_back(look().message);
  layer_.fingerprint = "sha256:2";
  said_.push_back(look().message);
  ASSERT_TRUE(world_.loop().run(
      driver_->remove(site_, "till", [this](std::string_view text) { said_.emplace_back(text); })));
  EXPECT_THAT(said_, AllOf(SizeIs(6), Each(HasSubstr("simulated"))));
}

TEST_F(SimulatedDriverTest, NamesWhatWouldBeBroughtUpOnThisHost) {
  apply();
  EXPECT_THAT(said_, testing::ElementsAre("simulated: bringing up Namespace till",
                                          "simulated: bringing up Secret till/card"));
  said_.clear();
  layer_ = {"kubernetes", "kubernetes", "sha256:1", json::Value::object()};
  apply();
  EXPECT_THAT(said_, testing::ElementsAre(HasSubstr("etcd"), HasSubstr("control-plane-1"),
                                          HasSubstr("worker-1"), HasSubstr("balancer")));
}

TEST_F(SimulatedDriverTest, ALayerOfManyObjectsTakesNoLongerThanItsLimit) {
  for (int i = 0; i < 1000; ++i) layer_.spec["objects"].push_back({{"kind", "ConfigMap"}});
  const auto begin = world_.loop().clock().monotonic();
  apply();
  EXPECT_LE(world_.loop().clock().monotonic() - begin, Pace().layer_max);
}

TEST_F(SimulatedDriverTest, TheRecordHoldsNothingOfWhatALayerHolds) {
  apply();
  EXPECT_THAT(record(), AllOf(HasSubstr("till"), Not(HasSubstr("canary")), Not(HasSubstr("card"))));
}

TEST_F(SimulatedDriverTest, TheRecordIsThereAsSoonAsItIsOpened) {
  EXPECT_THAT(record(), HasSubstr("simulated"));
  machine_.cut_power();
  machine_.restart(io::sim::Survival::Nothing);
  EXPECT_THAT(record(), HasSubstr("simulated"));
}

TEST_F(SimulatedDriverTest, ARecordThatCannotBeReadIsAnErrorThatSaysWhatToDo) {
  for (const auto* text :
       {"", "{", "[]", R"({"format":2,"layers":{}})", R"({"format":1,"layers":{"a":1}})"}) {
    ASSERT_TRUE(io::write_file_atomically(machine_.files(), kPath, text));
    const auto opened = SimulatedDriver::open(world_.loop(), machine_.files(), kPath);
    ASSERT_FALSE(opened) << text;
    EXPECT_THAT(opened.error().to_string(), HasSubstr("empty state folder"));
  }
}

TEST_F(SimulatedDriverTest, WhenTheDiskFailsApplyingFailsAndCanBeTriedAgain) {
  machine_.files().fail_at(machine_.files().boundaries() + 1);
  EXPECT_FALSE(world_.loop().run(driver_->apply(site_, layer_, {})));
  EXPECT_EQ(look().health, Health::Absent);
  apply();
  EXPECT_EQ(look().health, Health::Progressing);
}

}  // namespace
}  // namespace farholm::driver::simulated
