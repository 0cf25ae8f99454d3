// Blobs: what planning needs of a content store, so that a preview can plan without leaving anything in it.
// One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "content/blob_store.h"

namespace farholm::hub {

class Blobs {
 public:
  virtual ~Blobs() = default;
  // As content::BlobStore's.
  virtual Result<std::string> read(const content::Digest& digest, std::uint64_t limit_bytes) = 0;
  virtual Result<content::Digest> put(std::string_view bytes) = 0;
};

class StoredBlobs final : public Blobs {
 public:
  // The store outlives it.
  explicit StoredBlobs(content::BlobStore& store) : store_(store) {}
  Result<std::string> read(const content::Digest& digest, std::uint64_t limit_bytes) override {
    return store_.read(digest, limit_bytes);
  }
  Result<content::Digest> put(std::string_view bytes) override { return store_.put(bytes); }

 private:
  content::BlobStore& store_;
};

}  // namespace farholm::hub
