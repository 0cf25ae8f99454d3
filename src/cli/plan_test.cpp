// From a person's files to a signed plan, without a hub.
#include "cli/plan.h"

#include <gmock/gmock.h>

#include "base/encoding.h"
#include "cli/diff.h"
#include "cli/root_init.h"
#include "cli/test_files.h"
#include "crypto/sealing.h"
#include "profile/plan.h"
#include "trust/plan_acceptance.h"

namespace farholm::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kProfile = R"(
apiVersion: farholm.dev/v1alpha1
kind: ClusterProfile
metadata: {name: store, namespace: retail}
spec:
  variables:
  - {name: storeNumber, type: string, pattern: "^[0-9]{4}$", required: true}
  layers:
  - name: greeting
    type: manifests
    content:
      inline:
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: greeting, namespace: default}
        data: {text: "Welcome to store ${storeNumber}"}
)";
constexpr std::string_view kSite = R"(
apiVersion: farholm.dev/v1alpha1
kind: Site
metadata: {name: store-0042, namespace: retail}
spec:
  profile: {name: store}
  hosts: {selector: {matchLabels: {store: "0042"}}}
  nodes: {controlPlane: 1, workers: 1}
  variables: {storeNumber: "0042"}
)";

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string result(text);
  const auto at = result.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  if (at != std::string::npos) result.replace(at, what.size(), with);
  return result;
}

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    EXPECT_TRUE(root_init(desk_.world(), {.folder = "/keys"}));
    desk_.write("/desk/profile.yaml", kProfile);
    desk_.write("/desk/site.yaml", kSite);
    desk_.write("/desk/hosts.yaml", "- {name: edge-1, machineID: m-1}\n");
  }
  static PlanOptions options() {
    return {.profile = "/desk/profile.yaml",
            .site = "/desk/site.yaml",
            .hosts = "/desk/hosts.yaml",
            .key = "/keys/plan.key",
            .root = "/keys/root.json",
            .bundles = {},
            .secrets = {},
            .previous = "/out/plan.json",
            .content = "/out/content",
            .output = "/out/plan.json"};
  }
  Result<std::string> make(const PlanOptions& how = options()) { return make_plan(desk_.world(), how); }
  // The error of a make that must fail.
  std::string refusal(const PlanOptions& how = options()) {
    const auto outcome = make(how);
    EXPECT_FALSE(outcome);
    EXPECT_FALSE(desk_.exists("/out/plan.json"));
    return outcome ? *outcome : outcome.error().to_string();
  }
  // As a site would take it.
  profile::SitePlan plan() {
    const auto root = trust::Root::parse(desk_.read("/keys/root.json")).value();
    const auto verified = trust::verify_plan_envelope(root, desk_.read("/out/plan.json"));
    EXPECT_TRUE(verified) << verified.error().to_string();
    return profile::parse_plan(verified->payload).value();
  }
  std::string diff(const std::string& before, const std::string& after) {
    const auto difference =
        diff_plans(desk_.world(), {.before = before, .after = after, .content = {"/out/content"}});
    return difference ? difference->text : difference.error().to_string();
  }

  test::Desk desk_;
};

TEST_F(PlanTest, FilesBecomeAPlanThatASiteAcceptsAndTheBlobsItNames) {
  const auto text = make();
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_THAT(*text, HasSubstr("for retail/store-0042: epoch 1, generation 1, 2 nodes on 172.30.42.0/24"));
  const auto made = plan();
  EXPECT_EQ(made.site_name, "store-0042");
  EXPECT_EQ(made.hosts.front().machine_id, "m-1");
  EXPECT_EQ(made.variables.at("storeNumber"), json::Value("0042"));
  ASSERT_EQ(made.layers.size(), 1U);
  const auto blob = desk_.read("/out/content/blobs/sha256/" + made.layers[0].blob.substr(7));
  EXPECT_EQ(blob.size(), made.layers[0].size_bytes);
  EXPECT_THAT(blob, HasSubstr("Welcome to store ${storeNumber}"));
}

TEST_F(PlanTest, ASecondRunSaysThatNoNewPlanIsNeededAndWritesNothing) {
  ASSERT_TRUE(make());
  const auto before = desk_.read("/out/plan.json");
  const auto writes = desk_.files().boundaries();
  const auto text = make();
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_THAT(*text, HasSubstr("no new plan is needed"));
  EXPECT_EQ(desk_.read("/out/plan.json"), before);
  EXPECT_EQ(desk_.files().boundaries(), writes);
}

