// `farholm diff` against a hub: a whole one, in a simulated world.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/diff.h"
#include "cli/kubeconfig.h"
#include "hub/host.h"
#include "hub/hub.h"
#include "hub/resources.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"
#include "profile/kinds.h"

namespace farholm::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kProfile = R"(
apiVersion: farholm.dev/v1alpha1
kind: ClusterProfile
metadata: {name: store}
spec:
  layers:
  - name: greeting
    type: manifests
    content:
      inline:
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: greeting, namespace: shop}
        data: {text: hello}
)";
constexpr const char* kSite = R"(---
apiVersion: v1
kind: Secret
metadata: {name: card}
stringData: {key: canary-9b31}
---
apiVersion: farholm.dev/v1alpha1
kind: Site
metadata: {name: shop-1}
spec:
  profile: {name: store}
  hosts: {selector: {matchLabels: {store: one}}}
)";

class HubDiffTest : public testing::Test {
 protected:
  HubDiffTest() {
    hub::HubOptions options;
    options.authority.state.path = "/hub";
    options.listen = *io::parse_endpoint(":8443");
    options.advertise = {"hub"};
    auto opened = loop().run(hub::Hub::open(hub_machine_.world(), log_, options));
    EXPECT_TRUE(opened) << opened.error().to_string();
    hub_ = std::move(*opened);
    scope_.spawn(hub_->run());
    write("/desk/hub.kubeconfig",
          io::read_file(hub_machine_.files(), options.authority.state.admin_kubeconfig(), 1 << 20).value());
    write("/desk/profile.yaml", kProfile);
    write("/desk/site.yaml", kSite);
    auto host = hub::make_host("default", "edge-1", "uid-1", hub_machine_.clock().now());
    host["metadata"]["labels"]["store"] = "one";
    host["spec"]["approval"] = "Approved";
    const auto made = loop().run(
        store::create(hub_->store(), hub::key_of(hub::kHosts, "default", "edge-1"), std::move(host)));
    EXPECT_TRUE(made);
  }

  void write(const std::string& path, std::string_view text) {
    EXPECT_TRUE(desk_.files().make_directories(io::parent_path(path)));
    EXPECT_TRUE(io::write_file_atomically(desk_.files(), path, text));
  }
  static HubDiffOptions options() {
    return {.kubeconfig = "/desk/hub.kubeconfig",
            .context = {},
            .name_space = {},
            .files = {"/desk/profile.yaml", "/desk/site.yaml"},
            .sites = {}};
  }
  Result<Difference> diff(const HubDiffOptions& how = options()) {
    return loop().run(diff_with_hub(desk_.world(), how));
  }
  std::string refusal(const HubDiffOptions& how = options()) {
    const auto outcome = diff(how);
    EXPECT_FALSE(outcome);
    return outcome ? outcome->text : outcome.error().to_string();
  }
  void edit_kubeconfig(const std::function<void(json::Value&)>& change) {
    auto value = json::parse_yaml(*io::read_file(desk_.files(), "/desk/hub.kubeconfig", 1 << 20)).value();
    change(value);
    write("/desk/hub.kubeconfig", json::to_yaml(value));
  }
  io::Loop& loop() { return world_.loop(); }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& hub_machine_ = world_.add_machine("hub");
  io::sim::SimMachine& desk_ = world_.add_machine("desk");
  NullSink sink_;
  Logger log_{sink_, "hub"};
  std::unique_ptr<hub::Hub> hub_;
  io::Scope scope_{world_.loop()};
};

