// What the schema cannot say about profiles and sites.
#include <gmock/gmock.h>

#include <functional>

#include "profile/admit.h"
#include "profile/cluster_profile.h"
#include "profile/kinds.h"
#include "profile/site.h"
#include "profile/test_catalog.h"

namespace farholm::profile {
namespace {

using testing::IsEmpty;

struct WrongProfile {
  const char* field;
  std::function<void(json::Value& spec)> make_wrong;
};

std::vector<std::string> fields(const std::vector<ErrorCause>& causes) {
  std::vector<std::string> names;
  for (const auto& cause : causes) names.push_back(cause.field + " (" + cause.message + ")");
  return names;
}

bool has_field(const std::vector<ErrorCause>& causes, const std::string& field) {
  for (const auto& cause : causes)
    if (cause.field == field) return true;
  return false;
}

TEST(ProfileRules, TheDemoProfileIsValid) {
  EXPECT_THAT(check_profile_spec(test::demo_profile_spec()), IsEmpty());
}

TEST(ProfileRules, EveryMistakeIsNamedByItsField) {
  const std::vector<WrongProfile> mistakes = {
      {"spec.variables[0].pattern", [](auto& spec) { spec["variables"][0]["pattern"] = "["; }},
      {"spec.variables[1].pattern", [](auto& spec) { spec["variables"][1]["pattern"] = "x"; }},
      {"spec.variables[1].default", [](auto& spec) { spec["variables"][1]["default"] = "two"; }},
      {"spec.variables[2].default", [](auto& spec) { spec["variables"][2]["default"] = "secret"; }},
      {"spec.variables[0].default", [](auto& spec) { spec["variables"][0]["default"] = "0001"; }},
      {"spec.variables[1].enum[1]", [](auto& spec) { spec["variables"][1]["enum"] = {2, "x"}; }},
      {"spec.variables[1].name", [](auto& spec) { spec["variables"][1]["name"] = "storeNumber"; }},
      {"spec.layers[1].name", [](auto& spec) { spec["layers"][1]["name"] = "kubernetes"; }},
      {"spec.layers[1].type", [](auto& spec) { spec["layers"][1] = spec["layers"][0]; }},
      {"spec.layers[1].type", [](auto& spec) { spec["layers"][1]["type"] = "os"; }},
      {"spec.layers[1].type", [](auto& spec) { spec["layers"][1]["type"] = "vm"; }},
      {"spec.layers[0].version", [](auto& spec) { spec["layers"][0].erase("version"); }},
      {"spec.layers[0].version", [](auto& spec) { spec["layers"][0]["version"] = "v1.20.0"; }},
      {"spec.layers[0].version", [](auto& spec) { spec["layers"][0]["version"] = "v1.350.0"; }},
      {"spec.layers[0].podSubnet", [](auto& spec) { spec["layers"][0]["podSubnet"] = "10.244.0.1/16"; }},
      {"spec.layers[0].podSubnet", [](auto& spec) { spec["layers"][0]["podSubnet"] = "10.244.0.0/24"; }},
      {"spec.layers[0].serviceSubnet", [](auto& spec) { spec["layers"][0]["serviceSubnet"] = "10.0.0.0/8"; }},
      {"spec.layers[0].serviceSubnet",
       [](auto& spec) { spec["layers"][0]["serviceSubnet"] = "10.244.1.0/24"; }},
      {"spec.layers[0].listeners[0].port", [](auto& spec) { spec["layers"][0]["apiPort"] = 8080; }},
      {"spec.layers[0].content.inline",
       [](auto& spec) { spec["layers"][0]["content"] = spec["layers"][2]["content"]; }},
      {"spec.layers[0].allowPull", [](auto& spec) { spec["layers"][0]["allowPull"] = true; }},
      {"spec.layers[1].version", [](auto& spec) { spec["layers"][1]["version"] = "v1.35.4"; }},
      {"spec.layers[1].content", [](auto& spec) { spec["layers"][1].erase("content"); }},
      {"spec.layers[1].content.image", [](auto& spec) { spec["layers"][1]["content"]["image"] = "x"; }},
      {"spec.layers[1].content.inline",
       [](auto& spec) { spec["layers"][1]["content"]["inline"] = spec["layers"][2]["content"]["inline"]; }},
      {"spec.layers[1].dependsOn[1]",
       [](auto& spec) { spec["layers"][1]["dependsOn"] = {"kubernetes", "till"}; }},
      {"spec.layers[2].content.inline[1]",
       [](auto& spec) {
         spec["layers"][2]["content"]["inline"][1] = spec["layers"][2]["content"]["inline"][0];
       }},
      {"spec.layers[2].content.inline[0].kind",
       [](auto& spec) { spec["layers"][2]["content"]["inline"][0].erase("kind"); }},
      {"spec.layers[2].content.inline[0].metadata.name",
       [](auto& spec) { spec["layers"][2]["content"]["inline"][0]["metadata"].erase("name"); }},
      {"spec.layers[2].content.inline[0].metadata.uid",
       [](auto& spec) { spec["layers"][2]["content"]["inline"][0]["metadata"]["uid"] = "x"; }},
      {"spec.layers[2].content.inline[1]",
       [](auto& spec) { spec["layers"][2]["content"]["inline"][1]["data"]["x"] = "${nobody}"; }},
      {"spec.layers[2].content.inline[1].data.x",
       [](auto& spec) { spec["layers"][2]["content"]["inline"][1]["data"]["x"] = "${not closed"; }},
  };
  for (const auto& mistake : mistakes) {
    json::Value spec = test::demo_profile_spec();
    mistake.make_wrong(spec);
    const auto causes = check_profile_spec(spec);
    EXPECT_TRUE(has_field(causes, mistake.field))
        << mistake.field << " is not among " << testing::PrintToString(fields(causes));
  }
}

json::Value site_spec() {
  return {
      {"profile", {{"name", "store"}}},
      {"hosts", {{"selector", {{"matchLabels", {{"store", "0042"}}}}}}},
      {"nodes", {{"controlPlane", 1}, {"workers", 2}}},
      {"network", {{"subnet", "172.30.42.0/24"}}},
      {"variables",
       {{"storeNumber", "0042"}, {"cardKey", {{"secretRef", {{"name", "store-0042"}, {"key", "card"}}}}}}}};
}

TEST(SiteRules, TheDemoSiteIsValid) {
  EXPECT_THAT(check_site_spec(site_spec()), IsEmpty());
}

TEST(SiteRules, EveryMistakeIsNamedByItsField) {
  const std::vector<WrongProfile> mistakes = {
      {"spec.hosts.selector", [](auto& spec) { spec["hosts"]["selector"] = json::Value::object(); }},
      {"spec.hosts.selector",
       [](auto& spec) { spec["hosts"]["selector"] = {{"matchLabels", {{"not a key!", "x"}}}}; }},
      {"spec.network.subnet", [](auto& spec) { spec["network"]["subnet"] = "172.30.42.1/24"; }},
      {"spec.network.subnet", [](auto& spec) { spec["network"]["subnet"] = "172.30.42.0/27"; }},
      {"spec.nodes.workers",
       [](auto& spec) { spec["network"]["subnet"] = "172.30.42.0/26", spec["nodes"]["workers"] = 43; }},
      {"spec.variables.storeNumber", [](auto& spec) { spec["variables"]["storeNumber"] = {1, 2}; }},
      {"spec.variables.storeNumber", [](auto& spec) { spec["variables"]["storeNumber"] = 1.5; }},
      {"spec.variables.cardKey", [](auto& spec) { spec["variables"]["cardKey"] = {{"secret", "x"}}; }},
      {"spec.variables.cardKey.secretRef.key",
       [](auto& spec) { spec["variables"]["cardKey"]["secretRef"].erase("key"); }},
      {"spec.variables.cardKey.secretRef.namespace",
       [](auto& spec) { spec["variables"]["cardKey"]["secretRef"]["namespace"] = "other"; }},
      {"spec.variables.1st", [](auto& spec) { spec["variables"]["1st"] = "x"; }},
  };
  for (const auto& mistake : mistakes) {
    json::Value spec = site_spec();
    mistake.make_wrong(spec);
    const auto causes = check_site_spec(spec);
    EXPECT_TRUE(has_field(causes, mistake.field))
        << mistake.field << " is not among " << testing::PrintToString(fields(causes));
  }
}

TEST(Admit, FillsInDefaults) {
  json::Value site = {
      {"apiVersion", kApiVersion},
      {"kind", "Site"},
      {"metadata", {{"name", "store-0042"}}},
      {"spec",
       {{"profile", {{"name", "store"}}}, {"hosts", {{"selector", {{"matchLabels", {{"a", "b"}}}}}}}}}};
  const auto admitted = admit(site_kind(), site);
  ASSERT_TRUE(admitted.has_value()) << admitted.error().to_string();
  EXPECT_EQ((*admitted)["spec"]["nodes"], (json::Value{{"controlPlane", 1}, {"workers", 0}}));
  EXPECT_EQ((*admitted)["spec"]["network"]["subnet"], kDefaultSiteSubnet);
}

TEST(Admit, RefusesUnknownFieldsAndOtherKinds) {
  json::Value site = {
      {"apiVersion", kApiVersion}, {"kind", "Site"}, {"metadata", {{"name", "s"}}}, {"spec", site_spec()}};
  site["spec"]["nodez"] = 1;
  const auto refused = admit(site_kind(), site);
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(has_field(refused.error().causes, "spec.nodez"));
  EXPECT_EQ(admit(cluster_profile_kind(), site).error().code, ErrorCode::BadRequest);
  EXPECT_FALSE(admit(site_kind(), json::Value(7)).has_value());
}

TEST(Admit, ASiteNameLeavesRoomForItsNodesNames) {
  json::Value site = {{"apiVersion", kApiVersion},
                      {"kind", "Site"},
                      {"metadata", {{"name", std::string(41, 'a')}}},
                      {"spec", site_spec()}};
  EXPECT_TRUE(has_field(admit(site_kind(), site).error().causes, "metadata.name"));
}

}  // namespace
}  // namespace farholm::profile
