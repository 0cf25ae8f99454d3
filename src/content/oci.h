// OCI image-spec 1.0/1.1 in as far as we use it: descriptors, indexes, manifests. Plain values, pure; any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "json/json.h"

namespace farholm::content {

using crypto::Digest;

inline constexpr std::string_view kIndexType = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";
// The image-spec's own limit for manifests (registries': 4 MiB).
inline constexpr std::uint64_t kManifestBytesMax = 4 << 20;
inline constexpr std::string_view kReferenceAnnotation = "org.opencontainers.image.ref.name";

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::string artifact_type;
  std::map<std::string, std::string> annotations;
  bool operator==(const Descriptor&) const = default;
};
json::Value to_json(const Descriptor& descriptor);

// An index, or an image's (or artifact's) manifest: what a blob refers to.
struct Manifest {
  std::string media_type;
  std::string artifact_type;
  std::vector<Descriptor> manifests;  // of an index
  std::vector<Descriptor> config;     // of a manifest: one
  std::vector<Descriptor> layers;
  bool is_index() const { return media_type == kIndexType; }
};
// Also Docker's schema 2 types, which have the same shape. Invalid for other schemas; at most 4096
// descriptors.
Result<Manifest> parse_manifest(std::string_view text);
bool is_manifest_type(std::string_view media_type);  // index or manifest, OCI's or Docker's

}  // namespace farholm::content
