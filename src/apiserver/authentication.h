// Authenticators find out who is asking. Asked one after another until one knows; nobody knowing means
// anonymous. On the loop's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/user.h"
#include "base/result.h"
#include "crypto/digest.h"
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
// One that no trusted authority issued, or that has expired, is Unauthorized.
class CertificateAuthenticator final : public Authenticator {
 public:
  io::Task<Result<std::optional<User>>> authenticate(const net::Request& request,
                                                     const net::Peer& peer) override;
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
