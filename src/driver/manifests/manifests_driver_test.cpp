#include "driver/manifests/manifests_driver.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/manifests/inventory.h"
#include "driver/manifests/order.h"
#include "kube_client/fake_cluster.h"

namespace farholm::driver::manifests {
namespace {

using kube_client::ObjectRef;

class ManualClock final : public io::Clock {
 public:
  io::WallTime now() const override { return io::WallTime(time_.time_since_epoch()); }
  io::MonotonicTime monotonic() const override { return time_; }
  void advance_to(io::MonotonicTime time) { time_ = std::max(time_, time); }

 private:
  io::MonotonicTime time_;
};

class JumpingPoller final : public io::Poller {
 public:
  explicit JumpingPoller(ManualClock& clock) : clock_(clock) {}
  void wait(std::optional<io::MonotonicTime> deadline) override {
    if (deadline) clock_.advance_to(*deadline);
  }
  bool idle() const override { return true; }

 private:
  ManualClock& clock_;
};

json::Value yaml(std::string_view text) {
  auto parsed = json::parse_yaml(text);
  EXPECT_TRUE(parsed) << parsed.error().to_string();
  return *parsed;
}

constexpr std::string_view kTill = R"(
objects:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: till, namespace: shop}, spec: {replicas: 1}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: prices, namespace: shop}, data: {tea: "2"}}
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
)";

const ObjectRef kDeployment{
    .api_version = "apps/v1", .kind = "Deployment", .name_space = "shop", .name = "till"};
const ObjectRef kPrices{.api_version = "v1", .kind = "ConfigMap", .name_space = "shop", .name = "prices"};

const ObjectRef kInventory{
    .api_version = "v1", .kind = "ConfigMap", .name_space = "farholm-system", .name = "layer-till"};

class ManifestsDriverTest : public testing::Test {
 protected:
  Layer layer(std::string_view objects, std::string fingerprint) {
    return {
        .name = "till", .type = "manifests", .fingerprint = std::move(fingerprint), .spec = yaml(objects)};
  }
  Result<void> apply(const Layer& layer) {
    return loop_.run(driver_->apply(site_, layer, [](std::string_view) {}));
  }
  Observation observe(const Layer& layer) {
    auto first = loop_.run(driver_->observe(site_, layer));
    EXPECT_TRUE(first) << first.error().to_string();
    loop_.run(settle());
    auto observation = loop_.run(driver_->observe(site_, layer));
    EXPECT_TRUE(observation) << observation.error().to_string();
    return *observation;
  }
  io::Task<void> settle() {
    for (int i = 0; i < 20; ++i) co_await loop_.yield();
  }
  void make_healthy() {
    cluster_.put_status(
        kDeployment, yaml("{observedGeneration: 9, replicas: 1, updatedReplicas: 1, availableReplicas: 1}"));
  }
  void restart() {
    driver_ = std::make_unique<ManifestsDriver>(
        loop_, [this]() -> Result<kube_client::Cluster*> { return &cluster_; });
  }

  ManualClock clock_;
  JumpingPoller poller_{clock_};
  io::Loop loop_{clock_, poller_};
  kube_client::FakeCluster cluster_{loop_};
  SiteContext site_;
  std::unique_ptr<ManifestsDriver> driver_ = std::make_unique<ManifestsDriver>(
      loop_, [this]() -> Result<kube_client::Cluster*> { return &cluster_; });
};

TEST_F(ManifestsDriverTest, ObjectsAreLabelledAndNamespacesComeFirst) {
  const auto objects = prepare(yaml(kTill), "till");
  ASSERT_TRUE(objects);
  EXPECT_EQ((*objects)[0]["kind"], "Namespace");
  EXPECT_EQ((*objects)[2]["kind"], "Deployment");
  for (const auto& object : *objects) EXPECT_EQ(object["metadata"]["labels"]["farholm.dev/layer"], "till");
}

TEST_F(ManifestsDriverTest, AnObjectThatComesTwiceIsNamed) {
  const auto objects = prepare(yaml("objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}, "
                                    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]"),
                               "till");
  ASSERT_FALSE(objects);
  EXPECT_THAT(objects.error().message, testing::HasSubstr("ConfigMap a twice"));
}

TEST_F(ManifestsDriverTest, ALayerGoesFromAbsentOverProgressingToHealthy) {
  const auto till = layer(kTill, "v1");
  EXPECT_EQ(observe(till).health, Health::Absent);
  ASSERT_TRUE(apply(till));
  const auto progressing = observe(till);
  EXPECT_EQ(progressing.health, Health::Progressing);
  EXPECT_THAT(progressing.message, testing::HasSubstr("Deployment shop/till"));
  make_healthy();
  EXPECT_EQ(observe(till).health, Health::Healthy) << observe(till).message;
  EXPECT_EQ(observe(till).fingerprint, "v1");
}