TEST_F(PlanTest, AChangeMakesTheNextGenerationOfTheSameSite) {
  ASSERT_TRUE(make());
  const auto first = plan();
  desk_.write("/desk/site.yaml", replaced(kSite, "\"0042\"}\n", "\"0043\"}\n"));
  ASSERT_TRUE(make());
  const auto second = plan();
  EXPECT_EQ(second.generation, 2);
  EXPECT_EQ(second.site_uid, first.site_uid);
  EXPECT_EQ(second.nodes, first.nodes);
  EXPECT_EQ(second.layers, first.layers);
}

TEST_F(PlanTest, TheMaintenancePolicyThatTheSiteNamesIsPutIn) {
  desk_.write("/desk/site.yaml", std::string(kSite) + "  maintenancePolicy: {name: shops}\n");
  EXPECT_THAT(refusal(), HasSubstr("give it with --maintenance-policy FILE"));
  desk_.write("/desk/policy.yaml", R"(
apiVersion: farholm.dev/v1alpha1
kind: MaintenancePolicy
metadata: {name: shops, namespace: retail}
spec:
  timeZone: Europe/Berlin
  updateWindows: [{days: [Tue], startTime: "02:00", endTime: "05:00"}]
)");
  auto how = options();
  how.maintenance_policy = "/desk/policy.yaml";
  ASSERT_TRUE(make(how));
  EXPECT_EQ(plan().maintenance->time_zone, "Europe/Berlin");
  EXPECT_EQ(plan().maintenance->update_windows.size(), 1U);
}

TEST_F(PlanTest, AnotherMaintenancePolicyThanTheSitesIsRefused) {
  desk_.write("/desk/policy.yaml", R"(
apiVersion: farholm.dev/v1alpha1
kind: MaintenancePolicy
metadata: {name: clinics}
spec: {timeZone: Europe/Berlin}
)");
  auto how = options();
  how.maintenance_policy = "/desk/policy.yaml";
  EXPECT_THAT(refusal(how), HasSubstr("is the MaintenancePolicy clinics, and the site names none"));
  desk_.write("/desk/policy.yaml", R"(
apiVersion: farholm.dev/v1alpha1
kind: MaintenancePolicy
metadata: {name: clinics}
spec: {timeZone: Europe/Atlantis}
)");
  EXPECT_THAT(refusal(how), HasSubstr("spec.timeZone"));
}

TEST_F(PlanTest, TheDiffNamesTheLayerAndTheEffect) {
  ASSERT_TRUE(make());
  EXPECT_THAT(diff("", "/out/plan.json"), testing::ContainsRegex("greeting +Added +Re"));
  auto how = options();
  how.output = "/out/next.json";
  desk_.write("/desk/profile.yaml", replaced(kProfile, "Welcome", "Hello"));
  ASSERT_TRUE(make(how));
  EXPECT_THAT(diff("/out/plan.json", "/out/next.json"),
              AllOf(testing::ContainsRegex("greeting +Changed +Reload\n"),
                    testing::ContainsRegex("Reload +ConfigMap default/greeting data.text changes\n")));
  EXPECT_THAT(diff("/out/plan.json", "/out/plan.json"), testing::ContainsRegex("greeting +Same +-\n$"));
}

TEST_F(PlanTest, ADiffWithoutTheContentSaysWhereItLooked) {
  ASSERT_TRUE(make());
  const auto text =
      diff_plans(desk_.world(), {.before = "", .after = "/out/plan.json", .content = {"/elsewhere"}});
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, AllOf(HasSubstr("layer greeting"), HasSubstr("--content")));
}

TEST_F(PlanTest, AWrongProfileNamesTheFieldAndTheFile) {
  desk_.write("/desk/profile.yaml", replaced(kProfile, "type: manifests", "type: manifest"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("spec.layers[0].type"), HasSubstr("/desk/profile.yaml")));
  desk_.write("/desk/profile.yaml", replaced(kProfile, "required: true", "requird: true"));
  EXPECT_THAT(refusal(), HasSubstr("spec.variables[0].requird"));
  desk_.write("/desk/profile.yaml", replaced(kProfile, "${storeNumber}", "${storeNumbr}"));
  EXPECT_THAT(refusal(), HasSubstr("${storeNumbr}"));
}

TEST_F(PlanTest, AWrongFieldIsToldOnce) {
  desk_.write("/desk/profile.yaml", replaced(kProfile, "type: manifests", "type: manifest"));
  const auto text = refusal();
  const auto first = text.find("spec.layers[0].type");
  EXPECT_EQ(text.find("spec.layers[0].type", first + 1), std::string::npos) << text;
}

TEST_F(PlanTest, AWrongSiteNamesTheVariable) {
  desk_.write("/desk/site.yaml", replaced(kSite, "\"0042\"}\n", "\"42\"}\n"));
  EXPECT_THAT(refusal(), HasSubstr("spec.variables.storeNumber"));
}

