// Fetching: blobs from the first source that has them right, taken up where they were left. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "content/blob_source.h"
#include "content/blob_store.h"
#include "io/loop.h"

namespace farholm::content {

// What one source did wrong; the fetch may have succeeded from another.
struct SourceProblem {
  std::string source;
  Digest digest;
  Error error;  // Invalid: what came had another digest
};

struct Fetcher {
  io::Loop& loop;
  BlobStore& store;
  std::vector<BlobSource*> sources;  // in the order in which they are asked
  // For each problem, as it happens; may be empty.
  std::function<void(const SourceProblem&)> report = {};
  // Bytes that were added to the store, as they come; may be empty.
  std::function<void(std::uint64_t)> progress = {};
};

// The digest and, when it is known, the size; without one `limit_bytes` bounds it.
struct WantedBlob {
  Digest digest;
  std::optional<std::uint64_t> size_bytes;
  std::uint64_t limit_bytes = std::uint64_t{64} << 30;
};

// Does nothing when the store has it. NotFound or ServiceUnavailable when no source gave it, saying what each
// answered; what came so far is kept. Dropping the task keeps it too.
io::Task<Result<void>> fetch_blob(const Fetcher& fetcher, WantedBlob wanted);

}  // namespace farholm::content
