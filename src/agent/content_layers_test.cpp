// What a layer needs, where it comes from, and what a driver gets of it.
#include "agent/content_layers.h"

#include <gmock/gmock.h>

#include "agent/test_content.h"
#include "agent/test_site.h"
#include "content/bundle.h"
#include "content/layout_source.h"
#include "trust/sealed_value.h"

namespace farholm::agent {
namespace {

using test::layer_blob;
using test::layer_of_blob;
using test::MemorySource;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kCatalog = "/state/images.json";

class ContentLayersTest : public testing::Test {
 protected:
  ContentLayersTest() { EXPECT_TRUE(files_.make_directories(test::kFolder) && files_.sync_directory("/")); }

  std::vector<std::string> missing(const profile::SitePlan& plan) {
    auto absent = layers_.missing(plan, plan.layers.front());
    EXPECT_TRUE(absent) << absent.error().to_string();
    return absent.value_or(std::vector<std::string>());
  }
  Result<void> fetch(const profile::SitePlan& plan) {
    return world_.loop().run(layers_.fetch(plan, [](std::string_view) {}));
  }
  // A bundle of one object in a folder; its digest.
  std::string make_bundle(const std::string& folder, const crypto::PrivateKey& publisher) {
    EXPECT_TRUE(files_.make_directories(folder));
    const auto made = content::create_bundle(
        files_, folder,
        {.name = "network",
         .objects = {{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "network"}}}}},
         .created_at = {}},
        publisher);
    EXPECT_TRUE(made) << made.error().to_string();
    return made->digest.to_string();
  }
  // A plan with one layer; `till` is in the source.
  profile::SitePlan plan(const std::string& blob) {
    source_.add(blob);
    return test::plan(1, {layer_of_blob("till", blob)});
  }

  io::sim::SimEntropy entropy_{7};
  test::Keys keys_{entropy_};
  Identity identity_{.key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy_),
                     .sealing = crypto::SealingKey::generate(entropy_)};
  test::CollectingSink log_;
  io::sim::SimWorld world_{3};
  io::sim::SimMachine& machine_{world_.add_machine("edge")};
  io::sim::SimFiles& files_{machine_.files()};
  content::BlobStore store_{files_, "/state/content", Logger(log_, "content")};
  ContentLayers layers_{{.world = machine_.world(),
                         .log = Logger(log_, "content"),
                         .root = keys_.root(),
                         .identity = identity_,
                         .store = store_,
                         .catalog_path = kCatalog}};
  MemorySource source_{"the source"};
  content::LayoutSource folder_{files_, "/usb"};
};

TEST_F(ContentLayersTest, SaysWhatIsMissingAsFarAsItCanBeToldAndFetchesAllOfIt) {
  const auto bundle = make_bundle("/usb", keys_.key());
  const auto wanted = plan(layer_blob("till", "one", {bundle}));
  EXPECT_THAT(missing(wanted), ElementsAre(wanted.layers[0].blob)) << "who knows what it needs";
  layers_.set_sources({&source_});
  EXPECT_FALSE(fetch(wanted)) << "the bundle is nowhere";
  EXPECT_THAT(missing(wanted), ElementsAre(bundle)) << "what came is kept";
  layers_.set_sources({&source_, &folder_});
  const auto fetched = fetch(wanted);
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_THAT(missing(wanted), IsEmpty());
  EXPECT_EQ(layers_.bundle(bundle).value()->objects.size(), 1U);

  const auto asked = source_.asked;
  const auto writes = files_.boundaries();
  EXPECT_TRUE(fetch(wanted));
  EXPECT_EQ(source_.asked, asked) << "what is here is not asked for again";
  EXPECT_EQ(files_.boundaries(), writes) << "nor written";
}

TEST_F(ContentLayersTest, WritesDownWhatTheRegistryMayServeForItToRead) {
  EXPECT_TRUE(read_catalog(files_, kCatalog).value().blobs.empty()) << "an absent one is an empty one";
  const auto bundle = make_bundle("/usb", keys_.key());
  layers_.set_sources({&source_, &folder_});
  const auto with = plan(layer_blob("till", "one", {bundle}));
  ASSERT_TRUE(fetch(with) && layers_.serve({&with}));
  const auto catalog = read_catalog(files_, kCatalog);
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->blobs.size(), layers_.bundle(bundle).value()->blobs.size());
  const auto without = plan(layer_blob("till", "two"));
  ASSERT_TRUE(fetch(without) && layers_.serve({&without}));
  EXPECT_TRUE(read_catalog(files_, kCatalog).value().blobs.empty()) << "what no layer needs is not served";
  ASSERT_TRUE(layers_.serve({&without, &with}));
  EXPECT_EQ(read_catalog(files_, kCatalog)->blobs, catalog->blobs)
      << "of a plan that was there before, at once";
}

TEST_F(ContentLayersTest, WhatOneLayerLacksDoesNotHoldUpTheOthers) {
  const auto here = make_bundle("/usb", keys_.key());
  const auto gone = crypto::Digest::of("a bundle that nobody has").to_string();
  const auto first = layer_blob("first", "one", {gone});
  const auto nowhere = layer_blob("second", "two");
  const auto last = layer_blob("last", "three", {here});
  source_.add(first);
  source_.add(last);
  const auto wanted = test::plan(
      1, {layer_of_blob("first", first), layer_of_blob("second", nowhere), layer_of_blob("last", last)});
  layers_.set_sources({&source_, &folder_});
  EXPECT_FALSE(fetch(wanted));
  EXPECT_THAT(layers_.missing(wanted, wanted.layers[0]).value(), ElementsAre(gone));
  EXPECT_THAT(layers_.missing(wanted, wanted.layers[1]).value(), ElementsAre(wanted.layers[1].blob));
  EXPECT_THAT(layers_.missing(wanted, wanted.layers[2]).value(), IsEmpty());
  ASSERT_TRUE(layers_.serve({&wanted}));
  EXPECT_FALSE(read_catalog(files_, kCatalog).value().blobs.empty()) << "what came may be served";
}

