#include "content/bundle.h"

#include "content/registry.h"
#include "content/test_content.h"

namespace farholm::content {
namespace {

class BundleTest : public ContentTest {
 protected:
  BundleTest() {
    trust::RootSpec spec{.version = 1, .expires = {}, .roles = {}};
    for (auto& role : spec.roles) role.keys = {publisher.public_key()};
    spec.role(trust::RoleName::Plan).keys = {other.public_key()};
    root = std::move(*trust::Root::parse(*trust::make_root(spec, {publisher})));
  }
  json::Value descriptor(std::string_view type, const std::string& content) {
    return {{"mediaType", type}, {"digest", Digest::of(content).to_string()}, {"size", content.size()}};
  }
  // A layout as an image builder leaves it: one image of one layer under each name.
  void make_layout(const std::string& folder, const std::vector<std::string>& names) {
    json::Value entries = json::Value::array();
    for (const auto& name : names) {
      const std::string layer = "layer of " + name;
      offer(folder, layer);
      offer(folder, "{}");
      const auto manifest =
          json::to_text({{"schemaVersion", 2},
                         {"mediaType", kManifestType},
                         {"config", descriptor("application/vnd.oci.image.config.v1+json", "{}")},
                         {"layers", {descriptor("application/vnd.oci.image.layer.v1.tar", layer)}}});
      offer(folder, manifest);
      auto entry = descriptor(kManifestType, manifest);
      entry["annotations"] = {{kReferenceAnnotation, name}};
      entry["platform"] = {{"os", "linux"}, {"architecture", "amd64"}};
      entries.push_back(entry);
    }
    ASSERT_TRUE(io::write_file_atomically(files, folder + "/index.json",
                                          json::to_text({{"schemaVersion", 2}, {"manifests", entries}})));
  }
  Bundle create(const std::string& folder, std::vector<json::Value> objects = {}) {
    auto bundle = create_bundle(files, folder,
                                {.name = "till", .objects = std::move(objects), .created_at = {}}, publisher);
    EXPECT_TRUE(bundle) << bundle.error().to_string();
    return std::move(*bundle);
  }

