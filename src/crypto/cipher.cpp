#include "crypto/cipher.h"

#include <climits>

#include "base/assert.h"
#include "crypto/openssl.h"

namespace farholm::crypto {
namespace {
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
}  // namespace

void aead_encrypt(const EVP_CIPHER* cipher, std::span<const std::byte> key, std::span<const std::byte> nonce,
                  std::span<const std::byte> aad, std::span<const std::byte> in, std::span<std::byte> out) {
  FARHOLM_ASSERT(out.size() == in.size() + kTagBytes && nonce.size() == kNonceBytes);
  FARHOLM_ASSERT(in.size() < INT_MAX && aad.size() < INT_MAX);
  const CipherContextPtr context(EVP_CIPHER_CTX_new());
  int count = 0;
  FARHOLM_ASSERT(EVP_EncryptInit_ex(context.get(), cipher, nullptr, bytes_of(key), bytes_of(nonce)) == 1);
  if (!aad.empty()) {
    FARHOLM_ASSERT(
        EVP_EncryptUpdate(context.get(), nullptr, &count, bytes_of(aad), static_cast<int>(aad.size())) == 1);
  }
  if (!in.empty()) {
    FARHOLM_ASSERT(EVP_EncryptUpdate(context.get(), bytes_of(out), &count, bytes_of(in),
                                     static_cast<int>(in.size())) == 1);
  }
  FARHOLM_ASSERT(EVP_EncryptFinal_ex(context.get(), bytes_of(out.subspan(in.size())), &count) == 1);
  FARHOLM_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                                     bytes_of(out.subspan(in.size()))) == 1);
}

bool aead_decrypt(const EVP_CIPHER* cipher, std::span<const std::byte> key, std::span<const std::byte> nonce,
                  std::span<const std::byte> aad, std::span<const std::byte> in, std::span<std::byte> out) {
  if (in.size() < kTagBytes || in.size() >= INT_MAX || aad.size() >= INT_MAX) return false;
  const auto tag = in.subspan(in.size() - kTagBytes);
  in = in.first(in.size() - kTagBytes);
  FARHOLM_ASSERT(out.size() == in.size() && nonce.size() == kNonceBytes);
  const CipherContextPtr context(EVP_CIPHER_CTX_new());
  int count = 0;
  FARHOLM_ASSERT(EVP_DecryptInit_ex(context.get(), cipher, nullptr, bytes_of(key), bytes_of(nonce)) == 1);
  if (!aad.empty()) {
    FARHOLM_ASSERT(
        EVP_DecryptUpdate(context.get(), nullptr, &count, bytes_of(aad), static_cast<int>(aad.size())) == 1);
  }
  if (!in.empty()) {
    FARHOLM_ASSERT(EVP_DecryptUpdate(context.get(), bytes_of(out), &count, bytes_of(in),
                                     static_cast<int>(in.size())) == 1);
  }
  FARHOLM_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                                     const_cast<unsigned char*>(bytes_of(tag))) == 1);
  unsigned char none = 0;
  const bool right = EVP_DecryptFinal_ex(context.get(), &none, &count) == 1;
  forget_openssl_errors();
  if (!right) OPENSSL_cleanse(out.data(), out.size());
  return right;
}

StorageKey make_storage_key(io::Entropy& entropy) {
  StorageKey key;
  entropy.fill(key);
  return key;
}

std::vector<std::byte> encrypt(const StorageKey& key, std::span<const std::byte> aad,
                               std::span<const std::byte> message, io::Entropy& entropy) {
  std::vector<std::byte> encrypted(kNonceBytes + message.size() + kTagBytes);
  const auto nonce = std::span(encrypted).first(kNonceBytes);
  entropy.fill(nonce);
  aead_encrypt(EVP_aes_256_gcm(), key, nonce, aad, message, std::span(encrypted).subspan(kNonceBytes));
  return encrypted;
}

Result<std::vector<std::byte>> decrypt(const StorageKey& key, std::span<const std::byte> aad,
                                       std::span<const std::byte> encrypted) {
  if (encrypted.size() >= kNonceBytes + kTagBytes) {
    std::vector<std::byte> message(encrypted.size() - kNonceBytes - kTagBytes);
    if (aead_decrypt(EVP_aes_256_gcm(), key, encrypted.first(kNonceBytes), aad,
                     encrypted.subspan(kNonceBytes), message)) {
      return message;
    }
  }
  return fail(ErrorCode::Forbidden,
              "a value cannot be decrypted: it is damaged, or belongs to another key or place");
}

}  // namespace farholm::crypto
