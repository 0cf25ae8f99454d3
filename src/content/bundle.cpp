#include "content/bundle.h"

#include <fmt/format.h>

#include "content/layout_source.h"

namespace farholm::content {
namespace {

constexpr std::size_t kBlobsMax = 10'000;
constexpr std::size_t kIndexDepthMax = 3;
constexpr std::size_t kObjectsMax = 10'000;

std::unexpected<Error> not_a_bundle(std::string_view why) {
  return fail(ErrorCode::Invalid, fmt::format("the bundle cannot be used: {}", why));
}

Result<void> add_objects(std::vector<json::Value>& objects, json::Value value) {
  if (!value.is_object()) return not_a_bundle("its manifests must be Kubernetes objects");
  if (json::string_or(value, "kind").ends_with("List") && json::find_array(value, "items") != nullptr) {
    for (auto& item : value["items"]) FARHOLM_CHECK(add_objects(objects, std::move(item)));
    return {};
  }
  if (objects.size() == kObjectsMax)
    return not_a_bundle(fmt::format("it has more than {} objects", kObjectsMax));
  objects.push_back(std::move(value));
  return {};
}

class Walk {
 public:
  Walk(Bundle& bundle, const ReadBlob& read) : bundle_(bundle), read_(read) {}

  Result<void> index(const Manifest& index, std::size_t depth) {
    if (depth > kIndexDepthMax) return not_a_bundle("its indexes are nested too deep");
    for (const auto& entry : index.manifests) {
      if (!is_manifest_type(entry.media_type))
        return not_a_bundle(fmt::format("it lists a {}", entry.media_type));
      FARHOLM_TRY(const bool is_new, add(entry));
      const auto name = entry.annotations.find(std::string(kReferenceAnnotation));
      if (depth == 0 && name != entry.annotations.end() && entry.artifact_type.empty()) {
        if (!bundle_.images.emplace(name->second, entry.digest).second) {
          return not_a_bundle(fmt::format("it names the image {} twice", name->second));
        }
      }
      if (!is_new) continue;
      FARHOLM_TRY(const auto text, read_(entry.digest, kManifestBytesMax));
      FARHOLM_TRY(const auto manifest, parse_manifest(text));
      if (manifest.is_index()) {
        FARHOLM_CHECK(this->index(manifest, depth + 1));
      } else {
        FARHOLM_CHECK(image(manifest, entry));
      }
    }
    return {};
  }

 private:
  // False when it was there already.
  Result<bool> add(const Descriptor& descriptor) {
    const auto [known, is_new] = sizes_.emplace(descriptor.digest, descriptor.size_bytes);
    if (known->second != descriptor.size_bytes) {
      return not_a_bundle(fmt::format("it gives two sizes for {}", descriptor.digest.to_string()));
    }
    if (!is_new) return false;
    if (sizes_.size() > kBlobsMax) return not_a_bundle(fmt::format("it has more than {} blobs", kBlobsMax));
    bundle_.blobs.push_back(descriptor);
    bundle_.size_bytes += descriptor.size_bytes;
    return true;
  }

  Result<void> image(const Manifest& manifest, const Descriptor& entry) {
    for (const auto& blob : manifest.config) FARHOLM_CHECK(add_only(blob));
    for (const auto& blob : manifest.layers) {
      FARHOLM_CHECK(add_only(blob));
      if (entry.artifact_type != kManifestsType || blob.media_type != kManifestsType) continue;
      FARHOLM_TRY(const auto text, read_(blob.digest, kManifestsBytesMax));
      FARHOLM_TRY(auto list, json::parse(text, {.bytes_max = kManifestsBytesMax}));
      if (!list.is_array()) return not_a_bundle("its manifests must be a list of Kubernetes objects");
      for (auto& object : list) FARHOLM_CHECK(add_objects(bundle_.objects, std::move(object)));
    }
    return {};
  }

  Result<void> add_only(const Descriptor& descriptor) {
    FARHOLM_TRY(const bool is_new, add(descriptor));
    (void)is_new;
    return {};
  }

