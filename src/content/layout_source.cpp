#include "content/layout_source.h"

#include <fmt/format.h>

#include "content/blob_store.h"
#include "content/bundle.h"

namespace farholm::content {
namespace {

class FilePieces final : public BlobPieces {
 public:
  FilePieces(std::unique_ptr<io::File> file, std::uint64_t offset) : file_(std::move(file)), at_(offset) {}

  io::Task<Result<std::span<const std::byte>>> next() override {
    buffer_.resize(kPieceBytesMax);
    FARHOLM_CO_TRY(const std::size_t count, file_->read_at(at_, buffer_));
    at_ += count;
    co_return std::span<const std::byte>(buffer_).first(count);
  }

 private:
  std::unique_ptr<io::File> file_;
  std::uint64_t at_;
  std::vector<std::byte> buffer_;
};

}  // namespace

io::Task<Result<std::unique_ptr<BlobPieces>>> LayoutSource::fetch(crypto::Digest digest,
                                                                  std::uint64_t offset) {
  auto file = files_.open(fmt::format("{}/blobs/sha256/{}", folder_, digest.hex()), io::OpenMode::Read);
  if (!file && file.error().code == ErrorCode::NotFound) {
    const auto path = io::join_path(folder_, "index.json");
    FARHOLM_CO_TRY(const auto index, io::read_file_if_exists(files_, path, kManifestBytesMax));
    if (!index || crypto::Digest::of(*index) != digest) {
      co_return fail(ErrorCode::NotFound, fmt::format("{} is not in {}", digest.to_string(), folder_));
    }
    file = files_.open(path, io::OpenMode::Read);
  }
  if (!file) co_return std::unexpected(std::move(file).error());
  co_return std::make_unique<FilePieces>(std::move(*file), offset);
}

io::Task<Result<std::string>> LayoutSource::fetch_signature(crypto::Digest bundle) {
  FARHOLM_CO_TRY(const auto index,
                 io::read_file_if_exists(files_, io::join_path(folder_, "index.json"), kManifestBytesMax));
  if (!index || crypto::Digest::of(*index) != bundle) {
    co_return fail(ErrorCode::NotFound,
                   fmt::format("the bundle {} is not in {}", bundle.to_string(), folder_));
  }
  co_return io::read_file(files_, io::join_path(folder_, kSignatureFile), trust::Envelope::kBytesMax);
}

Result<std::vector<std::string>> find_layouts(io::Files& files, const std::string& folder) {
  const auto is_layout = [&](const std::string& path) -> Result<bool> {
    for (const auto* name : {"index.json", "blobs/sha256"}) {
      FARHOLM_TRY(const auto status, io::status_if_exists(files, io::join_path(path, name)));
      if (status) return true;
    }
    return false;
  };
  std::vector<std::string> layouts;
  FARHOLM_TRY(const bool itself, is_layout(folder));
  if (itself) layouts.push_back(folder);
  FARHOLM_TRY(const auto entries, files.list(folder));
  for (const auto& entry : entries) {
    const auto path = io::join_path(folder, entry.name);
    if (entry.type != io::FileStatus::Type::Directory && entry.type != io::FileStatus::Type::Symlink)
      continue;
    FARHOLM_TRY(const bool inner, is_layout(path));
    if (inner) layouts.push_back(path);
  }
  return layouts;
}

}  // namespace farholm::content
