// BlobStore: content-addressed blobs in a folder (docs/formats/content.md). A blob is there whole and right
// or not at all: it is written aside, checked, synced and renamed. Nothing is written when nothing changes.
// One that is found damaged is moved to `corrupt/` and is missing from then on, so that it is fetched again.
// Owned by the agent or hub; one thread. Another process (the registry) may read the same folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "io/files.h"

namespace farholm::content {

using crypto::Digest;

// The most that is read or written at once.
inline constexpr std::size_t kPieceBytesMax = 256 * 1024;
// Of a blob that is sent to whoever asks: it is held for as long as they do not read, for
// each of the requests that are answered at once.
inline constexpr std::size_t kServedPieceBytes = 6 * 1024;

class BlobStore;

// Reads a blob piece by piece. One that is read from its beginning to its end is checked on the way: the last
// piece comes with an error in its place if the blob is damaged.
class BlobReader {
 public:
  std::uint64_t size_bytes() const { return size_; }  // of the whole blob
  // Smaller pieces from now on; at least 1, at most kPieceBytesMax.
  void read_pieces_of(std::size_t bytes) { piece_bytes_max_ = bytes; }
  // At most kPieceBytesMax, valid until the next call; empty at the end.
  Result<std::span<const std::byte>> next();

 private:
  friend class BlobStore;
  BlobReader(BlobStore& store, Digest digest, std::unique_ptr<io::File> file, std::uint64_t size,
             std::uint64_t from, std::uint64_t to);
  BlobStore* store_;
  Digest digest_;
  std::unique_ptr<io::File> file_;
  std::uint64_t size_;
  std::uint64_t at_;
  std::uint64_t to_;
  std::size_t piece_bytes_max_ = kPieceBytesMax;
  std::vector<std::byte> buffer_;
  std::optional<crypto::Hasher> hasher_;  // while reading from 0 without a gap
};

// A blob that is being written; what was appended survives a crash or an error and is taken up again. Locked
// against a second writer.
class PartialBlob {
 public:
  std::uint64_t size_bytes() const { return size_; }
  Result<void> append(std::span<const std::byte> piece);
  // The blob is in the store, durably; or Invalid, and what was written is gone, if its digest is wrong.
  Result<void> finish();
  // Begins again with nothing.
  Result<void> clear();

 private:
  friend class BlobStore;
  PartialBlob(BlobStore& store, Digest digest, std::unique_ptr<io::File> file)
      : store_(&store), digest_(digest), file_(std::move(file)) {}
  Result<void> take_up();
  BlobStore* store_;
  Digest digest_;
  std::unique_ptr<io::File> file_;
  crypto::Hasher hasher_;
  std::uint64_t size_ = 0;
};

struct BlobInfo {
  Digest digest;
  std::uint64_t size_bytes = 0;
};

class BlobStore {
 public:
  // `files` outlives the store. The folder is made with the first blob.
  BlobStore(io::Files& files, std::string folder, Logger log)
      : files_(files), folder_(std::move(folder)), log_(std::move(log)) {}
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;

  // Size, or nothing when it is not there. Looks at the folder only.
  Result<std::optional<std::uint64_t>> find(const Digest& digest) const;
  // A whole small blob, checked. NotFound; RequestEntityTooLarge beyond `limit_bytes`; ServiceUnavailable
  // when it was damaged.
  Result<std::string> read(const Digest& digest, std::uint64_t limit_bytes);
  // The bytes from `offset`, at most `length` of them. NotFound; BadRequest for an offset beyond the end.
  Result<BlobReader> open(const Digest& digest, std::uint64_t offset = 0, std::uint64_t length = UINT64_MAX);
  Result<Digest> put(std::string_view content);
  // Conflict when it is being written already.
  Result<PartialBlob> begin(const Digest& digest);

  // Signatures of bundles lie beside the blobs, by the digest of the bundle.
  Result<std::optional<std::string>> find_signature(const Digest& bundle) const;
  Result<void> put_signature(const Digest& bundle, std::string_view signature);

  // Sorted by digest.
  Result<std::vector<BlobInfo>> list() const;
  Result<std::uint64_t> size_bytes() const;
  // Removes every blob, beginning of one and signature that is not pinned, and what is in `corrupt/`. Gives
  // the bytes that were freed.
  Result<std::uint64_t> remove_unpinned(const std::set<Digest>& pinned);

 private:
  friend class BlobReader;
  friend class PartialBlob;
  std::string blob_path(const Digest& digest) const;
  std::string partial_path(const Digest& digest) const;
  std::string signature_path(const Digest& digest) const;
  // Makes it and what is above it so that a crash does not take it away.
  Result<void> make_folder(const std::string& path);
  std::unexpected<Error> set_aside(const Digest& digest);

  io::Files& files_;
  std::string folder_;
  Logger log_;
};

}  // namespace farholm::content