  crypto::TestEntropy entropy;
  crypto::PrivateKey publisher = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
  crypto::PrivateKey other = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
  trust::Root root;
  const json::Value object = {{"kind", "ConfigMap"}, {"apiVersion", "v1"}, {"metadata", {{"name", "a"}}}};
};

TEST_F(BundleTest, HoldsImagesAndObjects) {
  make_layout("/b", {"farholm.dev/till:1.0.0", "docker.io/library/busybox:1"});
  const auto made = create("/b", {object, {{"kind", "List"}, {"items", {object, object}}}});
  const auto bundle = verify_bundle(root, files, "/b");
  ASSERT_TRUE(bundle) << bundle.error().to_string();
  EXPECT_EQ(bundle->digest, made.digest);
  EXPECT_EQ(bundle->name, "till");
  EXPECT_EQ(bundle->images.size(), 2U);
  EXPECT_TRUE(bundle->images.contains("farholm.dev/till:1.0.0"));
  EXPECT_EQ(bundle->objects.size(), 3U) << "lists are unpacked";
  EXPECT_EQ(bundle->blobs.size(), 7U)
      << "two manifests, one config for all, two layers; artifact and its layer";
}

TEST_F(BundleTest, IsTheSameForTheSameContent) {
  make_layout("/b", {"farholm.dev/till:1.0.0"});
  const auto first = create("/b", {object});
  const auto before = files.boundaries();
  EXPECT_EQ(create("/b", {object}).digest, first.digest);
  EXPECT_EQ(files.boundaries(), before) << "nothing is written again";
  EXPECT_NE(create("/b", {}).digest, first.digest);
  EXPECT_EQ(create("/b", {object}).digest, first.digest) << "objects are replaced, not added";
}

TEST_F(BundleTest, OfObjectsAloneNeedsNoImages) {
  const auto made = create("/objects", {object});
  EXPECT_TRUE(made.images.empty());
  EXPECT_TRUE(verify_bundle(root, files, "/objects"));
}

TEST_F(BundleTest, IsRefusedWithoutThePublishersSignature) {
  make_layout("/b", {"farholm.dev/till:1.0.0"});
  ASSERT_TRUE(create_bundle(files, "/b", {.name = "till", .objects = {}, .created_at = {}}, other));
  EXPECT_EQ(verify_bundle(root, files, "/b").error().code, ErrorCode::Forbidden);
  create("/b");
  EXPECT_TRUE(verify_bundle(root, files, "/b"));
  ASSERT_TRUE(io::write_file_atomically(files, "/b/index.json", R"({"schemaVersion":2,"manifests":[]})"));
  EXPECT_EQ(verify_bundle(root, files, "/b").error().code, ErrorCode::Invalid) << "signed for another index";
}

TEST_F(BundleTest, IsRefusedWhenABlobIsMissing) {
  make_layout("/b", {"farholm.dev/till:1.0.0"});
  create("/b");
  ASSERT_TRUE(files.remove("/b/blobs/sha256/" + Digest::of("layer of farholm.dev/till:1.0.0").hex()));
  EXPECT_FALSE(verify_bundle(root, files, "/b"));
}

TEST_F(BundleTest, IsImportedOnceAndOpensFromTheStore) {
  make_layout("/b", {"farholm.dev/till:1.0.0"});
  const auto made = create("/b", {object});
  EXPECT_EQ(open_bundle(root, store, made.digest).error().code, ErrorCode::NotFound);
  const auto into = fetcher({});
  const auto imported = world.loop().run(import_bundle(into, root, files, "/b"));
  ASSERT_TRUE(imported) << imported.error().to_string();
  const auto opened = open_bundle(root, store, made.digest);
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(opened->images, made.images);
  EXPECT_EQ(opened->objects, made.objects);
  const auto before = files.boundaries();
  EXPECT_TRUE(world.loop().run(import_bundle(into, root, files, "/b")));
  EXPECT_EQ(files.boundaries(), before);
}

TEST_F(BundleTest, IsFetchedPieceByPieceFromWhoeverHasItRight) {
  make_layout("/b", {"farholm.dev/till:1.0.0"});
  const auto made = create("/b", {object});
  WrongSource wrong("nonsense");
  LayoutSource good(files, "/b");
  const auto sources = fetcher({&wrong, &good});
  const auto fetched = world.loop().run(fetch_bundle(sources, root, made.digest));
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_FALSE(problems.empty());
  EXPECT_TRUE(open_bundle(root, store, made.digest));
}

TEST_F(BundleTest, WithoutARightSignatureIsNotFetched) {
  make_layout("/b", {"farholm.dev/till:1.0.0"});
  ASSERT_TRUE(create_bundle(files, "/b", {.name = "till", .objects = {}, .created_at = {}}, other));
  const auto index = Digest::of(*io::read_file(files, "/b/index.json", 100'000));
  LayoutSource source(files, "/b");
  const auto sources = fetcher({&source});
  EXPECT_EQ(world.loop().run(fetch_bundle(sources, root, index)).error().code, ErrorCode::Forbidden);
  EXPECT_TRUE(store.list()->empty());
}

TEST_F(BundleTest, AnIndexThatCannotBeOneIsRefused) {
  for (const char* text :
       {"", "{}", R"({"schemaVersion":1,"manifests":[]})",
        R"({"schemaVersion":2,"manifests":[],"layers":[]})", R"({"schemaVersion":2,"manifests":[{}]})",
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]})",
        R"({"schemaVersion":2,"layers":[]})"}) {
    EXPECT_EQ(parse_manifest(text).error().code, ErrorCode::Invalid) << text;
  }
  const std::string self = R"({"schemaVersion":2,"manifests":[]})";
  EXPECT_TRUE(parse_manifest(self)->is_index());
}

class RegistryTest : public BundleTest {
 protected:
  RegistryTest() {
    make_layout("/b", {"farholm.dev/till:1.0.0", "docker.io/library/busybox:1"});
    const auto into = fetcher({});
    create("/b", {object});
    bundle = *world.loop().run(import_bundle(into, root, files, "/b"));
    catalog.images = bundle.images;
    for (const auto& blob : bundle.blobs) catalog.blobs.insert(blob.digest);
    foreign = *store.put("not for nodes");
  }
  RegistryResponse ask(std::string path, std::string name_space = "", std::string range = "",
                       std::string method = "GET") {
    return answer_registry(catalog, store,
                           {std::move(method), std::move(path), std::move(name_space), std::move(range)});
  }
  static std::string header(const RegistryResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
  Bundle bundle;
  Digest foreign;
  RegistryCatalog catalog;
  const Digest layer = Digest::of("layer of farholm.dev/till:1.0.0");
};

TEST_F(RegistryTest, SaysThatItIsOne) {
  EXPECT_EQ(ask("/v2/").status, 200);
  EXPECT_EQ(header(ask("/v2/"), "Docker-Distribution-API-Version"), "registry/2.0");
  EXPECT_EQ(ask("/v2/", "", "", "POST").status, 405);
}

TEST_F(RegistryTest, GivesManifestsByTagAndByDigest) {
  const auto digest = bundle.images.at("farholm.dev/till:1.0.0");
  for (const auto& response :
       {ask("/v2/farholm.dev/till/manifests/1.0.0"), ask("/v2/till/manifests/1.0.0", "farholm.dev"),
        ask("/v2/till/manifests/" + digest.to_string(), "farholm.dev")}) {
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(Digest::of(response.body), digest);
    EXPECT_EQ(header(response, "Docker-Content-Digest"), digest.to_string());
    EXPECT_EQ(header(response, "Content-Type"), kManifestType);
  }
  EXPECT_EQ(ask("/v2/library/busybox/manifests/1", "docker.io").status, 200);
  const auto head = ask("/v2/till/manifests/1.0.0", "farholm.dev", "", "HEAD");
  EXPECT_TRUE(head.body.empty());
  EXPECT_NE(header(head, "Content-Length"), "0");
}

TEST_F(RegistryTest, SaysInOcisWordsWhatIsNotThere) {
  const auto unknown = ask("/v2/till/manifests/2.0.0", "farholm.dev");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.body.find("MANIFEST_UNKNOWN"), std::string::npos);
  EXPECT_EQ(ask("/v2/x/blobs/sha256:00").status, 400);
  EXPECT_EQ(ask("/v2/x/blobs/" + foreign.to_string()).status, 404) << "only the plan's bundles are served";
  EXPECT_EQ(ask("/v2/x/manifests/" + layer.to_string()).status, 404) << "a layer is no manifest";
  for (const char* path : {"", "/", "/v1/", "/v2/x", "/v2/x/tags/list", "/v2/../etc/passwd"}) {
    EXPECT_EQ(ask(path).status, 404) << path;
  }
  EXPECT_EQ(ask("/v2/" + std::string(5000, 'x') + "/manifests/1").status, 404);
}

TEST_F(RegistryTest, GivesBlobsWholeAndInRanges) {
  const auto path = "/v2/blobs/manifests/till/blobs/" + layer.to_string();
  const std::uint64_t size = std::string("layer of farholm.dev/till:1.0.0").size();
  const auto whole = ask(path);
  ASSERT_TRUE(whole.blob);
  EXPECT_EQ(whole.blob->length, size);
  const auto range = [&](const char* text) {
    const auto response = ask(path, "", text);
    return response.blob ? fmt::format("{} {}+{} {}", response.status, response.blob->offset,
                                       response.blob->length, header(response, "Content-Range"))
                         : std::to_string(response.status);
  };
  EXPECT_EQ(range("bytes=2-4"), "206 2+3 bytes 2-4/31");
  EXPECT_EQ(range("bytes=5-"), "206 5+26 bytes 5-30/31");
  EXPECT_EQ(range("bytes=-4"), "206 27+4 bytes 27-30/31");
  EXPECT_EQ(range("bytes=0-99999999999"), "206 0+31 bytes 0-30/31");
  EXPECT_EQ(range("bytes=31-"), "416");
  for (const char* text : {"bytes=", "bytes=4-2", "bytes=1-2,3-4", "lines=1-2", "bytes=-", "bytes=x-"}) {
    EXPECT_EQ(range(text), "200 0+31 ") << text;
  }
  const auto head = ask(path, "", "", "HEAD");
  EXPECT_FALSE(head.blob);
  EXPECT_EQ(header(head, "Content-Length"), std::to_string(size));
}

}  // namespace
}  // namespace farholm::content
