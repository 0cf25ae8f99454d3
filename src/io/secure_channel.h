// SecureChannels: what makes a Stream one on which the other end is known and nobody else reads. In
// production it is TLS (net/tls.h, OpenSSL); in the simulator a channel that judges the same certificates in
// the same way and encrypts nothing (io/sim/sim_secure_channel.h), because OpenSSL draws its own randomness
// and no run of it is like another. What is above the channel is the same code in both: it takes them from
// io::World.
//
// A SecureServer or SecureClient is one side's configuration; it is shared by connections and outlives their
// handshakes. On the loop's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/stream.h"

namespace farholm::io {

enum class TlsVersion : std::uint8_t { Tls12, Tls13 };

// What a server asks of its clients.
enum class ClientCertificates : std::uint8_t {
  None,
  // May be absent; one that no trusted CA issued is handed on as Untrusted, so that the handler can answer
  // 401 (as the Kubernetes API does) or take it as proof of a key.
  Request,
  // The handshake fails without a trusted one.
  Require,
};

struct ChannelIdentity {
  std::string chain_pem;  // X.509, leaf first
  std::string key_pem;
};

struct SecureServerOptions {
  ChannelIdentity identity;
  std::string trusted_pem;  // the CAs of client certificates
  ClientCertificates client_certificates = ClientCertificates::None;
  // An expired certificate that is otherwise right is handed on as Expired, also under Require: it is good
  // for renewing itself, and for nothing else.
  bool accept_expired = false;
  std::vector<std::string> alpn;  // in the order that we like; empty: none is spoken of
  TlsVersion minimum = TlsVersion::Tls12;
};

using SpkiSha256 = std::array<std::byte, 32>;

struct SecureClientOptions {
  std::optional<ChannelIdentity> identity;
  std::string trusted_pem;  // the only CAs that are trusted; the system's are never asked
  // SHA-256 of the SubjectPublicKeyInfo of the leaf. With trusted_pem both must hold; without it the pin
  // alone decides and names are not looked at.
  std::vector<SpkiSha256> pinned;
  // Takes any server: only where something above the channel proves who it is (pairing's first contact).
  bool trust_anyone = false;
  std::vector<std::string> alpn;
  TlsVersion minimum = TlsVersion::Tls12;
};

// Who is at the other end, as far as it has shown.
struct ChannelPeer {
  enum class Trust : std::uint8_t { Untrusted, Expired, Trusted };
  Trust trust = Trust::Untrusted;
  std::string der;        // the leaf
  std::string chain_pem;  // what the peer sent, leaf first
  bool trusted() const { return trust == Trust::Trusted; }
};

class SecureStream : public Stream {
 public:
  // Nothing when it has shown no certificate.
  virtual const std::optional<ChannelPeer>& peer() const = 0;
  virtual const std::string& alpn() const = 0;  // "" when none was agreed on
};

// Handshakes have no deadline of their own: use with_deadline. They fail with ServiceUnavailable, whose
// message says whether the other end is not who it must be, speaks something else or went away. Where the
// client is refused by the server, the client hears of it when it reads (RFC 8446, section 4.4.2.4).
class SecureServer {
 public:
  virtual ~SecureServer() = default;
  virtual Task<Result<std::unique_ptr<SecureStream>>> accept(std::unique_ptr<Stream> stream) = 0;
  // For connections to come; on an error what was there stays. Those that are open keep theirs.
  virtual Result<void> reload(const SecureServerOptions& options) = 0;
};

class SecureClient {
 public:
  virtual ~SecureClient() = default;
  // `server_name`: what the server's certificate must be for, a DNS name or an IP address.
  virtual Task<Result<std::unique_ptr<SecureStream>>> connect(std::unique_ptr<Stream> stream,
                                                              std::string server_name) = 0;
  virtual Result<void> reload(const SecureClientOptions& options) = 0;
};

class SecureChannels {
 public:
  virtual ~SecureChannels() = default;
  // BadRequest says which of the options is wrong. This outlives what it makes.
  virtual Result<std::unique_ptr<SecureServer>> make_server(const SecureServerOptions& options) = 0;
  virtual Result<std::unique_ptr<SecureClient>> make_client(const SecureClientOptions& options) = 0;
};

// For programs that speak to nobody over TLS: makes nothing, and says so.
class NoSecureChannels final : public SecureChannels {
 public:
  Result<std::unique_ptr<SecureServer>> make_server(const SecureServerOptions&) override { return refuse(); }
  Result<std::unique_ptr<SecureClient>> make_client(const SecureClientOptions&) override { return refuse(); }

 private:
  static std::unexpected<Error> refuse() {
    return fail(ErrorCode::InternalError, "this program was started without TLS: its main must give it one");
  }
};

}  // namespace farholm::io
