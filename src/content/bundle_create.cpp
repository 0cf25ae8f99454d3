#include <fmt/format.h>

#include <algorithm>

#include "content/bundle.h"

namespace farholm::content {
namespace {

Result<void> write_if_different(io::Files& files, const std::string& path, const std::string& content) {
  FARHOLM_TRY(const auto there, io::read_file_if_exists(files, path, kManifestsBytesMax));
  if (there && *there == content) return {};
  return io::write_file_atomically(files, path, content, 0644);
}

Result<Descriptor> add_blob(io::Files& files, const std::string& folder, std::string_view media_type,
                            const std::string& content) {
  Descriptor descriptor{.media_type = std::string(media_type),
                        .digest = Digest::of(content),
                        .size_bytes = content.size(),
                        .artifact_type = {},
                        .annotations = {}};
  FARHOLM_CHECK(
      write_if_different(files, fmt::format("{}/blobs/sha256/{}", folder, descriptor.digest.hex()), content));
  return descriptor;
}

// The objects as an artifact (image-spec 1.1, "artifacts"): an empty config and one layer.
Result<Descriptor> add_objects(io::Files& files, const std::string& folder,
                               const std::vector<json::Value>& objects) {
  FARHOLM_TRY(const auto text, json::to_canonical_text(objects));
  if (text.size() > kManifestsBytesMax) {
    return fail(ErrorCode::Invalid,
                fmt::format("the objects are longer than {} bytes together", kManifestsBytesMax));
  }
  FARHOLM_TRY(const auto layer, add_blob(files, folder, kManifestsType, text));
  FARHOLM_TRY(const auto config, add_blob(files, folder, kEmptyType, "{}"));
  FARHOLM_TRY(const auto manifest,
              json::to_canonical_text({{"schemaVersion", 2},
                                       {"mediaType", kManifestType},
                                       {"artifactType", kManifestsType},
                                       {"config", to_json(config)},
                                       {"layers", json::Value::array({to_json(layer)})}}));
  FARHOLM_TRY(auto descriptor, add_blob(files, folder, kManifestType, manifest));
  descriptor.artifact_type = kManifestsType;
  return descriptor;
}

}  // namespace

Result<Bundle> create_bundle(io::Files& files, const std::string& folder, const BundleSpec& spec,
                             const crypto::PrivateKey& publisher) {
  const auto index_path = io::join_path(folder, "index.json");
  FARHOLM_CHECK(files.make_directories(io::join_path(folder, "blobs/sha256"), 0755));
  FARHOLM_CHECK(
      write_if_different(files, io::join_path(folder, "oci-layout"), R"({"imageLayoutVersion":"1.0.0"})"));
  FARHOLM_TRY(const auto existing, io::read_file_if_exists(files, index_path, kManifestBytesMax));
  json::Value entries = json::Value::array();
  if (existing) {
    FARHOLM_TRY(const auto checked, parse_manifest(*existing));
    if (!checked.is_index()) return fail(ErrorCode::Invalid, index_path + " is not an OCI index");
    // As they stand: platforms and annotations that we do not know are kept.
    FARHOLM_TRY(const auto value, json::parse(*existing));
    for (const auto& entry : *json::find_array(value, "manifests")) {
      if (json::string_or(entry, "artifactType") != kManifestsType) entries.push_back(entry);
    }
  }
  if (!spec.objects.empty()) {
    FARHOLM_TRY(const auto descriptor, add_objects(files, folder, spec.objects));
    entries.push_back(to_json(descriptor));
  }
  FARHOLM_TRY(
      const auto index,
      json::to_canonical_text({{"schemaVersion", 2}, {"mediaType", kIndexType}, {"manifests", entries}}));
  FARHOLM_CHECK(write_if_different(files, index_path, index));

  const auto digest = Digest::of(index);
  json::Value payload = {{"name", spec.name}, {"indexDigest", digest.to_string()}};
  if (!spec.created_at.empty()) payload["createdAt"] = spec.created_at;
  FARHOLM_TRY(auto payload_text, json::to_canonical_text(payload));
  const auto envelope =
      trust::sign_envelope(std::string(kBundlePayloadType), std::move(payload_text), {publisher});
  FARHOLM_CHECK(write_if_different(files, io::join_path(folder, kSignatureFile), trust::to_text(envelope)));

  FARHOLM_TRY(auto bundle,
              read_bundle(digest, [&](const Digest& blob, std::uint64_t limit_bytes) -> Result<std::string> {
                if (blob == digest) return index;
                return io::read_file(files, fmt::format("{}/blobs/sha256/{}", folder, blob.hex()),
                                     limit_bytes);
              }));
  bundle.name = spec.name;
  return bundle;
}

}  // namespace farholm::content
