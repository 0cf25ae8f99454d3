// Bundles: an OCI layout of images and, for a manifests layer, the Kubernetes objects that use them, signed
// by the publisher over the digest of its index (docs/formats/bundle.md).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/blob_store.h"
#include "content/fetch.h"
#include "content/oci.h"
#include "io/clock.h"
#include "io/files.h"
#include "json/json.h"
#include "trust/root.h"

namespace farholm::content {

inline constexpr std::string_view kBundlePayloadType = "application/vnd.farholm.bundle.v1+json";
inline constexpr std::string_view kManifestsType = "application/vnd.farholm.manifests.v1+json";
inline constexpr std::uint64_t kManifestsBytesMax = 16 << 20;
inline constexpr std::string_view kSignatureFile = "bundle.sig.json";

struct BundleSignature {
  std::string name;  // "flannel"
  Digest index;
  std::string created_at;  // RFC 3339, or empty
};

struct Bundle {
  Digest digest;                         // of the index
  std::string name;                      // of the signature; empty when read without
  std::map<std::string, Digest> images;  // "farholm.dev/till:1.0.0" → its manifest
  std::vector<json::Value> objects;      // in the bundle's order, Lists unpacked
  std::vector<Descriptor> blobs;         // all but the index, each once: what it needs to be complete
  std::uint64_t size_bytes = 0;          // of these
};

// Reads a small blob: the index, a manifest, the objects.
using ReadBlob = std::function<Result<std::string>(const Digest&, std::uint64_t limit_bytes)>;

// Forbidden unless the publisher role signed it, Invalid when it is for another index.
Result<BundleSignature> verify_bundle_signature(const trust::Root& root, std::string_view signature,
                                                const Digest& index);
// What the bundle holds, from its index down. Follows indexes in indexes three deep, 10'000 blobs at most.
Result<Bundle> read_bundle(const Digest& index, const ReadBlob& read);

// A bundle in a folder: its signature, its index, and that every blob is there with its size (their digests
// are checked when they are imported).
Result<Bundle> verify_bundle(const trust::Root& root, io::Files& files, const std::string& folder);
// A bundle that is complete in the store, with its signature; NotFound when anything is missing.
Result<Bundle> open_bundle(const trust::Root& root, BlobStore& store, const Digest& index);

// Fetches the signature, the index and everything below. What is there is not fetched again, so it may be cut
// off at any time and asked for again. Nothing of a bundle without a right signature is fetched but its
// signature.
io::Task<Result<Bundle>> fetch_bundle(const Fetcher& fetcher, const trust::Root& root, Digest index);
// fetch_bundle from a folder; gives what verify_bundle does.
io::Task<Result<Bundle>> import_bundle(const Fetcher& into, const trust::Root& root, io::Files& files,
                                       std::string folder);

struct BundleSpec {
  std::string name;
  std::vector<json::Value> objects;  // none: a bundle of images only
  std::string created_at;            // RFC 3339, or empty: then the same content gives the same bytes
};
// Makes the bundle in place: `folder` is an OCI layout with the images (or empty, for objects alone); adds
// the objects, rewrites index.json and signs it. Done again with the same content, it changes nothing but the
// signature.
Result<Bundle> create_bundle(io::Files& files, const std::string& folder, const BundleSpec& spec,
                             const crypto::PrivateKey& publisher);

}  // namespace farholm::content