TEST_F(ContentLayersTest, ABundleThatThePublisherDidNotSignIsNotTaken) {
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy_);
  const auto bundle = make_bundle("/usb", stranger);
  const auto wanted = plan(layer_blob("till", "one", {bundle}));
  layers_.set_sources({&source_, &folder_});
  EXPECT_FALSE(fetch(wanted));
  EXPECT_THAT(missing(wanted), ElementsAre(bundle));
  EXPECT_FALSE(store_.find(*crypto::Digest::parse(bundle)).value()) << "not even its index";
}

TEST_F(ContentLayersTest, ASourceThatGivesAWrongDigestIsNamedAndTheNextOneIsAsked) {
  const auto blob = layer_blob("till", "one");
  MemorySource liar("the liar");
  MemorySource poor("who has nothing");
  liar.lie_about(blob);
  layers_.set_sources({&poor, &liar, &source_});
  ASSERT_TRUE(fetch(plan(blob)));
  EXPECT_THAT(layers_.problems(), ElementsAre(HasSubstr("the liar")));
  EXPECT_EQ(store_.read(crypto::Digest::of(blob), 1 << 20).value(), blob);
  EXPECT_FALSE(test::is_anywhere(files_, test::kFolder, std::string(40, MemorySource::kLie)));
}

TEST_F(ContentLayersTest, ALoadedLayerHasItsVariablesAndItsOwnOnly) {
  auto wanted = plan(layer_blob("till", "store ${number}"));
  wanted.layers[0].variables = {"number"};
  wanted.variables = {{"number", "0042"}};
  layers_.set_sources({&source_});
  ASSERT_TRUE(fetch(wanted));
  const auto loaded = layers_.load(wanted, wanted.layers[0]);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->spec["objects"][0]["data"]["value"], "store 0042");
  EXPECT_EQ(loaded->fingerprint, profile::layer_fingerprint(wanted, wanted.layers[0]));
  // What the plan does not list for a layer is not in its fingerprint, so it must not change the layer.
  wanted.layers[0].variables.clear();
  EXPECT_EQ(layers_.load(wanted, wanted.layers[0]).error().code, ErrorCode::Invalid);
}

TEST_F(ContentLayersTest, ASealedValueIsFetchedOpenedAndPutIn) {
  auto wanted = plan(layer_blob("till", "key ${cardKey}"));
  const auto envelope = *trust::seal_value(identity_.sealing.public_key(),
                                           {.site = wanted.site_uid, .name = "cardKey", .version = "v1"},
                                           "\"canary\"", entropy_);
  const auto digest = source_.add(envelope).to_string();
  wanted.layers[0].variables = {"cardKey"};
  wanted.sealed["cardKey"] = {.version = "v1", .envelopes = {{"host-1", digest}}};
  layers_.set_sources({&source_});

  layers_.set_host_uid("host-2");
  ASSERT_TRUE(fetch(wanted));
  const auto not_ours = layers_.load(wanted, wanted.layers[0]);
  ASSERT_FALSE(not_ours);
  EXPECT_THAT(not_ours.error().message, HasSubstr("not sealed to this host"));

  layers_.set_host_uid("host-1");
  EXPECT_THAT(missing(wanted), ElementsAre(digest));
  ASSERT_TRUE(fetch(wanted));
  const auto loaded = layers_.load(wanted, wanted.layers[0]);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->spec["objects"][0]["data"]["value"], "key canary");
  EXPECT_FALSE(test::is_anywhere(files_, test::kFolder, "canary")) << "the disk never sees it";

  // An envelope for another place does not open here.
  wanted.sealed["cardKey"].version = "v2";
  EXPECT_FALSE(layers_.load(wanted, wanted.layers[0]));
}

TEST_F(ContentLayersTest, ABlobThatIsNoSuchLayerIsInvalidHoweverRightItsDigestIs) {
  layers_.set_sources({&source_});
  for (const auto& blob : {std::string("not json"), layer_blob("network", "one"), std::string("{}")}) {
    const auto wanted = plan(blob);
    EXPECT_FALSE(fetch(wanted)) << blob;
    EXPECT_FALSE(layers_.load(wanted, wanted.layers[0]));
  }
}

TEST_F(ContentLayersTest, ALayerLargerThanThePlanSaysIsNotTaken) {
  auto wanted = plan(layer_blob("till", "one"));
  wanted.layers[0].size_bytes -= 1;
  layers_.set_sources({&source_});
  EXPECT_FALSE(fetch(wanted));
  EXPECT_THAT(missing(wanted), ElementsAre(wanted.layers[0].blob));
}

TEST_F(ContentLayersTest, TheListOfProblemsIsBounded) {
  MemorySource liar("the liar");
  layers_.set_sources({&liar, &source_});
  for (int i = 0; i < 40; ++i) {
    const auto blob = layer_blob("till", "value " + std::to_string(i));
    liar.lie_about(blob);
    ASSERT_TRUE(fetch(plan(blob)));
  }
  EXPECT_EQ(layers_.problems().size(), 16U);
  EXPECT_THAT(layers_.problems().back(),
              HasSubstr(crypto::Digest::of(layer_blob("till", "value 39")).to_string()));
}

}  // namespace
}  // namespace farholm::agent
