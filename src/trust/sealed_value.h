// Sealed values: a secret for one host of one site, as a blob (docs/formats/plan.md, "envelope"). Pure but
// for `entropy`; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/sealing.h"
#include "io/entropy.h"

namespace farholm::trust {

// What a sealed value is bound to; it opens nowhere else.
struct SealedPlace {
  std::string site;     // UID
  std::string name;     // of the variable
  std::string version;  // that the plan names
};

// Canonical JSON {"ciphertext","enc"}.
Result<std::string> seal_value(const crypto::SealingPublicKey& recipient, const SealedPlace& place,
                               std::string_view secret, io::Entropy& entropy);
// BadRequest for what is no such blob; Forbidden when it is for another host or place.
Result<std::string> open_value(const crypto::SealingKey& key, const SealedPlace& place,
                               std::string_view blob);

}  // namespace farholm::trust
