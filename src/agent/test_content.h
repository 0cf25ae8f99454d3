// Content for this module's tests: layers as the hub freezes them, and sources in memory, honest and not.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "content/blob_source.h"
#include "json/json.h"
#include "profile/plan.h"

namespace farholm::agent::test {

// The blob of a layer that holds one ConfigMap; `value` may name variables.
inline std::string layer_blob(const std::string& name, const std::string& value,
                              std::vector<std::string> bundles = {}) {
  return json::to_canonical_text(
             {{"name", name},
              {"type", "manifests"},
              {"objects", json::Value::array({{{"apiVersion", "v1"},
                                               {"kind", "ConfigMap"},
                                               {"metadata", {{"name", name}, {"namespace", "default"}}},
                                               {"data", {{"value", value}}}}})},
              {"bundles", std::move(bundles)},
              {"images", json::Value::object()}})
      .value();
}

inline profile::PlanLayer layer_of_blob(const std::string& name, const std::string& blob) {
  profile::PlanLayer layer;
  layer.name = name;
  layer.type = "manifests";
  layer.blob = crypto::Digest::of(blob).to_string();
  layer.size_bytes = blob.size();
  return layer;
}

// Gives what it was given, in one piece, and counts what it is asked for. What it is told to lie about comes
// with the right length and the wrong bytes.
class MemorySource final : public content::BlobSource {
 public:
  explicit MemorySource(std::string name) : name_(std::move(name)) {}

  crypto::Digest add(std::string content) {
    const auto digest = crypto::Digest::of(content);
    blobs_.insert_or_assign(digest, std::move(content));
    return digest;
  }
  void lie_about(const std::string& content) {
    blobs_.insert_or_assign(crypto::Digest::of(content), std::string(content.size(), kLie));
  }

  std::string name() const override { return name_; }
  io::Task<Result<std::unique_ptr<content::BlobPieces>>> fetch(crypto::Digest digest,
                                                               std::uint64_t offset) override {
    ++asked;
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) co_return fail(ErrorCode::NotFound, "it is not here");
    co_return std::make_unique<Pieces>(found->second.substr(std::min(offset, found->second.size())));
  }
  io::Task<Result<std::string>> fetch_signature(crypto::Digest) override {
    co_return fail(ErrorCode::NotFound, "there are no bundles here");
  }

  static constexpr char kLie = '#';
  int asked = 0;

 private:
  class Pieces final : public content::BlobPieces {
   public:
    explicit Pieces(std::string content) : content_(std::move(content)) {}
    io::Task<Result<std::span<const std::byte>>> next() override {
      co_return as_bytes(std::exchange(given_, true) ? std::string_view() : std::string_view(content_));
    }

   private:
    std::string content_;
    bool given_ = false;
  };
  std::string name_;
  std::map<crypto::Digest, std::string> blobs_;
};

// Whether any file below the folder holds these bytes.
inline bool is_anywhere(io::Files& files, const std::string& folder, std::string_view bytes) {
  for (const auto& entry : files.list(folder).value()) {
    const auto path = io::join_path(folder, entry.name);
    if (entry.type == io::FileStatus::Type::Directory) {
      if (is_anywhere(files, path, bytes)) return true;
    } else if (io::read_file(files, path, 64 << 20).value_or("").find(bytes) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace farholm::agent::test
