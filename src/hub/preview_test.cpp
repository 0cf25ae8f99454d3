#include "hub/preview.h"

#include <gtest/gtest.h>

#include "apiserver/writer.h"
#include "hub/host.h"
#include "hub/preview_groups.h"
#include "hub/preview_objects.h"
#include "hub/profile_admission.h"
#include "hub/resources.h"
#include "io/sim/sim_world.h"
#include "profile/kinds.h"
#include "profile/test_catalog.h"
#include "store/memory_store.h"

namespace farholm::hub {
namespace {

constexpr const char* kCanary = "canary-5d1f-of-the-card-key";

// A hub's store with one profile, its sites and their plans, as the reconciler leaves them.
class PreviewTest : public testing::Test {
 protected:
  PreviewTest() {
    EXPECT_TRUE(machine_.files().make_directories("/hub"));
    authority_ = Authority::open(machine_.world(), {.state = {"/hub"}}).value();
    kinds_.add(profile::cluster_profile_kind(), &admission_);
    kinds_.add(profile::site_kind());
    put({"/namespaces", "", "retail"}, {{"metadata", {{"name", "retail"}}}});
    put_secret(kCanary);
    EXPECT_EQ(apply(profile_object()), "");
    add_site("store-0001", "0001");
  }

  void put(store::Key key, const json::Value& value) {
    const auto done =
        loop().run(store::mutate(*store_, std::move(key), [&](const store::Entry*) -> Result<store::Change> {
          return store::Change::put(value);
        }));
    EXPECT_TRUE(done) << (done ? "" : done.error().to_string());
  }
  void put_secret(std::string_view value) {
    put(key_of(kSecrets, "retail", "card"), {{"metadata", {{"name", "card"}, {"namespace", "retail"}}},
                                             {"data", {{"key", to_base64(as_bytes(value))}}}});
  }

  static json::Value profile_object(json::Value spec = profile::test::demo_profile_spec()) {
    return {{"apiVersion", profile::kApiVersion},
            {"kind", "ClusterProfile"},
            {"metadata", {{"name", "store"}, {"namespace", "retail"}}},
            {"spec", std::move(spec)}};
  }
  static json::Value site_object(const std::string& name, const std::string& number) {
    return {
        {"apiVersion", profile::kApiVersion},
        {"kind", "Site"},
        {"metadata", {{"name", name}, {"namespace", "retail"}}},
        {"spec",
         {{"profile", {{"name", "store"}}},
          {"hosts", {{"selector", {{"matchLabels", {{"store", number}}}}}}},
          {"nodes", {{"controlPlane", 1}, {"workers", 1}}},
          {"variables",
           {{"storeNumber", number}, {"cardKey", {{"secretRef", {{"name", "card"}, {"key", "key"}}}}}}}}}};
  }

  // As `kubectl create` or `kubectl replace`: "" or what the hub says.
  std::string apply(json::Value object) {
    const bool is_site = object["kind"] == "Site";
    const auto* kind = kinds_.find(profile::kGroup, profile::kVersion, is_site ? "sites" : "clusterprofiles");
    apiserver::Writer writer(*store_, machine_.clock(), machine_.entropy());
    apiserver::Target target{.kind = *kind, .name_space = "retail", .user = admin_};
    const std::string name = object["metadata"]["name"];
    const auto there = store_->get(kind->key("retail", name));
    object::Answer<apiserver::Written> written;
    if (there) {
      target.name = name;
      object["metadata"]["resourceVersion"] = std::to_string(there->revision);
      written = loop().run(writer.update(target, {}, apiserver::BodyType::Json, json::to_text(object)));
    } else {
      written = loop().run(writer.create(target, {}, apiserver::BodyType::Json, json::to_text(object)));
    }
    return written ? "" : written.error().error.to_string();
  }

