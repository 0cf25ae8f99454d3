#include "store/storage_cipher.h"

#include "base/encoding.h"

namespace farholm::store {

Result<std::vector<std::byte>> StorageCipher::seal(std::span<const std::byte> plain,
                                                   std::string_view context) {
  return crypto::encrypt(key_, as_bytes(context), plain, entropy_);
}

Result<std::vector<std::byte>> StorageCipher::open(std::span<const std::byte> sealed,
                                                   std::string_view context) {
  return crypto::decrypt(key_, as_bytes(context), sealed);
}

}  // namespace farholm::store
