// `farholm bundle create` and `verify`, as a publisher and who checks what he made use them.
#include "cli/bundle.h"

#include <gmock/gmock.h>

#include "cli/root_init.h"
#include "cli/test_layout.h"

namespace farholm::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: prices\n";

class BundleCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(root_init(desk_.world(), {.folder = "/keys"}));
    test::make_layout(desk_, "/till", {"farholm.dev/till:1.0.0"});
    desk_.write("/manifests/a.yaml", kConfigMap);
  }
  Result<std::string> create(std::vector<std::string> manifests = {"/manifests"}) {
    return bundle_create(desk_.world(), {.folder = "/till",
                                         .name = "till",
                                         .manifests = std::move(manifests),
                                         .publisher_key = "/keys/publisher.key"});
  }
  Result<std::string> verify() {
    return bundle_verify(desk_.world(), {.folder = "/till", .root = "/keys/root.json"});
  }
  static std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of('\n');
    return text.substr(text.rfind('\n', end) + 1, end - text.rfind('\n', end));
  }

  test::Desk desk_;
};

TEST_F(BundleCommandTest, WhatWasCreatedIsVerifiedAndItsLastLineIsWhatAProfileRefersTo) {
  const auto created = create();
  ASSERT_TRUE(created) << created.error().to_string();
  EXPECT_THAT(*created, HasSubstr("image farholm.dev/till:1.0.0 (sha256:"));
  EXPECT_THAT(*created, HasSubstr("1 Kubernetes objects"));
  EXPECT_THAT(last_line(*created), testing::MatchesRegex("till@sha256:[0-9a-f]+"));
  const auto verified = verify();
  ASSERT_TRUE(verified) << verified.error().to_string();
  EXPECT_EQ(last_line(*verified), last_line(*created));
}

TEST_F(BundleCommandTest, TheSameContentIsTheSameBundle) {
  const auto first = create().value();
  EXPECT_EQ(last_line(create().value()), last_line(first));
  desk_.write("/manifests/b.yaml", kConfigMap);
  EXPECT_NE(last_line(create().value()), last_line(first));
}

TEST_F(BundleCommandTest, FoldersAreReadWithAllManifestsInThemAndNothingElse) {
  desk_.write("/manifests/b.yml", std::string(kConfigMap) + "---\n" + kConfigMap);
  desk_.write("/manifests/c.json", R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"card"}})");
  desk_.write("/manifests/notes.txt", "not: [a manifest");
  EXPECT_THAT(create().value(), HasSubstr("4 Kubernetes objects"));
}

TEST_F(BundleCommandTest, AManifestThatIsWrongIsNamed) {
  desk_.write("/manifests/broken.yaml", "kind: [ConfigMap");
  const auto created = create();
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().to_string(), HasSubstr("/manifests/broken.yaml"));
}

TEST_F(BundleCommandTest, WhatIsNotThereIsAnErrorThatNamesIt) {
  EXPECT_THAT(create({"/nowhere.yaml"}).error().to_string(), HasSubstr("/nowhere.yaml"));
  const auto no_key = bundle_create(
      desk_.world(), {.folder = "/till", .name = "till", .manifests = {}, .publisher_key = "/keys/none.key"});
  ASSERT_FALSE(no_key);
  EXPECT_THAT(no_key.error().to_string(), HasSubstr("/keys/none.key"));
}

TEST_F(BundleCommandTest, AnotherPublishersBundleIsRefused) {
  ASSERT_TRUE(create());
  ASSERT_TRUE(root_init(desk_.world(), {.folder = "/other"}));
  EXPECT_FALSE(bundle_verify(desk_.world(), {.folder = "/till", .root = "/other/root.json"}));
}

TEST_F(BundleCommandTest, ABundleThatLacksABlobOrHasItCutShortIsRefused) {
  ASSERT_TRUE(create());
  const auto layer = crypto::Digest::of(std::string_view("layer of farholm.dev/till:1.0.0"));
  desk_.write("/till/blobs/sha256/" + layer.hex(), "layer of");
  EXPECT_FALSE(verify());
  ASSERT_TRUE(desk_.files().remove("/till/blobs/sha256/" + layer.hex()));
  EXPECT_FALSE(verify());
}

}  // namespace
}  // namespace farholm::cli
