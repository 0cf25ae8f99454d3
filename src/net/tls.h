// TLS over any io::Stream (OpenSSL, over a BIO that calls the stream; no socket, no OpenSSL type in sight):
// what production has for io::SecureChannels. Its streams report an end without close_notify as an error, and
// what was written before the other end was closed arrives. On the loop's thread.
#pragma once

#include <string>

#include "io/loop.h"
#include "io/secure_channel.h"

namespace farholm::net {

class TlsChannels final : public io::SecureChannels {
 public:
  // The clock judges certificates. Both outlive this and what it makes.
  TlsChannels(io::Loop& loop, const io::Clock& clock) : loop_(loop), clock_(clock) {}

  Result<std::unique_ptr<io::SecureServer>> make_server(const io::SecureServerOptions& options) override;
  Result<std::unique_ptr<io::SecureClient>> make_client(const io::SecureClientOptions& options) override;

 private:
  io::Loop& loop_;
  const io::Clock& clock_;
};

// Of the leaf of a PEM chain; what `pinned` takes.
Result<io::SpkiSha256> spki_sha256_of_pem(const std::string& certificate_pem);

}  // namespace farholm::net
