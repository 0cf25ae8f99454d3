#include "content/blob_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace farholm::content {
namespace {

constexpr std::uint64_t kSignatureBytesMax = 1 << 20;

// The names in a folder, or none when there is no such folder.
Result<std::vector<io::DirectoryEntry>> list_if_exists(io::Files& files, const std::string& path) {
  FARHOLM_TRY(const auto status, io::status_if_exists(files, path));
  if (!status) return std::vector<io::DirectoryEntry>();
  return files.list(path);
}

}  // namespace

std::string BlobStore::blob_path(const Digest& digest) const {
  const auto hex = digest.hex();
  return fmt::format("{}/blobs/sha256/{}/{}", folder_, hex.substr(0, 2), hex);
}

std::string BlobStore::partial_path(const Digest& digest) const {
  return fmt::format("{}/partial/{}", folder_, digest.hex());
}

std::string BlobStore::signature_path(const Digest& digest) const {
  return fmt::format("{}/signatures/{}.json", folder_, digest.hex());
}

Result<void> BlobStore::make_folder(const std::string& path) {
  FARHOLM_TRY(const auto status, io::status_if_exists(files_, path));
  if (status) return {};
  const auto parent = io::parent_path(path);
  if (parent != path) FARHOLM_CHECK(make_folder(parent));
  FARHOLM_CHECK(files_.make_directories(path));
  return files_.sync_directory(parent);
}

std::unexpected<Error> BlobStore::set_aside(const Digest& digest) {
  const auto folder = folder_ + "/corrupt";
  auto moved = make_folder(folder);
  if (moved) moved = files_.rename(blob_path(digest), io::join_path(folder, digest.hex()));
  if (!moved) {
    // A damaged blob must not be served again, whatever else fails.
    (void)files_.remove(blob_path(digest));
  }
  log_.error("the blob {} was damaged on disk; it is set aside in {} and will be fetched again",
             digest.to_string(), folder);
  return fail(
      ErrorCode::ServiceUnavailable,
      fmt::format("the blob {} was damaged on disk and was set aside; it will be fetched again; if this "
                  "happens often, replace the disk",
                  digest.to_string()));
}

Result<std::optional<std::uint64_t>> BlobStore::find(const Digest& digest) const {
  FARHOLM_TRY(const auto status, io::status_if_exists(files_, blob_path(digest)));
  if (!status || status->type != io::FileStatus::Type::Regular) return std::optional<std::uint64_t>();
  return std::optional(status->size_bytes);
}

Result<std::string> BlobStore::read(const Digest& digest, std::uint64_t limit_bytes) {
  FARHOLM_TRY(auto content, io::read_file_if_exists(files_, blob_path(digest), limit_bytes));
  if (!content) {
    return fail(ErrorCode::NotFound,
                fmt::format("the blob {} is not in the content store", digest.to_string()));
  }
  if (Digest::of(*content) != digest) return set_aside(digest);
  return std::move(*content);
}

Result<BlobReader> BlobStore::open(const Digest& digest, std::uint64_t offset, std::uint64_t length) {
  auto file = files_.open(blob_path(digest), io::OpenMode::Read);
  if (!file && file.error().code == ErrorCode::NotFound) {
    return fail(ErrorCode::NotFound,
                fmt::format("the blob {} is not in the content store", digest.to_string()));
  }
  if (!file) return std::unexpected(std::move(file).error());
  FARHOLM_TRY(const auto size, (*file)->size_bytes());
  if (offset > size) {
    return fail(ErrorCode::BadRequest,
                fmt::format("the blob {} has only {} bytes", digest.to_string(), size));
  }
  return BlobReader(*this, digest, std::move(*file), size, offset, offset + std::min(length, size - offset));
}

Result<Digest> BlobStore::put(std::string_view content) {
  const auto digest = Digest::of(content);
  FARHOLM_TRY(const auto there, find(digest));
  if (there) return digest;
  FARHOLM_TRY(auto partial, begin(digest));
  FARHOLM_CHECK(partial.clear());
  FARHOLM_CHECK(partial.append(as_bytes(content)));
  FARHOLM_CHECK(partial.finish());
  return digest;
}

Result<PartialBlob> BlobStore::begin(const Digest& digest) {
  FARHOLM_CHECK(make_folder(folder_ + "/partial"));
  FARHOLM_TRY(auto file, files_.open(partial_path(digest), io::OpenMode::Create));
  if (auto locked = file->lock(); !locked) {
    return fail_while(std::move(locked).error(), fmt::format("beginning to write {}", digest.to_string()));
  }
  PartialBlob partial(*this, digest, std::move(file));
  FARHOLM_CHECK(partial.take_up());
  return partial;
}

Result<std::optional<std::string>> BlobStore::find_signature(const Digest& bundle) const {
  return io::read_file_if_exists(files_, signature_path(bundle), kSignatureBytesMax);
}

Result<void> BlobStore::put_signature(const Digest& bundle, std::string_view signature) {
  FARHOLM_TRY(const auto there, find_signature(bundle));
  if (there && *there == signature) return {};
  FARHOLM_CHECK(make_folder(folder_ + "/signatures"));
  return io::write_file_atomically(files_, signature_path(bundle), signature);
}

Result<std::vector<BlobInfo>> BlobStore::list() const {
  std::vector<BlobInfo> blobs;
  const auto folder = folder_ + "/blobs/sha256";
  FARHOLM_TRY(const auto prefixes, list_if_exists(files_, folder));
  for (const auto& prefix : prefixes) {
    const auto path = io::join_path(folder, prefix.name);
    FARHOLM_TRY(const auto entries, files_.list(path));
    for (const auto& entry : entries) {
      const auto digest = Digest::from_hex(entry.name);
      if (!digest) continue;
      FARHOLM_TRY(const auto status, io::status_if_exists(files_, io::join_path(path, entry.name)));
      if (status) blobs.push_back({.digest = *digest, .size_bytes = status->size_bytes});
    }
  }
  return blobs;
}

Result<std::uint64_t> BlobStore::size_bytes() const {
  FARHOLM_TRY(const auto blobs, list());
  std::uint64_t size = 0;
  for (const auto& blob : blobs) size += blob.size_bytes;
  return size;
}

Result<std::uint64_t> BlobStore::remove_unpinned(const std::set<Digest>& pinned) {
  std::uint64_t freed = 0;
  FARHOLM_TRY(const auto blobs, list());
  for (const auto& blob : blobs) {
    if (pinned.contains(blob.digest)) continue;
    FARHOLM_CHECK(files_.remove(blob_path(blob.digest)));
    freed += blob.size_bytes;
  }
  for (const auto* name : {"partial", "corrupt", "signatures"}) {
    const auto folder = io::join_path(folder_, name);
    FARHOLM_TRY(const auto entries, list_if_exists(files_, folder));
    for (const auto& entry : entries) {
      const auto digest = Digest::from_hex(std::string_view(entry.name).substr(0, 64));
      if (digest && pinned.contains(*digest) && std::string_view(name) != "corrupt") continue;
      const auto path = io::join_path(folder, entry.name);
      FARHOLM_TRY(const auto status, io::status_if_exists(files_, path));
      if (!status) continue;
      FARHOLM_CHECK(files_.remove(path));
      freed += status->size_bytes;
    }
  }
  return freed;
}

}  // namespace farholm::content