TEST_F(PlanTest, AFileThatIsMissingOrOfAnotherKindIsNamed) {
  auto how = options();
  how.site = "/desk/nowhere.yaml";
  EXPECT_THAT(refusal(how), HasSubstr("/desk/nowhere.yaml"));
  how.site = "/desk/profile.yaml";
  EXPECT_THAT(refusal(how), HasSubstr("kind: Site"));
}

TEST_F(PlanTest, HostsThatAreNoListAreRefusedWithAnExample) {
  for (const std::string text : {"{}", "[]", "hosts", "- {name: edge-1}", "- {machineID: m-1}", "- 7"}) {
    desk_.write("/desk/hosts.yaml", text);
    EXPECT_NE(refusal(), "") << text;
  }
  desk_.write("/desk/hosts.yaml", "{}");
  EXPECT_THAT(refusal(), HasSubstr("- {name: edge-1, machineID:"));
}

TEST_F(PlanTest, ASecretArgumentWithoutAFileIsRefused) {
  auto how = options();
  how.secrets = {"store-0042/card"};
  EXPECT_THAT(refusal(how), HasSubstr("NAME/KEY=FILE"));
  how.secrets = {"store-0042/card=/desk/nowhere"};
  EXPECT_THAT(refusal(how), HasSubstr("/desk/nowhere"));
}

TEST_F(PlanTest, APreviousPlanOfAnotherRootIsNotFollowed) {
  ASSERT_TRUE(make());
  ASSERT_TRUE(root_init(desk_.world(), {.folder = "/other"}));
  auto how = options();
  how.root = "/other/root.json";
  how.key = "/other/plan.key";
  const auto outcome = make(how);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Forbidden);
}

class SealedPlanTest : public PlanTest {
 protected:
  SealedPlanTest() {
    desk_.write(
        "/desk/profile.yaml",
        replaced(
            replaced(kProfile, "  layers:", "  - {name: cardKey, type: string, sensitive: true}\n  layers:"),
            "store ${storeNumber}", "store ${storeNumber} ${cardKey}"));
    desk_.write("/desk/site.yaml",
                replaced(kSite, "storeNumber: \"0042\"}",
                         "storeNumber: \"0042\", cardKey: {secretRef: {name: store-0042, key: card}}}"));
    desk_.write("/desk/card", "canary");
    io::sim::SimEntropy entropy(9);
    const auto key = crypto::SealingKey::generate(entropy).public_key();
    desk_.write("/desk/hosts.yaml",
                "- {name: edge-1, machineID: m-1, sealingKey: \"" + to_base64(key) + "\"}\n");
  }
  static PlanOptions with_secret() {
    auto how = options();
    how.secrets = {"store-0042/card=/desk/card"};
    return how;
  }
};

TEST_F(SealedPlanTest, ASecretIsSealedAndInNoFileReadable) {
  const auto text = make(with_secret());
  ASSERT_TRUE(text) << text.error().to_string();
  const auto made = plan();
  ASSERT_TRUE(made.sealed.contains("cardKey"));
  EXPECT_FALSE(made.variables.contains("cardKey"));
  EXPECT_EQ(profile::to_payload(made).find("canary"), std::string::npos);
  for (const auto& entry : desk_.files().list("/out/content/blobs/sha256").value())
    EXPECT_EQ(desk_.read("/out/content/blobs/sha256/" + entry.name).find("canary"), std::string::npos);
}

TEST_F(SealedPlanTest, TheSameSecretAgainNeedsNoNewPlanAndAnotherDoes) {
  ASSERT_TRUE(make(with_secret()));
  const auto version = plan().sealed.at("cardKey").version;
  EXPECT_THAT(make(with_secret()).value(), HasSubstr("no new plan is needed"));
  desk_.write("/desk/card", "other");
  ASSERT_TRUE(make(with_secret()));
  EXPECT_EQ(plan().generation, 2);
  EXPECT_NE(plan().sealed.at("cardKey").version, version);
}

TEST_F(SealedPlanTest, WithoutTheSecretItSaysHowToGiveIt) {
  EXPECT_THAT(refusal(), HasSubstr("--secret store-0042/card=FILE"));
}

TEST_F(SealedPlanTest, AHostWithoutASealingKeyIsNamed) {
  desk_.write("/desk/hosts.yaml", "- {name: edge-1, machineID: m-1}\n");
  EXPECT_THAT(refusal(with_secret()), AllOf(HasSubstr("edge-1"), HasSubstr("farholm-agent identity")));
  desk_.write("/desk/hosts.yaml", "- {name: edge-1, machineID: m-1, sealingKey: \"AAAA\"}\n");
  EXPECT_THAT(refusal(with_secret()), AllOf(HasSubstr("sealingKey of edge-1"), Not(HasSubstr("canary"))));
}

}  // namespace
}  // namespace farholm::cli
