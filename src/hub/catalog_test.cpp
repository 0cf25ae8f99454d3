#include "hub/catalog.h"

#include <gtest/gtest.h>

#include "content/bundle.h"
#include "io/sim/sim_world.h"

namespace farholm::hub {
namespace {

class CatalogTest : public testing::Test {
 protected:
  trust::Root root_of(const crypto::PrivateKey& publisher) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, machine_.entropy());
    trust::RootSpec spec{
        .version = 1, .expires = io::WallTime(std::chrono::hours(24 * 365 * 80)), .roles = {}};
    for (const auto role : trust::kRoleNames)
      spec.role(role).keys.push_back(role == trust::RoleName::Publisher ? publisher.public_key()
                                                                        : key.public_key());
    return *trust::Root::parse(*trust::make_root(spec, {key}));
  }
  Catalog catalog(const trust::Root& root) {
    return Catalog({machine_.world(), root, store_, "/bundles.json", log_});
  }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_{world_.add_machine("hub")};
  NullSink sink_;
  Logger log_{sink_, "test"};
  content::BlobStore store_{machine_.files(), "/content", log_};
  crypto::PrivateKey publisher_ = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, machine_.entropy());
};

TEST_F(CatalogTest, ASignedBundleIsImportedAndThereAfterARestart) {
  ASSERT_TRUE(machine_.files().make_directories("/given"));
  const json::Value object{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}};
  const auto made = content::create_bundle(
      machine_.files(), "/given", {.name = "flannel", .objects = {object}, .created_at = {}}, publisher_);
  ASSERT_TRUE(made) << made.error().to_string();
  const auto root = root_of(publisher_);
  auto first = catalog(root);
  const auto imported = world_.loop().run(first.import("/given"));
  ASSERT_TRUE(imported) << imported.error().to_string();
  auto again = catalog(root);
  ASSERT_TRUE(again.load());
  const auto* found = again.find(made->digest.to_string());
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, "flannel");
  EXPECT_EQ(found->manifests, std::vector<json::Value>{object});
  EXPECT_EQ(again.find_kubernetes("v1.34.4"), nullptr);
  EXPECT_FALSE(again.find_image("nginx:1"));
}

TEST_F(CatalogTest, ABundleThatThePublisherDidNotSignIsRefused) {
  ASSERT_TRUE(machine_.files().make_directories("/given"));
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, machine_.entropy());
  const json::Value object{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}};
  const auto made = content::create_bundle(
      machine_.files(), "/given", {.name = "flannel", .objects = {object}, .created_at = {}}, stranger);
  ASSERT_TRUE(made);
  const auto root = root_of(publisher_);
  auto strict = catalog(root);
  const auto imported = world_.loop().run(strict.import("/given"));
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, ErrorCode::Forbidden);
  EXPECT_EQ(strict.find(made->digest.to_string()), nullptr);
}

}  // namespace
}  // namespace farholm::hub
