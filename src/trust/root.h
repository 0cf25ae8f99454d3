// Root: the anchor of all trust, after TUF 1.0's root role. A versioned, signed list of keys and of the roles
// that they may play; version N+1 is trusted if version N's root role signed it. See docs/formats/root.md.
// Immutable values, pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "io/clock.h"
#include "trust/envelope.h"

namespace farholm::trust {

enum class RoleName : std::uint8_t {
  Root,       // the next root
  Plan,       // site plans
  Pki,        // which certificate authorities are allowed
  Publisher,  // bundles and images
  Access,     // remote access
};
inline constexpr std::array kRoleNames{RoleName::Root, RoleName::Plan, RoleName::Pki, RoleName::Publisher,
                                       RoleName::Access};
std::string_view to_string(RoleName role);  // "publisher", as in root.json

class Root {
 public:
  static constexpr std::size_t kBytesMax = 256 * 1024;
  static constexpr std::size_t kKeysMax = 100;

  // Reads a root that the caller already has reason to trust (given by an operator, kept from before, or
  // named by a registration token): BadRequest or Invalid unless it is well formed; Forbidden unless its own
  // root role signed it.
  static Result<Root> parse(std::string_view text);

  std::uint64_t version() const { return version_; }
  io::WallTime expires() const { return expires_; }
  bool expired(io::WallTime at) const { return at > expires_; }
  const Role& role(RoleName name) const { return roles_[static_cast<std::size_t>(name)]; }
  const Keys& keys() const { return keys_; }
  // SHA-256 over the canonical JSON of "signed": what registration tokens name. Signatures do not change it.
  const crypto::Digest& digest() const { return digest_; }
  // As it was read; what is kept and handed on.
  const std::string& text() const { return text_; }

  // Forbidden unless enough keys of the role have signed the envelope.
  Result<void> verify(RoleName role, const Envelope& envelope) const;

 private:
  friend Result<Root> next_root(const Root& trusted, std::string_view text);
  std::string text_;
  std::string signed_text_;
  std::vector<Signature> signatures_;
  std::uint64_t version_ = 0;
  io::WallTime expires_;
  Keys keys_;
  std::array<Role, kRoleNames.size()> roles_;
  crypto::Digest digest_;
};

// The root after `trusted`: version + 1, signed by the root roles of both (TUF 1.0, 5.3). Invalid for another
// version, Forbidden without the signatures. Expiry is not looked at: steps on the way may be expired, the
// last one is the caller's to judge.
Result<Root> next_root(const Root& trusted, std::string_view text);
// One next_root after another; versions that are not newer than `trusted` are passed over.
Result<Root> follow_roots(Root trusted, const std::vector<std::string>& texts);

struct RoleSpec {
  std::vector<crypto::PublicKey> keys;
  std::size_t threshold = 1;
};
struct RootSpec {
  std::uint64_t version = 1;
  io::WallTime expires;
  std::array<RoleSpec, kRoleNames.size()> roles;  // in the order of RoleName
  RoleSpec& role(RoleName name) { return roles[static_cast<std::size_t>(name)]; }
};
// root.json. `signers` are keys of the root role, for a rotation also of the one before. Invalid for
// thresholds that cannot be met.
Result<std::string> make_root(const RootSpec& spec, const std::vector<crypto::PrivateKey>& signers);
// Adds a signature to a root that several people sign one after another.
Result<std::string> add_root_signature(std::string_view text, const crypto::PrivateKey& signer);

}  // namespace farholm::trust
