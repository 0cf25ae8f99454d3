// Planning, the plan's bytes, and reading them back.
#include "profile/plan.h"

#include <gmock/gmock.h>

#include <functional>

#include "profile/layer_blob.h"
#include "profile/planner.h"
#include "profile/test_catalog.h"

namespace farholm::profile {
namespace {

using test::demo_revision;
using test::digest;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

PlanRequest demo_request() {
  PlanRequest request;
  request.site = {.uid = "uid-1", .name_space = "retail", .name = "store-0042"};
  request.spec.profile = "store";
  request.spec.workers = 2;
  request.spec.subnet = "172.30.42.0/24";
  request.spec.variables["storeNumber"] = {.value = json::Value("0042")};
  request.spec.variables["cardKey"] = {.secret = SecretReference{.name = "store-0042", .key = "card"}};
  request.revision = demo_revision(7);
  request.hosts = {{.name = "edge-1", .uid = "host-1", .machine_id = "m-1"}};
  request.sealed["cardKey"] = {.version = "v1", .envelopes = {{"host-1", digest('e')}}};
  request.pod_subnet = kDefaultPodSubnet;
  request.service_subnet = kDefaultServiceSubnet;
  request.generation = 3;
  return request;
}

SitePlan demo_plan() {
  return make_plan(demo_request()).value();
}

std::vector<ErrorCause> causes_of(const PlanRequest& request) {
  auto plan = make_plan(request);
  return plan ? std::vector<ErrorCause>() : plan.error().causes;
}

TEST(Planner, AssignsSlotsAndAddresses) {
  EXPECT_THAT(demo_plan().nodes,
              ElementsAre(PlanNode{"control-plane-1", NodeRole::ControlPlane, "edge-1", "172.30.42.11"},
                          PlanNode{"worker-1", NodeRole::Worker, "edge-1", "172.30.42.21"},
                          PlanNode{"worker-2", NodeRole::Worker, "edge-1", "172.30.42.22"}));
}

TEST(Planner, TheOrderOfTheHostsDoesNotMatter) {
  PlanRequest request = demo_request();
  request.spec.variables.erase("cardKey");
  request.revision.layers[2].variables = {"storeNumber"};
  request.hosts = {{"b", "2", ""}, {"a", "1", ""}, {"c", "3", ""}};
  const auto bytes = to_payload(make_plan(request).value());
  std::swap(request.hosts[0], request.hosts[2]);
  EXPECT_EQ(to_payload(make_plan(request).value()), bytes);
}

TEST(Planner, NodesAreSpreadAndStayWhereTheyAre) {
  PlanRequest request = demo_request();
  request.revision.layers[2].variables = {"storeNumber"};
  request.hosts = {{"a", "1", ""}, {"b", "2", ""}};
  request.sealed["cardKey"].envelopes = {{"1", digest('e')}, {"2", digest('f')}};
  auto plan = make_plan(request).value();
  EXPECT_THAT(plan.nodes, ElementsAre(Field(&PlanNode::host, "a"), Field(&PlanNode::host, "b"),
                                      Field(&PlanNode::host, "a")));
  request.previous_nodes = plan.nodes;
  request.hosts.push_back({"0-new", "3", ""});
  request.sealed["cardKey"].envelopes["3"] = digest('0');
  EXPECT_EQ(make_plan(request).value().nodes, plan.nodes);
  request.spec.workers = 3;
  EXPECT_EQ(make_plan(request).value().nodes.back().host, "0-new");
}

TEST(Planner, EveryMistakeIsNamedByTheSitesField) {
  struct Mistake {
    const char* field;
    std::function<void(PlanRequest&)> make;
  };
  const std::vector<Mistake> mistakes = {
      {"spec.variables.storeNumber", [](auto& r) { r.spec.variables.erase("storeNumber"); }},
      {"spec.variables.storeNumber", [](auto& r) { r.spec.variables["storeNumber"].value = 42; }},
      {"spec.variables.storeNumber", [](auto& r) { r.spec.variables["storeNumber"].value = "x"; }},
      {"spec.variables.cardKey",
       [](auto& r) { r.spec.variables["cardKey"] = {.value = json::Value("canary")}; }},
      {"spec.variables.cardKey", [](auto& r) { r.spec.variables.erase("cardKey"); }},
      {"spec.variables.cardKey", [](auto& r) { r.sealed["cardKey"].envelopes.clear(); }},
      {"spec.variables.cardKey.secretRef", [](auto& r) { r.sealed.clear(); }},
      {"spec.variables.unknown", [](auto& r) { r.spec.variables["unknown"] = {.value = json::Value(1)}; }},
      {"spec.hosts.selector", [](auto& r) { r.hosts.clear(); }},
      {"spec.network.subnet", [](auto& r) { r.spec.subnet = "10.244.7.0/24"; }},
      {"spec.network.subnet", [](auto& r) { r.spec.subnet = "10.96.0.0/24"; }},
      {"spec.network.subnet", [](auto& r) { r.spec.subnet = "nonsense"; }},
      {"spec.network.subnet", [](auto& r) { r.spec.subnet = "172.30.42.0/28"; }},
  };
  for (const auto& mistake : mistakes) {
    PlanRequest request = demo_request();
    mistake.make(request);
    const auto causes = causes_of(request);
    EXPECT_THAT(causes, Contains(Field(&ErrorCause::field, mistake.field)));
    for (const auto& cause : causes) EXPECT_EQ(cause.message.find("canary"), std::string::npos);
  }
}

TEST(Planner, DefaultsAreUsedAndWhatNoLayerUsesIsLeftOut) {
  PlanRequest request = demo_request();
  EXPECT_FALSE(demo_plan().variables.contains("replicas"));
  request.revision.layers[2].variables.emplace_back("replicas");
  EXPECT_EQ(make_plan(request).value().variables.at("replicas"), json::Value(2));
}

TEST(Plan, SurvivesItsBytes) {
  SitePlan plan = demo_plan();
  plan.expires = "2027-01-01T00:00:00Z";
  plan.layers[1].depends_on = {{"kubernetes"}};
  plan.layers[2].policy = {
      .enforcement = Enforcement::Report, .rollback = Rollback::Hold, .progress_deadline_seconds = 90};
  const auto back = parse_plan(to_payload(plan));
  ASSERT_TRUE(back.has_value()) << back.error().to_string();
  EXPECT_EQ(*back, plan);
}

TEST(Plan, HoldsNoSecretAndIsSmall) {
  const std::string payload = to_payload(demo_plan());
  EXPECT_THAT(payload, HasSubstr("\"sealed\":{\"cardKey\":{\"envelopes\":{\"host-1\":"));
  EXPECT_LT(payload.size(), 2'000U);
}

TEST(Plan, AWishIsTheSameWhateverItsGeneration) {
  SitePlan other = demo_plan();
  other.generation = 99;
  other.epoch = 2;
  EXPECT_TRUE(same_wish(demo_plan(), other));
  other.variables["storeNumber"] = "0043";
  EXPECT_FALSE(same_wish(demo_plan(), other));
}

TEST(Plan, AReaderRefusesWhatContradictsItself) {
  struct Mistake {
    const char* field;
    std::function<void(json::Value&)> make;
  };
  const std::vector<Mistake> mistakes = {
      {"site.uid", [](auto& p) { p["site"].erase("uid"); }},
      {"site", [](auto& p) { p["site"] = 7; }},
      {"generation", [](auto& p) { p["generation"] = 0; }},
      {"generation", [](auto& p) { p["generation"] = 1.5; }},
      {"epoch", [](auto& p) { p["epoch"] = -1; }},
      {"expires", [](auto& p) { p["expires"] = "soon"; }},
      {"hosts[1].name", [](auto& p) { p["hosts"].push_back(p["hosts"][0]); }},
      {"hosts[0].name", [](auto& p) { p["hosts"][0]["name"] = "../etc"; }},
      {"network.subnet", [](auto& p) { p["network"]["subnet"] = "0.0.0.0/0"; }},
      {"network.subnet", [](auto& p) { p["network"]["subnet"] = "172.30.42.0/27"; }},
      {"nodes[0].address", [](auto& p) { p["nodes"][0]["address"] = "172.30.43.11"; }},
      {"nodes[0].address", [](auto& p) { p["nodes"][0]["address"] = "172.30.42.255"; }},
      {"nodes[0].address", [](auto& p) { p["nodes"][0]["address"] = "172.30.42.2"; }},
      {"nodes[1].address", [](auto& p) { p["nodes"][1]["address"] = p["nodes"][0]["address"]; }},
      {"nodes[1].slot", [](auto& p) { p["nodes"][1]["slot"] = p["nodes"][0]["slot"]; }},
      {"nodes[0].host", [](auto& p) { p["nodes"][0]["host"] = "nobody"; }},
      {"nodes[0].role", [](auto& p) { p["nodes"][0]["role"] = "King"; }},
      {"layers[0].blob", [](auto& p) { p["layers"][0]["blob"] = "sha256:12"; }},
      {"layers[0].sizeBytes", [](auto& p) { p["layers"][0]["sizeBytes"] = -1; }},
      {"layers[1].name", [](auto& p) { p["layers"][1]["name"] = p["layers"][0]["name"]; }},
      {"layers[0].variables", [](auto& p) { p["layers"][0]["variables"] = {"unset"}; }},
      {"layers[0].dependsOn", [](auto& p) { p["layers"][0]["dependsOn"] = {"till"}; }},
      {"layers[0].enforcement", [](auto& p) { p["layers"][0]["enforcement"] = "maybe"; }},
      {"layers[0].rollback", [](auto& p) { p["layers"][0]["rollback"] = "never"; }},
      {"layers[0].progressDeadlineSeconds", [](auto& p) { p["layers"][0]["progressDeadlineSeconds"] = 9; }},
      {"layers[0].progressDeadlineSeconds",
       [](auto& p) { p["layers"][0]["progressDeadlineSeconds"] = "1h"; }},
      {"variables.storeNumber", [](auto& p) { p["variables"]["storeNumber"] = {1}; }},
      {"variables.storeNumber", [](auto& p) { p["variables"]["storeNumber"] = 1e300; }},
      {"sealed.cardKey", [](auto& p) { p["variables"]["cardKey"] = "x"; }},
      {"critical", [](auto& p) { p["critical"] = {"gate"}; }},
      {"maintenance", [](auto& p) { p["maintenance"] = {{"timeZone", 7}}; }},
      {"critical", [](auto& p) { p.erase("critical"); }},
      {"layers", [](auto& p) { p["layers"] = std::vector<json::Value>(kPlanLayersMax + 1, p["layers"][0]); }},
  };
  for (const auto& mistake : mistakes) {
    json::Value payload = json::parse(to_payload(demo_plan())).value();
    mistake.make(payload);
    const auto refused = parse_plan(json::to_text(payload));
    ASSERT_FALSE(refused.has_value()) << mistake.field;
    EXPECT_THAT(refused.error().causes, Contains(Field(&ErrorCause::field, mistake.field)));
  }
  for (const char* text : {"", "[]", "7", "{}", "{\"kind\":\"SitePlan\"}", "\xff"})
    EXPECT_FALSE(parse_plan(text).has_value()) << text;
  EXPECT_FALSE(parse_plan(std::string(kPlanBytesMax + 1, ' ')).has_value());
}

TEST(Plan, UnknownMembersAreIgnored) {
  json::Value payload = json::parse(to_payload(demo_plan())).value();
  payload["policies"] = {{"gate", 1}};
  EXPECT_EQ(parse_plan(json::to_text(payload)).value(), demo_plan());
}

TEST(Fingerprint, DependsOnTheBlobAndTheValuesThatTheLayerUses) {
  const SitePlan plan = demo_plan();
  SitePlan other = plan;
  other.generation = 99;
  other.variables["storeNumber"] = "0043";
  EXPECT_EQ(layer_fingerprint(plan, plan.layers[0]), layer_fingerprint(other, other.layers[0]));
  EXPECT_NE(layer_fingerprint(plan, plan.layers[1]), layer_fingerprint(other, other.layers[1]));
  other = plan;
  other.sealed["cardKey"].envelopes["host-1"] = digest('0');
  EXPECT_EQ(layer_fingerprint(plan, plan.layers[2]), layer_fingerprint(other, other.layers[2]));
  other.sealed["cardKey"].version = "v2";
  EXPECT_NE(layer_fingerprint(plan, plan.layers[2]), layer_fingerprint(other, other.layers[2]));
}

TEST(Fingerprint, OfTheKubernetesLayerAloneDependsOnTheNodes) {
  const SitePlan plan = demo_plan();
  SitePlan other = plan;
  other.nodes.pop_back();
  EXPECT_NE(layer_fingerprint(plan, plan.layers[0]), layer_fingerprint(other, other.layers[0]));
  EXPECT_EQ(layer_fingerprint(plan, plan.layers[1]), layer_fingerprint(other, other.layers[1]));
}

TEST(LayerBlob, IsReadAndItsVariablesPutIn) {
  const auto frozen = freeze(test::demo_profile_spec(), test::demo_catalog()).value();
  const SitePlan plan = demo_plan();
  const auto content = parse_layer_blob(plan.layers[2], frozen.blobs[2].bytes);
  ASSERT_TRUE(content.has_value()) << content.error().to_string();
  EXPECT_THAT(content->bundles, ElementsAre(digest('3')));
  const auto spec = resolve_layer(plan, plan.layers[2], *content, {{"cardKey", "opened"}}).value();
  EXPECT_EQ(spec["objects"][1]["data"], (json::Value{{"number", "0042"}, {"key", "opened"}}));
  EXPECT_FALSE(resolve_layer(plan, plan.layers[2], *content, {}).has_value());
}

TEST(LayerBlob, WhatIsNotTheLayersIsRefused) {
  const auto frozen = freeze(test::demo_profile_spec(), test::demo_catalog()).value();
  const SitePlan plan = demo_plan();
  EXPECT_FALSE(parse_layer_blob(plan.layers[1], frozen.blobs[2].bytes).has_value());
  EXPECT_FALSE(parse_layer_blob(plan.layers[2], "{}").has_value());
  EXPECT_FALSE(parse_layer_blob(plan.layers[2], "").has_value());
  for (const char* member : {"objects", "bundles", "images"}) {
    auto blob = json::parse(frozen.blobs[2].bytes).value();
    blob[member] = 7;
    EXPECT_FALSE(parse_layer_blob(plan.layers[2], json::to_text(blob)).has_value()) << member;
  }
  for (const char* member : {"bundle", "podSubnet", "apiPort", "listeners", "version"}) {
    auto blob = json::parse(frozen.blobs[0].bytes).value();
    blob[member] = json::Value::array({7});
    EXPECT_FALSE(parse_layer_blob(plan.layers[0], json::to_text(blob)).has_value()) << member;
  }
}

}  // namespace
}  // namespace farholm::profile
