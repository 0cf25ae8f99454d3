// TLS over any io::Stream (OpenSSL, over a BIO that calls the stream; no socket, no OpenSSL type in sight).
//
// A TlsContext is what a server or a client is configured with; it is shared by connections and outlives
// their handshakes. A TlsStream is again an io::Stream. On the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/loop.h"
#include "io/stream.h"

namespace farholm::net {

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

struct TlsIdentity {
  std::string chain_pem;  // leaf first
  std::string key_pem;
};

struct TlsServerOptions {
  TlsIdentity identity;
  std::string trusted_pem;  // the CAs of client certificates
  ClientCertificates client_certificates = ClientCertificates::None;
  // An expired certificate that is otherwise right is handed on as Expired, also under Require: it is good
  // for renewing itself, and for nothing else.
  bool accept_expired = false;
  std::vector<std::string> alpn;  // in the order that we like; empty: none is spoken of
  TlsVersion minimum = TlsVersion::Tls12;
};

using SpkiSha256 = std::array<std::byte, 32>;

struct TlsClientOptions {
  std::optional<TlsIdentity> identity;
  std::string trusted_pem;  // the only CAs that are trusted; the system's are never asked
  // SHA-256 of the SubjectPublicKeyInfo of the leaf. With trusted_pem both must hold; without it the pin
  // alone decides and names are not looked at.
  std::vector<SpkiSha256> pinned;
  // Takes any server: only where something above TLS proves who it is (pairing's first contact).
  bool trust_anyone = false;
  std::vector<std::string> alpn;
  TlsVersion minimum = TlsVersion::Tls12;
};

struct PeerCertificate {
  enum class Trust : std::uint8_t { Untrusted, Expired, Trusted };
  Trust trust = Trust::Untrusted;
  std::string der;        // the leaf
  std::string chain_pem;  // what the peer sent, leaf first
  bool trusted() const { return trust == Trust::Trusted; }
};

class TlsContext {
 public:
  // BadRequest says which of the options is wrong. The clock judges certificates; it outlives the context.
  static Result<std::unique_ptr<TlsContext>> make_server(const io::Clock& clock, TlsServerOptions options);
  static Result<std::unique_ptr<TlsContext>> make_client(const io::Clock& clock, TlsClientOptions options);
  ~TlsContext();

  // For connections to come; on an error what was there stays. Those that are open keep theirs.
  Result<void> reload(TlsServerOptions options);
  Result<void> reload(TlsClientOptions options);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class TlsStream : public io::Stream {
 public:
  virtual const std::optional<PeerCertificate>& peer_certificate() const = 0;
  virtual const std::string& alpn() const = 0;  // "" when none was agreed on
};

// Take the stream through the handshake. No deadline of their own: use with_deadline. `server_name` is what
// the certificate must be for: a DNS name (then also sent as SNI) or an IP address.
io::Task<Result<std::unique_ptr<TlsStream>>> tls_accept(io::Loop& loop, TlsContext& context,
                                                        std::unique_ptr<io::Stream> stream);
io::Task<Result<std::unique_ptr<TlsStream>>> tls_connect(io::Loop& loop, TlsContext& context,
                                                         std::unique_ptr<io::Stream> stream,
                                                         std::string server_name);

// Of the leaf of a PEM chain; what `pinned` takes.
Result<SpkiSha256> spki_sha256_of_pem(const std::string& certificate_pem);

}  // namespace farholm::net
