#include "profile/freeze.h"

#include <gmock/gmock.h>

#include "profile/digest.h"
#include "profile/test_catalog.h"

namespace farholm::profile {
namespace {

using test::demo_catalog;
using test::demo_profile_spec;
using test::digest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

json::Value blob(const FrozenRevision& frozen, std::size_t layer) {
  return json::parse(frozen.blobs.at(layer).bytes).value();
}

TEST(Freeze, MakesOneBlobALayerNamedByItsDigest) {
  const auto frozen = freeze(demo_profile_spec(), demo_catalog());
  ASSERT_TRUE(frozen.has_value()) << frozen.error().to_string();
  ASSERT_EQ(frozen->blobs.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(frozen->blobs[i].digest, digest_of(frozen->blobs[i].bytes));
    EXPECT_EQ(frozen->layers[i].blob, frozen->blobs[i].digest);
    EXPECT_EQ(frozen->layers[i].size_bytes, frozen->blobs[i].bytes.size());
  }
}

TEST(Freeze, TheSameProfileGivesTheSameBytes) {
  const auto once = freeze(demo_profile_spec(), demo_catalog()).value();
  const auto again = freeze(demo_profile_spec(), demo_catalog()).value();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(once.blobs[i].bytes, again.blobs[i].bytes);
  EXPECT_TRUE(once.same_as(again.numbered("store", "retail", 7)));
}

TEST(Freeze, TheKubernetesLayerGetsItsDefaultsAndItsBundle) {
  EXPECT_EQ(blob(freeze(demo_profile_spec(), demo_catalog()).value(), 0),
            (json::Value{{"name", "kubernetes"},
                         {"type", "kubernetes"},
                         {"distribution", "kubeadm"},
                         {"version", "v1.35.4"},
                         {"bundle", digest('1')},
                         {"podSubnet", "10.244.0.0/16"},
                         {"serviceSubnet", "10.96.0.0/16"},
                         {"apiPort", 6443},
                         {"listeners", {{{"name", "http"}, {"port", 8080}, {"nodePort", 30080}}}}}));
}

TEST(Freeze, ABundlesObjectsAreCopiedInWithTheirImagesResolved) {
  const auto network = blob(freeze(demo_profile_spec(), demo_catalog()).value(), 1);
  EXPECT_EQ(network["objects"][0]["spec"]["template"]["spec"]["containers"][0]["image"],
            "farholm.dev/flannel:1.0@" + digest('b'));
  EXPECT_EQ(network["bundles"], json::Value::array({digest('2')}));
  EXPECT_EQ(network["images"], (json::Value{{"farholm.dev/flannel:1.0", digest('b')}}));
}

TEST(Freeze, InABundleOnlyDeclaredVariablesAreReferences) {
  const auto frozen = freeze(demo_profile_spec(), demo_catalog()).value();
  EXPECT_EQ(blob(frozen, 1)["objects"][1]["data"]["run"], "echo $${HOME} ${storeNumber}");
  EXPECT_THAT(frozen.layers[1].variables, ElementsAre("storeNumber"));
  EXPECT_THAT(frozen.layers[2].variables, ElementsAre("cardKey", "storeNumber"));
}

TEST(Freeze, AnImageMayComeFromAnyBundle) {
  const auto till = blob(freeze(demo_profile_spec(), demo_catalog()).value(), 2);
  EXPECT_EQ(till["objects"][0]["spec"]["template"]["spec"]["containers"][0]["image"],
            "farholm.dev/till:1.0@" + digest('c'));
  EXPECT_EQ(till["bundles"], json::Value::array({digest('3')}));
}

TEST(Freeze, AnImageThatNoBundleContainsIsNamedWithItsField) {
  auto spec = demo_profile_spec();
  auto& container = spec["layers"][2]["content"]["inline"][0]["spec"]["template"]["spec"]["containers"][0];
  container["image"] = "farholm.dev/till:9.9";
  const auto refused = freeze(spec, demo_catalog());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Invalid);
  ASSERT_EQ(refused.error().causes.size(), 1U);
  EXPECT_EQ(refused.error().causes[0].field,
            "spec.layers[2].content.inline[0].spec.template.spec.containers[0].image");
  EXPECT_THAT(refused.error().causes[0].message,
              HasSubstr("no bundle contains the image farholm.dev/till:9.9"));
  spec["layers"][2]["allowPull"] = true;
  const auto allowed = freeze(spec, demo_catalog());
  ASSERT_TRUE(allowed.has_value()) << allowed.error().to_string();
  EXPECT_EQ(blob(*allowed, 2)["allowPull"], true);
}

TEST(Freeze, AnImageInABundleIsNamedWithItsObjectAndTheBundlesField) {
  auto catalog = demo_catalog();
  catalog.bundles[1].images.clear();
  const auto refused = freeze(demo_profile_spec(), catalog);
  ASSERT_EQ(refused.error().causes.size(), 1U);
  EXPECT_EQ(refused.error().causes[0].field, "spec.layers[1].content.bundle");
  EXPECT_THAT(
      refused.error().causes[0].message,
      HasSubstr("Deployment shop/flannel in the bundle, spec.template.spec.containers[0].image: no bundle "
                "contains the image farholm.dev/flannel:1.0"));
}

TEST(Freeze, AnInitContainersImageCountsToo) {
  auto spec = demo_profile_spec();
  spec["layers"][2]["content"]["inline"][0]["spec"]["template"]["spec"]["initContainers"] = {
      {{"image", "busybox"}}};
  EXPECT_THAT(freeze(spec, demo_catalog()).error().message, HasSubstr("docker.io/library/busybox:latest"));
}

TEST(Freeze, ADigestThatIsNotTheBundlesIsRefused) {
  auto spec = demo_profile_spec();
  auto& container = spec["layers"][2]["content"]["inline"][0]["spec"]["template"]["spec"]["containers"][0];
  container["image"] = "farholm.dev/till:1.0@" + digest('d');
  EXPECT_FALSE(freeze(spec, demo_catalog()).has_value());
  container["image"] = "farholm.dev/till:1.0@" + digest('c');
  EXPECT_TRUE(freeze(spec, demo_catalog()).has_value());
}

TEST(Freeze, AnImageMayNotDependOnAVariable) {
  auto spec = demo_profile_spec();
  auto& container = spec["layers"][2]["content"]["inline"][0]["spec"]["template"]["spec"]["containers"][0];
  container["image"] = "farholm.dev/till:${storeNumber}";
  EXPECT_THAT(freeze(spec, demo_catalog()).error().message, HasSubstr("may not depend on a variable"));
}

TEST(Freeze, AnUnknownBundleAndAMissingVersionAreNamed) {
  auto spec = demo_profile_spec();
  spec["layers"][0]["version"] = "v1.34.4";
  spec["layers"][1]["content"]["bundle"] = "flannel@" + digest('9');
  const auto refused = freeze(spec, demo_catalog());
  ASSERT_EQ(refused.error().causes.size(), 2U);
  EXPECT_EQ(refused.error().causes[0].field, "spec.layers[0].version");
  EXPECT_EQ(refused.error().causes[1].field, "spec.layers[1].content.bundle");
}

TEST(Freeze, ARevisionSurvivesItsObject) {
  const Revision revision = test::demo_revision(7);
  const auto object = to_object(revision);
  EXPECT_EQ(object["metadata"]["name"], "store-7");
  const auto back = read_revision(object);
  ASSERT_TRUE(back.has_value()) << back.error().to_string();
  EXPECT_EQ(to_object(*back), object);
}

}  // namespace
}  // namespace farholm::profile
