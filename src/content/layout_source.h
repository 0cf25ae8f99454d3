// LayoutSource: a folder that is an OCI image layout, or just holds `blobs/sha256/`, as a source. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "content/blob_source.h"
#include "io/files.h"

namespace farholm::content {

class LayoutSource final : public BlobSource {
 public:
  // `files` outlives it.
  LayoutSource(io::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  std::string name() const override { return folder_; }
  // index.json counts as a blob: its digest is the bundle's.
  io::Task<Result<std::unique_ptr<BlobPieces>>> fetch(crypto::Digest digest, std::uint64_t offset) override;
  io::Task<Result<std::string>> fetch_signature(crypto::Digest bundle) override;

 private:
  io::Files& files_;
  std::string folder_;
};

// The layouts in a content folder: the folder itself, if it is one, and each folder right in it that is one.
Result<std::vector<std::string>> find_layouts(io::Files& files, const std::string& folder);

}  // namespace farholm::content
