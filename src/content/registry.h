// The read-only part of the OCI distribution API (distribution-spec 1.0, "pull"), as a mapping from requests
// to answers; whoever wires HTTP streams the blob that an answer names. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "content/blob_store.h"

namespace farholm::content {

struct RegistryRequest {
  std::string method;  // "GET"
  std::string path;    // "/v2/farholm.dev/till/manifests/1.0.0", percent-decoded
  // containerd asks a mirror for "/v2/library/busybox/…?ns=docker.io": the registry that was meant. "": none.
  std::string name_space;
  std::string range;  // the header's value; "": none
};

struct RegistryResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // with Content-Length, also for HEAD
  std::string body;                                          // empty for HEAD and when a blob follows
  struct BlobRange {
    Digest digest;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };
  std::optional<BlobRange> blob;  // the body, to be streamed with BlobStore::open
};

// What is served, and nothing else of the store: from the bundles of the accepted plan.
struct RegistryCatalog {
  std::map<std::string, Digest> images;  // "docker.io/library/busybox:1.36" → manifest
  std::set<Digest> blobs;                // manifests, configs and layers
};

// Both outlive the call.
RegistryResponse answer_registry(const RegistryCatalog& catalog, BlobStore& store,
                                 const RegistryRequest& request);

}  // namespace farholm::content
