// Which bundle has which image, for `farholm plan` without a hub.
#include "cli/folder_catalog.h"

#include <gmock/gmock.h>

#include "cli/bundle.h"
#include "cli/root_init.h"
#include "cli/test_layout.h"

namespace farholm::cli {
namespace {

using testing::HasSubstr;

class FolderCatalogTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(root_init(desk_.world(), {.folder = "/keys"}));
    root_ = trust::Root::parse(desk_.read("/keys/root.json")).value();
  }
  // Its reference: "till@sha256:…".
  std::string make_bundle(const std::string& folder, const std::string& name,
                          const std::vector<std::string>& images) {
    test::make_layout(desk_, folder, images);
    desk_.write("/manifests.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n");
    const auto text = bundle_create(desk_.world(), {.folder = folder,
                                                    .name = name,
                                                    .manifests = {"/manifests.yaml"},
                                                    .publisher_key = "/keys/publisher.key"});
    EXPECT_TRUE(text) << text.error().to_string();
    return text->substr(text->rfind("@") + 1, std::string("sha256:").size() + 64);
  }
  Result<FolderCatalog> open(const std::vector<std::string>& folders) {
    return FolderCatalog::open(desk_.files(), root_, folders);
  }

  test::Desk desk_;
  trust::Root root_;
};

TEST_F(FolderCatalogTest, FindsBundlesByTheirDigestWithWhatIsInThem) {
  const auto digest = make_bundle("/till", "till", {"farholm.dev/till:1.0.0"});
  const auto catalog = open({"/till"});
  ASSERT_TRUE(catalog) << catalog.error().to_string();
  const auto* bundle = catalog->find(digest);
  ASSERT_NE(bundle, nullptr);
  EXPECT_EQ(bundle->name, "till");
  ASSERT_EQ(bundle->manifests.size(), 1U);
  EXPECT_EQ(bundle->manifests[0]["metadata"]["name"], "till");
  EXPECT_TRUE(bundle->images.contains("farholm.dev/till:1.0.0"));
  EXPECT_EQ(catalog->find("sha256:" + std::string(64, '0')), nullptr);
}

TEST_F(FolderCatalogTest, AFolderOfBundlesIsAllOfThem) {
  make_bundle("/bundles/till", "till", {"farholm.dev/till:1.0.0"});
  const auto kubernetes = make_bundle("/bundles/kubernetes", "kubernetes", {"farholm.dev/node:v1.34.1"});
  const auto catalog = open({"/bundles"});
  ASSERT_TRUE(catalog) << catalog.error().to_string();
  ASSERT_NE(catalog->find_kubernetes("v1.34.1"), nullptr);
  EXPECT_EQ(catalog->find_kubernetes("v1.34.1")->digest, kubernetes);
  EXPECT_EQ(catalog->find_kubernetes("v1.34"), nullptr);
  const auto image = catalog->find_image("farholm.dev/node:v1.34.1");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->bundle_digest, kubernetes);
  EXPECT_EQ(image->image_digest, catalog->find(kubernetes)->images.at("farholm.dev/node:v1.34.1"));
  EXPECT_FALSE(catalog->find_image("farholm.dev/till:9.9.9"));
}

TEST_F(FolderCatalogTest, AFolderWithoutBundlesSaysHowToMakeOne) {
  ASSERT_TRUE(desk_.files().make_directories("/empty"));
  const auto catalog = open({"/empty"});
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::NotFound);
  EXPECT_THAT(catalog.error().message, HasSubstr("farholm bundle create"));
}

TEST_F(FolderCatalogTest, WhatThePublisherDidNotSignIsNotOpenedAndTheFolderIsNamed) {
  make_bundle("/till", "till", {"farholm.dev/till:1.0.0"});
  test::make_layout(desk_, "/unsigned", {"farholm.dev/other:1.0.0"});
  const auto catalog = open({"/till", "/unsigned"});
  ASSERT_FALSE(catalog);
  EXPECT_THAT(catalog.error().to_string(), HasSubstr("/unsigned"));
}

}  // namespace
}  // namespace farholm::cli