TEST_F(HubDiffTest, SaysWhatApplyingTheFilesWouldDoAndLeavesTheHubAsItWas) {
  const auto outcome = diff();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_TRUE(outcome->differs);
  EXPECT_EQ(outcome->text,
            "ClusterProfile default/store: revision 1 would be its first\n"
            "\n"
            "Site default/shop-1 (new)\n"
            "LAYER          CHANGE    EFFECT\n"
            "greeting       Added     Reload\n"
            "  Reload   ConfigMap shop/greeting is added\n");
  EXPECT_THAT(outcome->notes, AllOf(HasSubstr("Secret card is not looked at"), Not(HasSubstr("canary"))));
  for (const auto resource : {hub::kProfiles, hub::kRevisions, hub::kSites, hub::kPlans})
    EXPECT_TRUE(hub_->store().list(resource, {})->entries.empty()) << resource;
}

TEST_F(HubDiffTest, GivesTheHubsWholeAnswerAsJson) {
  auto how = options();
  how.output = DiffOutput::Json;
  const auto outcome = diff(how);
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  const auto answer = json::parse(outcome->text);
  ASSERT_TRUE(answer);
  EXPECT_EQ(json::string_or(*answer, "kind"), "PlanPreview");
  EXPECT_EQ(answer->at("status")["groups"][0]["sites"][0]["name"], "shop-1");
}

TEST_F(HubDiffTest, HandsOnWhatTheHubRefusesWithTheField) {
  std::string wrong = kProfile;
  wrong.replace(wrong.find("hello"), 5, "\"${nobody}\"");
  write("/desk/profile.yaml", wrong);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("ClusterProfile.farholm.dev \"store\" is invalid"),
                               HasSubstr("spec.layers[0].content.inline[0]")));
  EXPECT_EQ(diff().error().code, ErrorCode::Invalid);
}

TEST_F(HubDiffTest, SaysWhatIsWrongWithFiles) {
  auto how = options();
  write("/desk/profile.yaml", "a: [");
  EXPECT_THAT(refusal(), HasSubstr("while reading /desk/profile.yaml"));
  write("/desk/none.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: card}\n");
  how.files = {"/desk/none.yaml"};
  EXPECT_THAT(refusal(how), HasSubstr("no ClusterProfile and no Site"));
}

TEST_F(HubDiffTest, SaysWhichHubCannotBeReached) {
  edit_kubeconfig([](json::Value& value) { value["clusters"][0]["cluster"]["server"] = "https://hub:9999"; });
  EXPECT_THAT(refusal(), HasSubstr("while asking the hub at https://hub:9999"));
  EXPECT_EQ(diff().error().code, ErrorCode::ServiceUnavailable);
}

TEST_F(HubDiffTest, WhoIsNotKnownIsToldWhatHeMayNot) {
  edit_kubeconfig([](json::Value& value) { value["users"][0]["user"] = json::Value::object(); });
  EXPECT_THAT(refusal(), HasSubstr("User \"system:anonymous\" cannot create resource \"planpreviews\""));
  EXPECT_EQ(diff().error().code, ErrorCode::Forbidden);
}

TEST_F(HubDiffTest, AKubeconfigIsReadWithItsFilesAndItsContexts) {
  const auto whole = read_kubeconfig(desk_.files(), "/desk/hub.kubeconfig");
  ASSERT_TRUE(whole) << whole.error().to_string();
  write("/desk/pki/ca.pem", whole->ca_pem);
  edit_kubeconfig([](json::Value& value) {
    value["clusters"][0]["cluster"] = {{"server", "https://hub:8443"},
                                       {"certificate-authority", "pki/ca.pem"}};
    value["contexts"].push_back(
        {{"name", "other"},
         {"context", {{"cluster", "farholm-hub"}, {"user", "admin"}, {"namespace", "retail"}}}});
  });
  const auto other = read_kubeconfig(desk_.files(), "/desk/hub.kubeconfig", "other");
  ASSERT_TRUE(other) << other.error().to_string();
  EXPECT_EQ(other->ca_pem, whole->ca_pem);
  EXPECT_EQ(other->client_pem, whole->client_pem);
  EXPECT_EQ(other->name_space, "retail");
}