  void add_site(const std::string& name, const std::string& number) {
    auto host = make_host("retail", "host-" + number, "uid-" + number, machine_.clock().now());
    host["metadata"]["labels"]["store"] = number;
    host["spec"]["approval"] = "Approved";
    host["status"]["sealingKey"] = to_base64(as_bytes(std::string(32, 's')));
    host["status"]["machineID"] = number;
    put(key_of(kHosts, "retail", "host-" + number), host);
    EXPECT_EQ(apply(site_object(name, number)), "");
    reconcile(name);
  }
  void reconcile(const std::string& name) {
    Planner planner({machine_.world(), *store_, blobs_, *authority_, version_key_});
    const auto made = planner.plan(*store_->get(key_of(kSites, "retail", name)));
    ASSERT_TRUE(made) << made.error().to_string();
    put(key_of(kPlans, "retail", name), to_json(made->record));
  }

  object::Answer<json::Value> ask(std::vector<json::Value> objects, std::vector<std::string> sites = {}) {
    return loop().run(previewer_().review(
        admin_, "retail", {{"spec", {{"objects", std::move(objects)}, {"sites", std::move(sites)}}}}));
  }
  json::Value preview(std::vector<json::Value> objects, std::vector<std::string> sites = {}) {
    const auto answer = ask(std::move(objects), std::move(sites));
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().error.to_string());
    return answer.value_or(json::Value());
  }
  Previewer& previewer_() {
    if (!the_previewer_)
      the_previewer_.emplace(Previewer::Parts{machine_.world(), *store_, content_, catalog_, *authority_,
                                              version_key_, groups_});
    return *the_previewer_;
  }
  // "kubernetes Same, till Changed Restart"
  static std::string layers_text(const json::Value& group) {
    std::string text;
    for (const auto& layer : group.value("layers", json::Value::array())) {
      if (!text.empty()) text += ", ";
      text += json::string_or(layer, "name") + " " + json::string_or(layer, "change");
      if (layer.contains("effect")) text += " " + json::string_or(layer, "effect");
    }
    return text;
  }

