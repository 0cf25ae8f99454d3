// AES-GCM: authenticated encryption, for values at rest (256 bits, a random nonce each). A key encrypts at
// most 2^32 values (NIST SP 800-38D, 8.3). Pure but for `entropy`; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "io/entropy.h"

namespace farholm::crypto {

using StorageKey = std::array<std::byte, 32>;

StorageKey make_storage_key(io::Entropy& entropy);
// nonce (12 bytes), ciphertext, tag (16 bytes).
std::vector<std::byte> encrypt(const StorageKey& key, std::span<const std::byte> aad,
                               std::span<const std::byte> message, io::Entropy& entropy);
// Forbidden when it was not encrypted with this key and `aad`.
Result<std::vector<std::byte>> decrypt(const StorageKey& key, std::span<const std::byte> aad,
                                       std::span<const std::byte> encrypted);

}  // namespace farholm::crypto
