// SecureChannel: what takes a Stream and gives one on which the other end is known and nobody else reads. In
// production it is TLS (net, OpenSSL); in the simulator a channel that shows certificates and encrypts
// nothing, because OpenSSL draws its own randomness and no run of it is like another. What is above the
// channel is the same code in both. On the loop's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/stream.h"

namespace farholm::io {

// Who is at the other end, as far as it has shown.
struct ChannelPeer {
  enum class Trust : std::uint8_t { Untrusted, Expired, Trusted };
  Trust trust = Trust::Untrusted;
  std::string certificate_der;  // X.509; the leaf
};

class SecureStream : public Stream {
 public:
  // Nothing when it has shown no certificate.
  virtual const std::optional<ChannelPeer>& peer() const = 0;
  virtual const std::string& alpn() const = 0;  // "" when none was agreed on
};

// One side's configuration: identity, whom it trusts, which protocols it speaks.
class SecureChannel {
 public:
  virtual ~SecureChannel() = default;
  // Take the stream through the handshake. No deadline of their own: use with_deadline. Errors: Unauthorized
  // when the other end is not who it must be; BadRequest when it does not speak this protocol.
  virtual Task<Result<std::unique_ptr<SecureStream>>> accept(std::unique_ptr<Stream> stream) = 0;
  // `server_name`: what the server's certificate must be for, a DNS name or an IP address.
  virtual Task<Result<std::unique_ptr<SecureStream>>> connect(std::unique_ptr<Stream> stream,
                                                              std::string server_name) = 0;
};

}  // namespace farholm::io
