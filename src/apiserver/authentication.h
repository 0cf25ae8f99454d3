// Authenticators find out who is asking. Asked one after another until one knows; nobody knowing means
// anonymous. On the loop's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "apiserver/user.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "io/clock.h"
#include "io/task.h"
#include "net/exchange.h"

namespace farholm::apiserver {

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Nothing: this request carries no credentials of the kind that this one knows. Unauthorized: it does, and
  // they are wrong; the request ends with 401.
  virtual io::Task<Result<std::optional<User>>> authenticate(const net::Request& request,
                                                             const net::Peer& peer) = 0;
};

// The client certificate of the TLS connection: its common name is the user, its organizations the groups.
// One that no trusted authority issued, or that has expired, is Unauthorized; also one that expires while its
// connection lives. Certificates that were read are remembered, as a connection shows the same one at every
// request.
class CertificateAuthenticator final : public Authenticator {
 public:
  // Of the certificates that were shown last.
  static constexpr std::size_t kRememberedMax = 256;

  // The clock outlives it.
  explicit CertificateAuthenticator(io::Clock& clock) : clock_(clock) {}

  io::Task<Result<std::optional<User>>> authenticate(const net::Request& request,
                                                     const net::Peer& peer) override;
  std::size_t remembered() const { return read_.size(); }

 private:
  struct Read {
    User user;
    io::WallTime until;
  };
  // What this certificate says, or nothing when it says nothing that can be used. Valid until the next call.
  const Read* read(const std::string& der);

  io::Clock& clock_;
  // By the certificate's own bytes, so that what is remembered is never another one's.
  std::unordered_map<std::string, Read> read_;
};

// "Authorization: Bearer …" with a token of a fixed set, of which only digests are held.
class TokenAuthenticator final : public Authenticator {
 public:
  void add(std::string_view token, User user);
  io::Task<Result<std::optional<User>>> authenticate(const net::Request& request,
                                                     const net::Peer& peer) override;

 private:
  std::map<crypto::Digest, User> users_;
};

// The token of "Authorization: Bearer <token>", or nothing.
std::optional<std::string_view> bearer_token(const net::Request& request);

// The first that knows; else anonymous. Adds system:authenticated.
io::Task<Result<User>> authenticate(const std::vector<Authenticator*>& authenticators,
                                    const net::Request& request, const net::Peer& peer);

}  // namespace farholm::apiserver
