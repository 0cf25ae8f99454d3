#include "profile/layer_diff.h"

#include <gtest/gtest.h>

#include <functional>

#include "profile/effect_table.h"
#include "profile/planner.h"
#include "profile/test_catalog.h"

namespace farholm::profile {
namespace {

// A profile spec, planned for one site, with its blobs.
struct Planned {
  SitePlan plan;
  DiffSide side;

  explicit Planned(const json::Value& spec, const std::function<void(PlanRequest&)>& adjust = {}) {
    const auto frozen = freeze(spec, test::demo_catalog()).value();
    PlanRequest request;
    request.site = {"uid", "retail", "store"};
    request.spec.workers = 1;
    request.spec.subnet = "172.30.42.0/24";
    request.spec.variables["storeNumber"] = {.value = json::Value("0042")};
    request.spec.variables["cardKey"] = {.secret = SecretReference{"s", "k"}};
    request.revision = frozen.numbered("store", "retail", 1);
    request.hosts = {{"edge-1", "h1", ""}};
    request.sealed["cardKey"] = {.version = "1", .envelopes = {{"h1", test::digest('e')}}};
    if (adjust) adjust(request);
    plan = make_plan(request).value();
    for (const auto& blob : frozen.blobs) side.blobs[blob.digest] = json::parse(blob.bytes).value();
    side.plan = &plan;
  }
  Planned(const Planned&) = delete;
  Planned& operator=(const Planned&) = delete;
};

std::vector<LayerDiff> diff_of(const Planned& before, const Planned& after) {
  return diff(before.side, after.side).value();
}

// The diff of the till layer after an edit of its objects; the other layers must be the same.
LayerDiff till_diff(const std::function<void(json::Value& objects)>& edit) {
  json::Value spec = test::demo_profile_spec();
  const Planned before(spec);
  edit(spec["layers"][2]["content"]["inline"]);
  const Planned after(spec);
  const auto layers = diff_of(before, after);
  EXPECT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[0].change, Change::Same);
  EXPECT_EQ(layers[1].change, Change::Same);
  return layers[2];
}

TEST(LayerDiff, EqualPlansDifferInNothing) {
  const Planned one(test::demo_profile_spec());
  const Planned other(test::demo_profile_spec());
  for (const auto& layer : diff_of(one, other)) {
    EXPECT_EQ(layer.change, Change::Same);
    EXPECT_EQ(layer.effect, Effect::NoOp);
    EXPECT_TRUE(layer.reasons.empty());
  }
}

TEST(LayerDiff, APodTemplateRestarts) {
  const auto till = till_diff(
      [](json::Value& objects) { objects[0]["spec"]["template"]["spec"]["containers"][0]["args"] = {"-v"}; });
  EXPECT_EQ(till.change, Change::Changed);
  EXPECT_EQ(till.effect, Effect::Restart);
  ASSERT_EQ(till.reasons.size(), 1U);
  EXPECT_EQ(till.reasons[0].object, "Deployment shop/till");
  EXPECT_EQ(till.reasons[0].field, "spec.template.spec.containers[0].args");
}

TEST(LayerDiff, ReplicasReload) {
  EXPECT_EQ(till_diff([](json::Value& objects) { objects[0]["spec"]["replicas"] = 3; }).effect,
            Effect::Reload);
}

TEST(LayerDiff, LabelsDoNothing) {
  EXPECT_EQ(till_diff([](json::Value& objects) { objects[0]["metadata"]["labels"] = {{"a", "b"}}; }).effect,
            Effect::NoOp);
}

TEST(LayerDiff, AnImmutableFieldRebuilds) {
  const auto till = till_diff([](json::Value& objects) {
    objects[0]["spec"]["selector"]["matchLabels"]["app"] = "other";
    objects[0]["spec"]["replicas"] = 3;
  });
  EXPECT_EQ(till.effect, Effect::Rebuild);
  EXPECT_EQ(till.reasons[0].field, "spec.selector.matchLabels.app");  // the gravest first
}

TEST(LayerDiff, AConfigMapReloads) {
  EXPECT_EQ(till_diff([](json::Value& objects) { objects[1]["data"]["x.y"] = "1"; }).effect, Effect::Reload);
}

TEST(LayerDiff, AnImmutableConfigMapRebuilds) {
  json::Value spec = test::demo_profile_spec();
  spec["layers"][2]["content"]["inline"][1]["immutable"] = true;
  const Planned before(spec);
  spec["layers"][2]["content"]["inline"][1]["data"]["x"] = "1";
  const Planned after(spec);
  EXPECT_EQ(diff_of(before, after)[2].effect, Effect::Rebuild);
}

TEST(LayerDiff, ObjectsComeAndGo) {
  const auto added = till_diff([](json::Value& objects) { objects.push_back(test::config_map("more", {})); });
  EXPECT_EQ(added.effect, Effect::Reload);
  EXPECT_EQ(added.reasons[0].text, "is added");
  const auto removed = till_diff([](json::Value& objects) { objects.erase(0); });
  EXPECT_EQ(removed.effect, Effect::Restart);
  EXPECT_EQ(removed.reasons[0].text, "is removed");
}

TEST(LayerDiff, AVariableTouchesOnlyWhatUsesIt) {
  const Planned before(test::demo_profile_spec());
  const Planned after(test::demo_profile_spec(), [](PlanRequest& request) {
    request.sealed["cardKey"] = {.version = "2", .envelopes = {{"h1", test::digest('f')}}};
  });
  const auto layers = diff_of(before, after);
  EXPECT_EQ(layers[1].change, Change::Same);
  EXPECT_EQ(layers[2].change, Change::Changed);
  EXPECT_EQ(layers[2].effect, Effect::Reload);
  EXPECT_EQ(layers[2].reasons[0].field, "data.key");
}

TEST(LayerDiff, ANodePortReloadsHaproxyAndWhatItsContainerPublishesRestartsIt) {
  json::Value spec = test::demo_profile_spec();
  const Planned before(spec);
  spec["layers"][0]["listeners"][0]["nodePort"] = 30999;
  const Planned other_node_port(spec);
  EXPECT_EQ(diff_of(before, other_node_port)[0].effect, Effect::Reload);
  spec["layers"][0]["listeners"][0]["port"] = 8081;
  const Planned other_port(spec);
  EXPECT_EQ(diff_of(before, other_port)[0].effect, Effect::Restart);
  spec["layers"][0]["listeners"].push_back({{"name", "second"}, {"port", 8082}, {"nodePort", 30082}});
  const Planned one_more(spec);
  EXPECT_EQ(diff_of(other_port, one_more)[0].effect, Effect::Restart);
  spec["layers"][0]["apiPort"] = 7443;
  const Planned other_api_port(spec);
  EXPECT_EQ(diff_of(one_more, other_api_port)[0].effect, Effect::Restart);
  spec["layers"][0]["podSubnet"] = "10.100.0.0/16";
  const Planned other_subnet(spec);
  EXPECT_EQ(diff_of(before, other_subnet)[0].effect, Effect::Rebuild);
}

TEST(LayerDiff, ANodeMoreReloadsAndANodeLessRestarts) {
  const Planned one(test::demo_profile_spec());
  const Planned two(test::demo_profile_spec(), [](PlanRequest& request) { request.spec.workers = 2; });
  EXPECT_EQ(diff_of(one, two)[0].effect, Effect::Reload);
  EXPECT_EQ(diff_of(two, one)[0].effect, Effect::Restart);
  EXPECT_EQ(diff_of(one, two)[1].change, Change::Same);
}

TEST(LayerDiff, LayersComeAndGo) {
  json::Value spec = test::demo_profile_spec();
  const Planned full(spec);
  spec["layers"].erase(2);
  const Planned less(spec, [](PlanRequest& request) {
    request.spec.variables.erase("cardKey");
    request.sealed.clear();
  });
  const auto removed = diff_of(full, less);
  ASSERT_EQ(removed.size(), 3U);
  EXPECT_EQ(removed[2].name, "till");
  EXPECT_EQ(removed[2].change, Change::Removed);
  EXPECT_EQ(removed[2].effect, Effect::Restart);
  const auto added = diff_of(less, full);
  EXPECT_EQ(added[2].change, Change::Added);
  EXPECT_EQ(added[2].effect, Effect::Reload);
  const auto first = diff({}, full.side).value();
  EXPECT_EQ(first[0].change, Change::Added);
  EXPECT_EQ(first[0].effect, Effect::Rebuild);
}

TEST(LayerDiff, AMissingBlobIsNamed) {
  const Planned before(test::demo_profile_spec());
  json::Value spec = test::demo_profile_spec();
  spec["layers"][2]["content"]["inline"][0]["spec"]["replicas"] = 3;
  Planned after(spec);
  after.side.blobs.clear();
  EXPECT_FALSE(diff(before.side, after.side).has_value());
}

TEST(EffectTable, TheFirstRowThatCoversAFieldCounts) {
  EXPECT_EQ(effect_of("apps", "StatefulSet", "spec.replicas"), Effect::Reload);
  EXPECT_EQ(effect_of("apps", "StatefulSet", "spec.template.spec.containers.image"), Effect::Restart);
  EXPECT_EQ(effect_of("apps", "StatefulSet", "spec.volumeClaimTemplates"), Effect::Rebuild);
  EXPECT_EQ(effect_of("", "PersistentVolumeClaim", "spec.resources.requests.storage"), Effect::Reload);
  EXPECT_EQ(effect_of("", "PersistentVolumeClaim", "spec.storageClassName"), Effect::Rebuild);
  EXPECT_EQ(effect_of("", "Service", "spec.clusterIP"), Effect::Rebuild);
  EXPECT_EQ(effect_of("", "Service", "spec.clusterIPsX"), Effect::Reload);
  EXPECT_EQ(effect_of("batch", "Job", "spec.template.spec"), Effect::Rebuild);
  EXPECT_EQ(effect_of("rbac.authorization.k8s.io", "RoleBinding", "roleRef.name"), Effect::Rebuild);
  EXPECT_EQ(effect_of("storage.k8s.io", "StorageClass", "provisioner"), Effect::Rebuild);
  EXPECT_EQ(effect_of("example.com", "Thing", "spec.x"), Effect::Reload);
}

}  // namespace
}  // namespace farholm::profile
