#include "crypto/sealing.h"

#include <algorithm>

#include "base/assert.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"

namespace farholm::crypto {
namespace {

using Bytes = std::vector<std::byte>;

// RFC 9180, 7: KEM 0x0020, KDF 0x0001, AEAD 0x0001.
const std::string_view kKemSuite("KEM\x00\x20", 5);
const std::string_view kHpkeSuite("HPKE\x00\x20\x00\x01\x00\x01", 10);
constexpr std::size_t kHpkeKeyBytes = 16;
constexpr std::size_t kHpkeNonceBytes = 12;
constexpr std::size_t kHpkeTagBytes = 16;

Bytes joined(std::initializer_list<std::span<const std::byte>> parts) {
  Bytes whole;
  for (const auto part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

// RFC 9180, 4: LabeledExtract and LabeledExpand; the outputs here fit one round of HKDF-Expand.
std::array<std::byte, 32> labeled_extract(std::span<const std::byte> salt, std::string_view suite,
                                          std::string_view label, std::span<const std::byte> material) {
  return hmac_sha256(salt, joined({as_bytes("HPKE-v1"), as_bytes(suite), as_bytes(label), material}));
}
Bytes labeled_expand(std::span<const std::byte> prk, std::string_view suite, std::string_view label,
                     std::span<const std::byte> info, std::size_t length) {
  FARHOLM_ASSERT(length <= 32);
  const std::array<std::byte, 2> length_bytes{std::byte{0}, static_cast<std::byte>(length)};
  const std::array<std::byte, 1> round{std::byte{1}};
  const auto block = hmac_sha256(
      prk, joined({length_bytes, as_bytes("HPKE-v1"), as_bytes(suite), as_bytes(label), info, round}));
  return {block.begin(), block.begin() + static_cast<std::ptrdiff_t>(length)};
}

Result<std::array<std::byte, 32>> diffie_hellman(const SealingKey& mine, const SealingPublicKey& theirs) {
  const KeyPtr secret(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes_of(std::span(mine.secret)), 32));
  const KeyPtr peer(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, bytes_of(std::span(theirs)), 32));
  const KeyContextPtr context(EVP_PKEY_CTX_new(secret.get(), nullptr));
  FARHOLM_ASSERT(EVP_PKEY_derive_init(context.get()) == 1);
  std::array<std::byte, 32> shared{};
  std::size_t size = shared.size();
  // Fails for points of small order (RFC 9180, 7.1.4).
  if (EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), bytes_of(std::span(shared)), &size) != 1) {
    forget_openssl_errors();
    return fail(ErrorCode::Invalid, "this is not an X25519 public key to which anything can be sealed");
  }
  return shared;
}

struct Context {
  Bytes key;
  Bytes nonce;
};

Context key_schedule(const std::array<std::byte, 32>& dh, const SealingPublicKey& encapsulated,
                     const SealingPublicKey& recipient, std::string_view info) {
  const auto prk = labeled_extract({}, kKemSuite, "eae_prk", dh);
  const auto shared = labeled_expand(prk, kKemSuite, "shared_secret", joined({encapsulated, recipient}), 32);
  const std::array<std::byte, 1> base_mode{std::byte{0}};
  const auto context = joined({base_mode, labeled_extract({}, kHpkeSuite, "psk_id_hash", {}),
                               labeled_extract({}, kHpkeSuite, "info_hash", as_bytes(info))});
  const auto secret = labeled_extract(shared, kHpkeSuite, "secret", {});
  return {.key = labeled_expand(secret, kHpkeSuite, "key", context, kHpkeKeyBytes),
          .nonce = labeled_expand(secret, kHpkeSuite, "base_nonce", context, kHpkeNonceBytes)};
}

}  // namespace

SealingKey SealingKey::generate(io::Entropy& entropy) {
  SealingKey key;
  entropy.fill(key.secret);
  return key;
}

SealingPublicKey SealingKey::public_key() const {
  const KeyPtr key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes_of(std::span(secret)), 32));
  SealingPublicKey raw{};
  std::size_t size = raw.size();
  FARHOLM_ASSERT(EVP_PKEY_get_raw_public_key(key.get(), bytes_of(std::span(raw)), &size) == 1 && size == 32);
  return raw;
}

Result<Sealed> seal(const SealingPublicKey& recipient, std::string_view info, std::span<const std::byte> aad,
                    std::span<const std::byte> message, io::Entropy& entropy) {
  const auto ephemeral = SealingKey::generate(entropy);
  FARHOLM_TRY(const auto dh, diffie_hellman(ephemeral, recipient));
  Sealed sealed{.encapsulated = ephemeral.public_key(), .ciphertext = Bytes(message.size() + kHpkeTagBytes)};
  const auto context = key_schedule(dh, sealed.encapsulated, recipient, info);
  aead_encrypt(EVP_aes_128_gcm(), context.key, context.nonce, aad, message, sealed.ciphertext);
  return sealed;
}

Result<std::vector<std::byte>> open(const SealingKey& key, const Sealed& sealed, std::string_view info,
                                    std::span<const std::byte> aad) {
  const auto dh = diffie_hellman(key, sealed.encapsulated);
  if (dh && sealed.ciphertext.size() >= kHpkeTagBytes) {
    const auto context = key_schedule(*dh, sealed.encapsulated, key.public_key(), info);
    Bytes message(sealed.ciphertext.size() - kHpkeTagBytes);
    if (aead_decrypt(EVP_aes_128_gcm(), context.key, context.nonce, aad, sealed.ciphertext, message)) {
      return message;
    }
  }
  return fail(ErrorCode::Forbidden,
              "a sealed value cannot be opened: it is sealed to another key or for another use");
}

}  // namespace farholm::crypto