  io::Loop& loop() { return world_.loop(); }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_{world_.add_machine("hub")};
  NullSink sink_;
  Logger log_{sink_, "test"};
  std::unique_ptr<store::Store> store_ = store::make_memory_store(world_.loop());
  content::BlobStore content_{machine_.files(), "/content", log_};
  StoredBlobs blobs_{content_};
  profile::test::Catalog catalog_ = profile::test::demo_catalog();
  ProfileAdmission admission_{{machine_.clock(), machine_.entropy(), *store_, blobs_, catalog_}};
  apiserver::Kinds kinds_;
  apiserver::GroupAuthorizer groups_;
  const apiserver::User admin_{"admin", {std::string(apiserver::kMastersGroup)}};
  std::unique_ptr<Authority> authority_;
  std::array<std::byte, 32> version_key_{};
  std::optional<Previewer> the_previewer_;
};

json::Value with_pod_annotation(json::Value spec) {
  spec["layers"][2]["content"]["inline"][0]["spec"]["template"]["metadata"]["annotations"]["touched"] = "yes";
  return spec;
}

TEST_F(PreviewTest, APodTemplateRestartsItsLayerAndNothingElseAndNothingIsStored) {
  const auto edited = profile_object(with_pod_annotation(profile::test::demo_profile_spec()));
  const auto revision = store_->revision();
  const auto blobs = content_.list()->size();
  const auto status = preview({edited});
  ASSERT_EQ(status["groups"].size(), 1U) << json::to_pretty_text(status);
  const auto& group = status["groups"][0];
  EXPECT_EQ(group["change"], "Changed");
  EXPECT_EQ(group["effect"], "Restart");
  EXPECT_EQ(layers_text(group), "kubernetes Same, network Same, till Changed Restart");
  EXPECT_EQ(group["sites"], json::Value::array({{{"namespace", "retail"}, {"name", "store-0001"}}}));
  EXPECT_EQ(status["revisions"],
            json::Value::array({{{"namespace", "retail"}, {"name", "store"}, {"before", 1}, {"after", 2}}}));
  EXPECT_EQ(store_->revision(), revision);
  EXPECT_EQ(content_.list()->size(), blobs);

  // The plan that is then made differs in that layer alone, and the same question finds nothing to do.
  Planner planner({machine_.world(), *store_, blobs_, *authority_, version_key_});
  const auto before = planner.planned(*store_->get(key_of(kSites, "retail", "store-0001")));
  ASSERT_EQ(apply(edited), "");
  reconcile("store-0001");
  const auto after = planner.planned(*store_->get(key_of(kSites, "retail", "store-0001")));
  for (const auto& layer : after->plan.layers) {
    const bool same = profile::layer_fingerprint(after->plan, layer) ==
                      profile::layer_fingerprint(before->plan, *before->plan.layer(layer.name));
    EXPECT_EQ(same, layer.name != "till") << layer.name;
  }
  const auto again = preview({edited});
  EXPECT_EQ(again["changedSiteCount"], 0);
  EXPECT_EQ(again["revisions"][0]["before"], 2);
  EXPECT_EQ(again["revisions"][0]["after"], 2);
}

TEST_F(PreviewTest, ProfileAndSiteAreLookedAtTogether) {
  auto spec = profile::test::demo_profile_spec();
  spec["variables"].push_back({{"name", "motto"}, {"type", "string"}, {"required", true}});
  spec["layers"][2]["content"]["inline"][1]["data"]["motto"] = "${motto}";
  const auto alone = preview({profile_object(spec)});
  EXPECT_NE(json::string_or(alone["groups"][0], "problem").find("spec.variables.motto"), std::string::npos);
  EXPECT_EQ(alone["changedSiteCount"], 1);

  auto site = site_object("store-0001", "0001");
  site["spec"]["variables"]["motto"] = "open";
  const auto both = preview({profile_object(spec), site});
  EXPECT_FALSE(both["groups"][0].contains("problem"));
  EXPECT_EQ(layers_text(both["groups"][0]), "kubernetes Same, network Same, till Changed Reload");
}

TEST_F(PreviewTest, WhatAnApplyWouldRefuseIsRefusedInTheSameWords) {
  auto spec = profile::test::demo_profile_spec();
  auto& containers = spec["layers"][2]["content"]["inline"][0]["spec"]["template"]["spec"]["containers"];
  containers[0]["image"] = "farholm.dev/till:9.9";
  const auto refused = ask({profile_object(spec)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.code, ErrorCode::Invalid);
  EXPECT_EQ(refused.error().error.to_string(), apply(profile_object(spec)));
  EXPECT_EQ(refused.error().error.causes[0].field,
            "spec.layers[2].content.inline[0].spec.template.spec.containers[0].image");

  auto misspelt = site_object("store-0001", "0001");
  misspelt["spec"]["varables"] = json::Value::object();
  EXPECT_NE(ask({misspelt}).error().error.message.find("unknown field \"spec.varables\""), std::string::npos);
}

TEST_F(PreviewTest, SitesThatWouldFareAlikeStandTogetherTheGravestFirst) {
  add_site("store-0002", "0002");
  add_site("store-0003", "0003");
  auto pinned = site_object("store-0004", "0004");
  add_site("store-0004", "0004");
  pinned["spec"]["profile"]["revision"] = 1;
  ASSERT_EQ(apply(pinned), "");
  const auto edited = profile_object(with_pod_annotation(profile::test::demo_profile_spec()));
  const auto status = preview({edited});
  EXPECT_EQ(status["siteCount"], 4);
  EXPECT_EQ(status["changedSiteCount"], 3);
  ASSERT_EQ(status["groups"].size(), 2U);
  EXPECT_EQ(status["groups"][0]["siteCount"], 3);
  EXPECT_EQ(status["groups"][1]["change"], "Same");
  EXPECT_EQ(status["groups"][1]["sites"][0]["name"], "store-0004");

  const auto one = preview({edited}, {"store-0002"});
  EXPECT_EQ(one["siteCount"], 1);
  EXPECT_EQ(one["groups"][0]["sites"][0]["name"], "store-0002");
}

TEST_F(PreviewTest, ANewSiteAddsEveryLayerAndAPausedOneKeepsItsPlan) {
  auto host = store_->get(key_of(kHosts, "retail", "host-0001"))->value;
  host["metadata"]["labels"]["store"] = "0005";
  host["metadata"]["name"] = "host-0005";
  host["metadata"]["uid"] = "uid-0005";
  put(key_of(kHosts, "retail", "host-0005"), host);
  const auto added = preview({site_object("store-0005", "0005")});
  EXPECT_EQ(added["groups"][0]["change"], "Added");
  EXPECT_EQ(layers_text(added["groups"][0]),
            "kubernetes Added Rebuild, network Added Reload, till Added Reload");
  EXPECT_EQ(store_->get(key_of(kSites, "retail", "store-0005")), nullptr);

  auto paused = site_object("store-0001", "0009");
  paused["spec"]["paused"] = true;
  const auto kept = preview({paused});
  EXPECT_EQ(kept["groups"][0]["change"], "Same");
  EXPECT_EQ(kept["groups"][0]["paused"], true);
}

TEST_F(PreviewTest, AChangedSecretIsSeenAndItsValueIsNot) {
  put_secret(std::string(kCanary) + "-2");
  const auto status = preview({site_object("store-0001", "0001")});
  EXPECT_EQ(layers_text(status["groups"][0]), "kubernetes Same, network Same, till Changed Reload");
  const auto text = json::to_text(status);
  EXPECT_EQ(text.find(kCanary), std::string::npos);
  EXPECT_EQ(text.find(to_base64(as_bytes(std::string_view(kCanary)))), std::string::npos);
}

TEST_F(PreviewTest, WhoMayNotApplyAnObjectMayNotPreviewIt) {
  const auto refused = loop().run(previewer_().review(
      {"somebody", {}}, "retail", {{"spec", {{"objects", json::Value::array({profile_object()})}}}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.code, ErrorCode::Forbidden);
}

TEST(ApplyPatch, RemovesWhatTheLastApplySaidAndThisDoesNot) {
  const json::Value last{{"metadata", {{"annotations", json::Value::object()}, {"name", "a"}}},
                         {"spec", {{"gone", 1}, {"kept", 1}, {"map", {{"x", 1}, {"y", 2}}}}}};
  const json::Value now{{"metadata", {{"name", "a"}}}, {"spec", {{"kept", 2}, {"map", {{"x", 1}}}}}};
  json::Value live{{"metadata", {{"name", "a"}, {"annotations", {{"others", "stay"}}}}},
                   {"spec", {{"gone", 1}, {"kept", 1}, {"others", "stay"}, {"map", {{"x", 1}, {"y", 2}}}}}};
  json::apply_merge_patch(live, apply_patch(last, now));
  EXPECT_EQ(live, json::Value({{"metadata", {{"name", "a"}, {"annotations", {{"others", "stay"}}}}},
                               {"spec", {{"kept", 2}, {"others", "stay"}, {"map", {{"x", 1}}}}}}));
}

TEST(PreviewGroups, HoldsNoMoreThanOneAnswerMay) {
  PreviewGroups groups;
  for (std::size_t i = 0; i < kPreviewGroupsMax + 7; ++i) {
    SiteForecast site{.name_space = "retail", .name = "site-" + std::to_string(i)};
    profile::LayerDiff layer{.name = "till", .type = "manifests", .change = profile::Change::Changed};
    for (std::size_t n = 0; n < profile::kReasonsMax; ++n)
      layer.reasons.push_back({.object = std::string(4 * kPreviewTextBytesMax, 'o'),
                               .field = std::to_string(i),
                               .text = "changes"});
    site.layers.push_back(layer);
    groups.add(site);
    groups.add(site);
  }
  const auto status = groups.status();
  EXPECT_EQ(status["groups"].size(), kPreviewGroupsMax);
  EXPECT_EQ(status["groups"][0]["siteCount"], 2);
  EXPECT_EQ(status["omittedSiteCount"], 14);
  EXPECT_EQ(status["changedSiteCount"], 2 * (kPreviewGroupsMax + 7));
  EXPECT_EQ(status["truncated"], true);
  EXPECT_LT(json::to_text(status).size(), 2 * kPreviewReasonBytesMax);
}

}  // namespace
}  // namespace farholm::hub
