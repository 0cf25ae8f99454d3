// A registration token, `id.secret.sha256(root)`: which token it is, the proof, and the root that the hub
// must prove (as hexadecimal digits). Whoever holds it may pair; the hub keeps only secret_digest(). Plain
// values, pure but for `entropy`; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/digest.h"
#include "io/entropy.h"

namespace farholm::trust {

struct RegistrationToken {
  std::string id;      // the object's name: a DNS label
  std::string secret;  // never logged
  crypto::Digest root;

  std::string to_text() const;
  crypto::Digest secret_digest() const { return crypto::Digest::of(secret); }
  // In constant time.
  bool proves(const crypto::Digest& kept_secret_digest) const;
};

// With a secret of 256 bits.
RegistrationToken make_registration_token(std::string id, const crypto::Digest& root, io::Entropy& entropy);
// BadRequest, without repeating any of it.
Result<RegistrationToken> parse_registration_token(std::string_view text);

}  // namespace farholm::trust