  Bundle& bundle_;
  const ReadBlob& read_;
  std::map<Digest, std::uint64_t> sizes_;
};

std::string layout_blob(const std::string& folder, const Digest& digest) {
  return fmt::format("{}/blobs/sha256/{}", folder, digest.hex());
}

}  // namespace

Result<BundleSignature> verify_bundle_signature(const trust::Root& root, std::string_view signature,
                                                const Digest& index) {
  FARHOLM_TRY(const auto envelope, trust::parse_envelope(signature));
  if (envelope.payload_type != kBundlePayloadType) {
    return fail(ErrorCode::Invalid,
                fmt::format("the envelope does not sign a bundle ({})", kBundlePayloadType));
  }
  FARHOLM_CHECK(root.verify(trust::RoleName::Publisher, envelope));
  FARHOLM_TRY(const auto value, json::parse(envelope.payload));
  FARHOLM_TRY(const auto digest_text, json::require_string(value, "indexDigest"));
  FARHOLM_TRY(const auto digest, Digest::parse(digest_text));
  if (digest != index) {
    return not_a_bundle(
        fmt::format("its signature is for {}, and the index is {}; sign it again after changing it",
                    digest.to_string(), index.to_string()));
  }
  FARHOLM_TRY(auto name, json::require_string(value, "name"));
  return BundleSignature{
      .name = std::move(name), .index = digest, .created_at = json::string_or(value, "createdAt")};
}

Result<Bundle> read_bundle(const Digest& index, const ReadBlob& read) {
  FARHOLM_TRY(const auto text, read(index, kManifestBytesMax));
  FARHOLM_TRY(const auto top, parse_manifest(text));
  if (!top.is_index()) return not_a_bundle(fmt::format("{} is not an index", index.to_string()));
  Bundle bundle;
  bundle.digest = index;
  FARHOLM_CHECK(Walk(bundle, read).index(top, 0));
  return bundle;
}

Result<Bundle> verify_bundle(const trust::Root& root, io::Files& files, const std::string& folder) {
  FARHOLM_TRY(const auto index, io::read_file(files, io::join_path(folder, "index.json"), kManifestBytesMax));
  FARHOLM_TRY(const auto signature,
              io::read_file(files, io::join_path(folder, kSignatureFile), trust::Envelope::kBytesMax));
  const auto digest = Digest::of(index);
  FARHOLM_TRY(const auto verified, verify_bundle_signature(root, signature, digest));
  const auto read = [&](const Digest& blob, std::uint64_t limit_bytes) -> Result<std::string> {
    if (blob == digest) return index;
    FARHOLM_TRY(auto content, io::read_file(files, layout_blob(folder, blob), limit_bytes));
    if (Digest::of(content) != blob)
      return not_a_bundle(fmt::format("{} in {} is damaged", blob.to_string(), folder));
    return content;
  };
  FARHOLM_TRY(auto bundle, read_bundle(digest, read));
  for (const auto& blob : bundle.blobs) {
    FARHOLM_TRY(const auto status, io::status_if_exists(files, layout_blob(folder, blob.digest)));
    if (!status || status->size_bytes != blob.size_bytes) {
      return not_a_bundle(
          fmt::format("{} is missing from {} or incomplete", blob.digest.to_string(), folder));
    }
  }
  bundle.name = verified.name;
  return bundle;
}

Result<Bundle> open_bundle(const trust::Root& root, BlobStore& store, const Digest& index) {
  FARHOLM_TRY(const auto signature, store.find_signature(index));
  if (!signature) {
    return fail(ErrorCode::NotFound,
                fmt::format("the bundle {} is not in the content store", index.to_string()));
  }
  FARHOLM_TRY(const auto verified, verify_bundle_signature(root, *signature, index));
  FARHOLM_TRY(auto bundle, read_bundle(index, [&](const Digest& blob, std::uint64_t limit_bytes) {
                return store.read(blob, limit_bytes);
              }));
  for (const auto& blob : bundle.blobs) {
    FARHOLM_TRY(const auto size, store.find(blob.digest));
    if (!size) {
      return fail(ErrorCode::NotFound, fmt::format("{} of the bundle {} is not in the content store",
                                                   blob.digest.to_string(), verified.name));
    }
  }
  bundle.name = verified.name;
  return bundle;
}

}  // namespace farholm::content