TEST_F(HubDiffTest, AKubeconfigThatCannotBeUsedSaysWhy) {
  const auto whole = *io::read_file(desk_.files(), "/desk/hub.kubeconfig", 1 << 20);
  const auto why = [&](const std::function<void(json::Value&)>& change) {
    write("/desk/hub.kubeconfig", whole);
    edit_kubeconfig(change);
    const auto read = read_kubeconfig(desk_.files(), "/desk/hub.kubeconfig");
    return read ? "" : read.error().message;
  };
  EXPECT_THAT(why([](auto& value) { value.erase("current-context"); }), HasSubstr("--context"));
  EXPECT_THAT(why([](auto& value) { value["users"] = json::Value::array(); }),
              HasSubstr("has no user named \"admin\""));
  EXPECT_THAT(why([](auto& value) { value["clusters"][0]["cluster"].erase("certificate-authority-data"); }),
              HasSubstr("certificate-authority"));
  EXPECT_THAT(why([](auto& value) { value["clusters"][0]["cluster"]["server"] = "http://hub:1"; }),
              HasSubstr("https://"));
  EXPECT_THAT(why([](auto& value) { value["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = true; }),
              HasSubstr("not to verify"));
  EXPECT_THAT(why([](auto& value) { value["users"][0]["user"]["exec"] = {{"command", "login"}}; }),
              HasSubstr("exec"));
  EXPECT_THAT(why([](auto& value) { value["users"][0]["user"].erase("client-key-data"); }),
              HasSubstr("client-key"));
  EXPECT_THAT(why([](auto& value) { value["users"][0]["user"]["client-key-data"] = "?"; }),
              HasSubstr("not base64"));
  EXPECT_THAT(read_kubeconfig(desk_.files(), "").error().message, HasSubstr("--kubeconfig"));
}

TEST(PreviewText, SumsUpManySites) {
  json::Value sites = json::Value::array();
  for (int i = 1; i <= 7; ++i)
    sites.push_back({{"namespace", "retail"}, {"name", "store-" + std::to_string(i)}});
  const json::Value status{
      {"siteCount", 9},
      {"changedSiteCount", 8},
      {"omittedSiteCount", 3},
      {"revisions", {{{"namespace", "retail"}, {"name", "store"}, {"before", 7}, {"after", 8}}}},
      {"groups",
       {{{"sites", {{{"namespace", "retail"}, {"name", "bad"}}}},
         {"siteCount", 1},
         {"change", "Same"},
         {"problem", "spec.variables.x: Required value"}},
        {{"sites", sites},
         {"siteCount", 312},
         {"change", "Changed"},
         {"effect", "Restart"},
         {"layers",
          {{{"name", "network"}, {"type", "manifests"}, {"change", "Same"}},
           {{"name", "till"},
            {"type", "manifests"},
            {"change", "Changed"},
            {"effect", "Restart"},
            {"reasons",
             {{{"object", "Deployment till/till"},
               {"field", "spec.template"},
               {"effect", "Restart"},
               {"text", "changes"}}}}}}}},
        {{"sites", {{{"namespace", "retail"}, {"name", "fine"}}}}, {"siteCount", 1}, {"change", "Same"}}}}};
  EXPECT_EQ(
      preview_text(status),
      "ClusterProfile retail/store: revision 8 would follow 7\n"
      "\n"
      "Site retail/bad\n"
      "  no plan can be made, so the present one stays: spec.variables.x: Required value\n"
      "\n"
      "312 Sites: retail/store-1, retail/store-2, retail/store-3, retail/store-4, retail/store-5 and 307 "
      "more\n"
      "LAYER          CHANGE    EFFECT\n"
      "network        Same      -\n"
      "till           Changed   Restart\n"
      "  Restart  Deployment till/till spec.template changes\n"
      "\n"
      "Site retail/fine\n"
      "  no layer changes\n"
      "\n"
      "3 more Sites are not shown: too many for one answer, or not yours to see. Choose some with --site.\n");
}

}  // namespace
}  // namespace farholm::cli
