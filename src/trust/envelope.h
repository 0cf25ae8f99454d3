// DSSE envelopes (secure-systems-lab/dsse, v1.0.0): a payload, what it is, and who signed both. See
// docs/formats/envelope.md. Plain values, pure; any thread.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"

namespace farholm::trust {

struct Signature {
  std::string key_id;
  std::vector<std::byte> bytes;
};

struct Envelope {
  static constexpr std::size_t kBytesMax = 4 << 20;
  static constexpr std::size_t kSignaturesMax = 32;

  std::string payload_type;
  std::string payload;
  std::vector<Signature> signatures;
};

// Keys by their ID, and how many different ones of `key_ids` must have signed.
using Keys = std::map<std::string, crypto::PublicKey, std::less<>>;
struct Role {
  std::set<std::string, std::less<>> key_ids;
  std::size_t threshold = 1;
  bool operator==(const Role&) const = default;
};

// What is signed: DSSE's PAE.
std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload);

Envelope sign_envelope(std::string payload_type, std::string payload,
                       const std::vector<crypto::PrivateKey>& signers);
// JSON on one line.
std::string to_text(const Envelope& envelope);
// BadRequest for what is not an envelope. Says nothing about its signatures.
Result<Envelope> parse_envelope(std::string_view text);

// Forbidden unless `threshold` different keys of the role have signed `message`. Signatures of keys outside
// of the role do not count and do not harm.
Result<void> verify_signatures(std::string_view message, const std::vector<Signature>& signatures,
                               const Keys& keys, const Role& role);

}  // namespace farholm::trust
