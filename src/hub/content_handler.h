// /content/v1/…: blobs and signatures by digest, for paired hosts, with ranges, so that a transfer is taken
// up where it was cut off. One thread.
#pragma once

#include "content/blob_store.h"
#include "hub/directory.h"
#include "net/exchange.h"

namespace farholm::hub {

inline constexpr std::string_view kContentPrefix = "/content/v1/";

class ContentHandler final : public net::HttpHandler {
 public:
  // Both outlive it.
  ContentHandler(content::BlobStore& store, const Directory& directory)
      : store_(store), directory_(directory) {}

  io::Task<void> handle(net::Exchange& exchange) override;

 private:
  io::Task<Result<void>> serve(net::Exchange& exchange);
  Result<void> authorize(const net::Peer& peer) const;
  io::Task<Result<void>> send_blob(net::Exchange& exchange, content::Digest digest);

  content::BlobStore& store_;
  const Directory& directory_;
};

// The approved host behind a connection, by its client certificate: its UID. Unauthorized or Forbidden else.
Result<std::string> host_of(const net::Peer& peer, const Directory& directory);

// "bytes=5-", "bytes=5-9", "bytes=-3" of `size` bytes: first and length. Nothing for other forms, and for
// several ranges, which are answered as a whole; an empty length says that no byte of it is there (416).
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
std::optional<ByteRange> parse_range(std::string_view header, std::uint64_t size);

}  // namespace farholm::hub
