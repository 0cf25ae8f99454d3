// The cipher of a durable store: AES-256-GCM with a random nonce for each value. One thread, its entropy's.
#pragma once

#include "crypto/cipher.h"
#include "store/value_cipher.h"

namespace farholm::store {

class StorageCipher final : public ValueCipher {
 public:
  // The entropy outlives it.
  StorageCipher(const crypto::StorageKey& key, io::Entropy& entropy) : key_(key), entropy_(entropy) {}

  Result<std::vector<std::byte>> seal(std::span<const std::byte> plain, std::string_view context) override;
  Result<std::vector<std::byte>> open(std::span<const std::byte> sealed, std::string_view context) override;

 private:
  const crypto::StorageKey key_;
  io::Entropy& entropy_;
};

}  // namespace farholm::store
