#include "content/oci.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace farholm::content {
namespace {

constexpr std::size_t kDescriptorsMax = 4096;
constexpr std::array<std::string_view, 2> kIndexTypes{
    kIndexType, "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr std::array<std::string_view, 2> kManifestTypes{
    kManifestType, "application/vnd.docker.distribution.manifest.v2+json"};

std::unexpected<Error> not_oci(std::string_view why) {
  return fail(ErrorCode::Invalid, fmt::format("this is not an OCI index or manifest: {}", why));
}

Result<Descriptor> parse_descriptor(const json::Value& value) {
  const auto* media_type = json::find_string(value, "mediaType");
  const auto digest = Digest::parse(json::string_or(value, "digest"));
  const auto size = json::find_integer(value, "size");
  if (media_type == nullptr || !digest || !size || *size < 0) {
    return not_oci("a descriptor must have mediaType, digest (SHA-256) and size");
  }
  Descriptor descriptor{.media_type = *media_type,
                        .digest = *digest,
                        .size_bytes = static_cast<std::uint64_t>(*size),
                        .artifact_type = json::string_or(value, "artifactType"),
                        .annotations = {}};
  if (const auto* annotations = json::find_object(value, "annotations")) {
    for (const auto& [name, text] : annotations->items()) {
      if (!text.is_string()) return not_oci("annotations must be strings");
      descriptor.annotations.emplace(name, text.get<std::string>());
    }
  }
  return descriptor;
}

Result<std::vector<Descriptor>> parse_descriptors(const json::Value& value, std::string_view member) {
  std::vector<Descriptor> descriptors;
  const auto* list = json::find_array(value, member);
  if (list == nullptr) return not_oci(fmt::format("it has no list of {}", member));
  if (list->size() > kDescriptorsMax)
    return not_oci(fmt::format("it has more than {} {}", kDescriptorsMax, member));
  for (const auto& entry : *list) {
    FARHOLM_TRY(auto descriptor, parse_descriptor(entry));
    descriptors.push_back(std::move(descriptor));
  }
  return descriptors;
}

}  // namespace

json::Value to_json(const Descriptor& descriptor) {
  json::Value value = {{"mediaType", descriptor.media_type},
                       {"digest", descriptor.digest.to_string()},
                       {"size", descriptor.size_bytes}};
  if (!descriptor.artifact_type.empty()) value["artifactType"] = descriptor.artifact_type;
  if (!descriptor.annotations.empty()) value["annotations"] = descriptor.annotations;
  return value;
}

bool is_manifest_type(std::string_view media_type) {
  return std::ranges::find(kIndexTypes, media_type) != kIndexTypes.end() ||
         std::ranges::find(kManifestTypes, media_type) != kManifestTypes.end();
}

Result<Manifest> parse_manifest(std::string_view text) {
  auto value = json::parse(text, {.bytes_max = kManifestBytesMax, .depth_max = 20});
  if (!value) return not_oci(value.error().message);
  if (json::find_integer(*value, "schemaVersion") != 2) return not_oci("its schemaVersion must be 2");
  Manifest manifest;
  manifest.artifact_type = json::string_or(*value, "artifactType");
  const auto media_type = json::string_or(*value, "mediaType");
  // Both members at once make it two things to two readers (CVE-2021-41190).
  const bool has_manifests = json::find(*value, "manifests") != nullptr;
  const bool has_layers = json::find(*value, "layers") != nullptr || json::find(*value, "config") != nullptr;
  if (has_manifests == has_layers) return not_oci("it must have either manifests, or config and layers");
  const auto& types = has_manifests ? kIndexTypes : kManifestTypes;
  if (!media_type.empty() && std::ranges::find(types, media_type) == types.end()) {
    return not_oci(fmt::format("its mediaType {} does not fit what it holds", media_type));
  }
  manifest.media_type = types.front();
  if (has_manifests) {
    FARHOLM_TRY(manifest.manifests, parse_descriptors(*value, "manifests"));
    return manifest;
  }
  const auto* config = json::find_object(*value, "config");
  if (config == nullptr) return not_oci("it has no config");
  FARHOLM_TRY(auto descriptor, parse_descriptor(*config));
  manifest.config.push_back(std::move(descriptor));
  FARHOLM_TRY(manifest.layers, parse_descriptors(*value, "layers"));
  return manifest;
}

}  // namespace farholm::content
