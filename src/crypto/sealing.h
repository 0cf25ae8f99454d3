// HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM: a message that
// only the holder of one key can open. One message a context. Pure but for `entropy`; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/entropy.h"

namespace farholm::crypto {

using SealingPublicKey = std::array<std::byte, 32>;

struct SealingKey {
  std::array<std::byte, 32> secret{};

  static SealingKey generate(io::Entropy& entropy);
  SealingPublicKey public_key() const;
};

struct Sealed {
  std::array<std::byte, 32> encapsulated{};  // RFC 9180's "enc"
  std::vector<std::byte> ciphertext;         // 16 bytes longer than the message
};

// Invalid when `recipient` is not a point that X25519 can use.
Result<Sealed> seal(const SealingPublicKey& recipient, std::string_view info, std::span<const std::byte> aad,
                    std::span<const std::byte> message, io::Entropy& entropy);
// Forbidden when it was not sealed to this key with these `info` and `aad`.
Result<std::vector<std::byte>> open(const SealingKey& key, const Sealed& sealed, std::string_view info,
                                    std::span<const std::byte> aad);

}  // namespace farholm::crypto
