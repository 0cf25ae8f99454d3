#include <fmt/format.h>

#include <algorithm>

#include "content/blob_store.h"

namespace farholm::content {

BlobReader::BlobReader(BlobStore& store, Digest digest, std::unique_ptr<io::File> file, std::uint64_t size,
                       std::uint64_t from, std::uint64_t to)
    : store_(&store), digest_(digest), file_(std::move(file)), size_(size), at_(from), to_(to) {
  if (from == 0) hasher_.emplace();
}

Result<std::span<const std::byte>> BlobReader::next() {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes_max_, to_ - at_));
  if (count > 0) {
    buffer_.resize(count);
    FARHOLM_TRY(const std::size_t read, file_->read_at(at_, buffer_));
    if (read != count) return store_->set_aside(digest_);
    at_ += count;
    if (hasher_) hasher_->update(buffer_);
  } else {
    buffer_.clear();
  }
  if (hasher_ && at_ == size_) {
    const bool right = hasher_->finish() == digest_;
    hasher_.reset();
    if (!right) return store_->set_aside(digest_);
  }
  return std::span<const std::byte>(buffer_);
}

Result<void> PartialBlob::take_up() {
  FARHOLM_TRY(const auto size, file_->size_bytes());
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size, kPieceBytesMax)));
  while (size_ < size) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - size_));
    const auto read = file_->read_at(size_, std::span(buffer).first(count));
    // What cannot be read any more is fetched again.
    if (!read || *read != count) return clear();
    hasher_.update(std::span(buffer).first(count));
    size_ += count;
  }
  return {};
}

Result<void> PartialBlob::append(std::span<const std::byte> piece) {
  FARHOLM_CHECK(file_->write_at(size_, piece));
  hasher_.update(piece);
  size_ += piece.size();
  return {};
}

Result<void> PartialBlob::clear() {
  FARHOLM_CHECK(file_->truncate(0));
  hasher_ = crypto::Hasher();
  size_ = 0;
  return {};
}

Result<void> PartialBlob::finish() {
  const auto came = hasher_.finish();
  if (came != digest_) {
    FARHOLM_CHECK(clear());
    return fail(ErrorCode::Invalid, fmt::format("what came for {} has the digest {}; it was thrown away",
                                                digest_.to_string(), came.to_string()));
  }
  FARHOLM_CHECK(file_->sync());
  const auto path = store_->blob_path(digest_);
  FARHOLM_CHECK(store_->make_folder(io::parent_path(path)));
  FARHOLM_CHECK(store_->files_.rename(store_->partial_path(digest_), path));
  return store_->files_.sync_directory(io::parent_path(path));
}

}  // namespace farholm::content