TEST_F(ManifestsDriverTest, ThePodThatKeepsAWorkloadFromBeingHealthySaysWhy) {
  const auto till = layer(
      "objects: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: till, namespace: shop}, "
      "spec: {replicas: 1, selector: {matchLabels: {app: till}}, template: {}}}]",
      "v1");
  ASSERT_TRUE(apply(till));
  for (const auto* name_space : {"another", "shop"}) {
    const ObjectRef pod{.api_version = "v1", .kind = "Pod", .name_space = name_space, .name = "till-0"};
    ASSERT_TRUE(loop_.run(cluster_.apply(
        {{"apiVersion", "v1"},
         {"kind", "Pod"},
         {"metadata", {{"name", pod.name}, {"namespace", pod.name_space}, {"labels", {{"app", "till"}}}}}},
        "kubelet")));
    cluster_.put_status(pod,
                        yaml(fmt::format("{{containerStatuses: [{{name: till, image: {}, state: {{waiting: "
                                         "{{reason: ErrImagePull}}}}}}]}}",
                                         name_space)));
  }
  EXPECT_THAT(observe(till).message, testing::HasSubstr("the image shop of container till cannot be had"));
}

TEST_F(ManifestsDriverTest, WhatLeftTheLayerIsPrunedAlsoByANewAgent) {
  ASSERT_TRUE(apply(layer(kTill, "v1")));
  restart();
  ASSERT_TRUE(apply(
      layer("objects: [{apiVersion: v1, kind: Namespace, metadata: {name: shop}}, {apiVersion: apps/v1, "
            "kind: Deployment, metadata: {name: till, namespace: shop}, spec: {replicas: 1}}]",
            "v2")));
  EXPECT_FALSE(cluster_.objects().contains(kPrices));
  EXPECT_TRUE(cluster_.objects().contains(kDeployment));
}

TEST_F(ManifestsDriverTest, AnObjectThatAnotherLayerTookOverIsNotPruned) {
  ASSERT_TRUE(apply(layer(kTill, "v1")));
  json::Value taken = cluster_.objects().at(kPrices);
  taken["metadata"]["labels"]["farholm.dev/layer"] = "prices";
  ASSERT_TRUE(loop_.run(cluster_.apply(taken, "farholm")));
  ASSERT_TRUE(apply(layer("objects: [{apiVersion: v1, kind: Namespace, metadata: {name: shop}}]", "v2")));
  EXPECT_TRUE(cluster_.objects().contains(kPrices));
  EXPECT_FALSE(cluster_.objects().contains(kDeployment));
}

TEST_F(ManifestsDriverTest, ADeletedObjectIsDriftAndComesBack) {
  const auto till = layer(kTill, "v1");
  ASSERT_TRUE(apply(till));
  make_healthy();
  ASSERT_EQ(observe(till).health, Health::Healthy);
  cluster_.erase(kPrices);
  const auto observation = observe(till);
  EXPECT_EQ(observation.health, Health::Drifted);
  EXPECT_EQ(observation.message, "ConfigMap shop/prices is gone");
  EXPECT_TRUE(observation.lost);
  ASSERT_TRUE(apply(till));
  EXPECT_EQ(observe(till).health, Health::Healthy);
}

TEST_F(ManifestsDriverTest, AChangedObjectIsDriftUntilItIsAppliedAgain) {
  const auto till = layer(kTill, "v1");
  ASSERT_TRUE(apply(till));
  make_healthy();
  cluster_.touch_spec(kDeployment, yaml("{spec: {replicas: 5}}"));
  EXPECT_EQ(observe(till).health, Health::Drifted);
  EXPECT_FALSE(observe(till).lost);
  ASSERT_TRUE(apply(till));
  EXPECT_EQ(cluster_.objects().at(kDeployment)["spec"]["replicas"], 1);
}

// What a controller fills in is its own: a volume that is bound, replicas that an autoscaler sets.
TEST_F(ManifestsDriverTest, WhatOthersAddIsNoDrift) {
  const auto till = layer(kTill, "v1");
  ASSERT_TRUE(apply(till));
  make_healthy();
  cluster_.touch_spec(kPrices, yaml("{metadata: {annotations: {seen-by: somebody}}, data: {coffee: '3'}}"));
  EXPECT_EQ(observe(till).health, Health::Healthy) << observe(till).message;
  cluster_.touch_spec(kPrices, yaml("{metadata: {labels: {farholm.dev/layer: till, ours: '1'}}}"));
  EXPECT_EQ(observe(till).health, Health::Drifted) << "a label of ours was taken, and no generation moved";
}

