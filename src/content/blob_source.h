// BlobSource: where blobs can be had: a folder, a hub, a neighbour. Not trusted: the digest decides. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "crypto/digest.h"
#include "io/task.h"

namespace farholm::content {

// The bytes of one blob, as they come. Destroying it ends the transfer.
class BlobPieces {
 public:
  virtual ~BlobPieces() = default;
  // Valid until the next call; empty at the end. Pieces are not larger than a few hundred KiB.
  virtual io::Task<Result<std::span<const std::byte>>> next() = 0;
};

class BlobSource {
 public:
  virtual ~BlobSource() = default;
  // For messages: "the hub at hub.example.com", "/media/usb".
  virtual std::string name() const = 0;
  // The blob from `offset` on. A source that cannot begin there skips what comes before it. NotFound when it
  // does not have it.
  virtual io::Task<Result<std::unique_ptr<BlobPieces>>> fetch(crypto::Digest digest,
                                                              std::uint64_t offset) = 0;
  // The signature of a bundle (an envelope, see docs/formats/bundle.md), by the digest of the bundle.
  virtual io::Task<Result<std::string>> fetch_signature(crypto::Digest bundle) = 0;
};

}  // namespace farholm::content