TEST_F(ManifestsDriverTest, ApplyingAgainChangesNothing) {
  const auto till = layer(kTill, "v1");
  ASSERT_TRUE(apply(till));
  const auto before = cluster_.objects();
  restart();
  ASSERT_TRUE(apply(till));
  EXPECT_EQ(cluster_.objects(), before);
}

TEST_F(ManifestsDriverTest, ANewAgentTouchesNothingThatIsRight) {
  const auto till = layer(kTill, "v1");
  ASSERT_TRUE(apply(till));
  make_healthy();
  const auto before = cluster_.objects();
  restart();
  EXPECT_EQ(observe(till).health, Health::Healthy) << observe(till).message;
  EXPECT_EQ(observe(till).fingerprint, "v1");
  EXPECT_EQ(cluster_.objects(), before);
}

TEST_F(ManifestsDriverTest, ANewAgentSeesWhatWasChangedMeanwhile) {
  const auto till = layer(kTill, "v1");
  ASSERT_TRUE(apply(till));
  make_healthy();
  cluster_.touch_spec(kPrices, yaml("{data: {tea: '9'}}"));
  restart();
  EXPECT_EQ(observe(till).health, Health::Drifted);
  EXPECT_EQ(observe(till).message, "ConfigMap shop/prices was changed by somebody");
  EXPECT_FALSE(observe(till).lost);
  cluster_.erase(kPrices);
  restart();
  EXPECT_EQ(observe(till).message, "ConfigMap shop/prices is gone");
  EXPECT_TRUE(observe(till).lost);
}

TEST_F(ManifestsDriverTest, WhatAnEarlierAgentAppliedIsLookedThroughOnce) {
  const auto till = layer(kTill, "v1");
  ASSERT_TRUE(apply(till));
  make_healthy();
  auto inventory = cluster_.objects().at(kInventory);
  auto rows = *json::parse(inventory["data"]["objects"].get<std::string>());
  for (auto& row : rows) row.erase("version");
  inventory["data"]["objects"] = json::to_text(rows);
  ASSERT_TRUE(loop_.run(cluster_.apply(inventory, "farholm")));
  restart();
  EXPECT_EQ(observe(till).health, Health::Drifted);
  ASSERT_TRUE(apply(till));
  EXPECT_EQ(observe(till).health, Health::Healthy);
  restart();
  EXPECT_EQ(observe(till).health, Health::Healthy);
}

TEST_F(ManifestsDriverTest, AnImmutableFieldMakesTheObjectAnew) {
  ASSERT_TRUE(apply(layer(kTill, "v1")));
  const auto before = cluster_.objects().at(kDeployment)["metadata"]["uid"];
  cluster_.make_immutable(kDeployment);
  ASSERT_TRUE(apply(
      layer("objects: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: till, namespace: shop}, "
            "spec: {replicas: 1, selector: {matchLabels: {a: b}}}}]",
            "v2")));
  EXPECT_NE(cluster_.objects().at(kDeployment)["metadata"]["uid"], before);
}

TEST_F(ManifestsDriverTest, RemovingALayerRemovesItsObjectsAndItsInventory) {
  ASSERT_TRUE(apply(layer(kTill, "v1")));
  ASSERT_TRUE(loop_.run(driver_->remove(site_, "till", [](std::string_view) {})));
  EXPECT_FALSE(cluster_.objects().contains(kDeployment));
  EXPECT_FALSE(cluster_.objects().contains(kPrices));
  const auto inventory = loop_.run(load_inventory(cluster_, "till"));
  ASSERT_TRUE(inventory);
  EXPECT_FALSE(inventory->has_value());
}

TEST_F(ManifestsDriverTest, AnApplyThatWasCutOffStillPrunesLater) {
  ASSERT_TRUE(apply(layer(kTill, "v1")));
  // The second version stops at its first object, before it prunes.
  cluster_.make_immutable(kDeployment);
  auto cut = driver_->apply(
      site_,
      layer("objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: shop}}]", "v2"),
      [](std::string_view) {});
  cut.reset();
  restart();
  ASSERT_TRUE(apply(layer("objects: [{apiVersion: v1, kind: Namespace, metadata: {name: shop}}]", "v3")));
  EXPECT_FALSE(cluster_.objects().contains(kDeployment));
  EXPECT_FALSE(cluster_.objects().contains(kPrices));
}

}  // namespace
}  // namespace farholm::driver::manifests
