#include "crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "base/assert.h"
#include "crypto/openssl.h"

namespace farholm::crypto {
namespace {

constexpr std::size_t kPemBytesMax = 16 * 1024;

std::unexpected<Error> not_a_key(std::string_view kind) {
  forget_openssl_errors();
  return fail(ErrorCode::BadRequest,
              "this is not a " + std::string(kind) + " in PEM of the type Ed25519 or P-256, unencrypted");
}

KeyPtr make_ed25519(io::Entropy& entropy) {
  std::array<std::byte, 32> secret{};
  entropy.fill(secret);
  KeyPtr key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(std::span(secret)), secret.size()));
  OPENSSL_cleanse(secret.data(), secret.size());
  return key;
}

// Scalar by rejection (FIPS 186-5, A.2.2), point by multiplication; OpenSSL's own generator would not replay.
KeyPtr make_p256(io::Entropy& entropy) {
  const std::unique_ptr<EC_GROUP, Freer<EC_GROUP_free>> group(
      EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const std::unique_ptr<EC_POINT, Freer<EC_POINT_free>> point(EC_POINT_new(group.get()));
  const BnPtr scalar(BN_secure_new());
  std::array<std::byte, 32> secret{};
  do {
    entropy.fill(secret);
    BN_bin2bn(bytes_of(std::span(secret)), secret.size(), scalar.get());
  } while (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0);
  OPENSSL_cleanse(secret.data(), secret.size());
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  FARHOLM_ASSERT(EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) == 1);
  std::array<unsigned char, 65> encoded{};
  FARHOLM_ASSERT(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(),
                                    encoded.size(), nullptr) == encoded.size());

  const std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get());
  const std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  FARHOLM_ASSERT(EVP_PKEY_fromdata_init(context.get()) == 1);
  FARHOLM_ASSERT(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) == 1);
  return KeyPtr(key);
}

}  // namespace

Result<std::shared_ptr<const KeyHandle>> KeyHandle::take(KeyPtr key) {
  if (key == nullptr) return not_a_key("key");
  if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) {
    return std::make_shared<const KeyHandle>(KeyHandle{.key = std::move(key), .type = KeyType::Ed25519});
  }
  std::array<char, 64> group{};
  if (EVP_PKEY_is_a(key.get(), "EC") == 1 &&
      EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) == 1 &&
      std::string_view(group.data()) == SN_X9_62_prime256v1) {
    return std::make_shared<const KeyHandle>(KeyHandle{.key = std::move(key), .type = KeyType::P256});
  }
  return not_a_key("key");
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return not_a_key("public key");
  KeyPtr key(PEM_read_bio_PUBKEY(bio_over(pem).get(), nullptr, nullptr, const_cast<char*>("")));
  if (key == nullptr) return not_a_key("public key");
  FARHOLM_TRY(auto handle, KeyHandle::take(std::move(key)));
  return PublicKey(std::move(handle));
}

Result<PublicKey> PublicKey::from_der(std::span<const std::byte> der) {
  const unsigned char* at = bytes_of(der);
  KeyPtr key(der.size() > kPemBytesMax ? nullptr : d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr || at != bytes_of(der) + der.size()) {
    forget_openssl_errors();
    return fail(ErrorCode::BadRequest, "this is not a public key in DER");
  }
  FARHOLM_TRY(auto handle, KeyHandle::take(std::move(key)));
  return PublicKey(std::move(handle));
}

Result<PublicKey> PublicKey::from_ed25519(std::span<const std::byte> raw) {
  KeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(raw), raw.size()));
  if (key == nullptr) {
    forget_openssl_errors();
    return fail(ErrorCode::BadRequest, "an Ed25519 public key must have 32 bytes");
  }
  FARHOLM_TRY(auto handle, KeyHandle::take(std::move(key)));
  return PublicKey(std::move(handle));
}

KeyType PublicKey::type() const {
  return handle_->type;
}

std::string PublicKey::to_pem() const {
  const auto bio = empty_bio();
  FARHOLM_ASSERT(PEM_write_bio_PUBKEY(bio.get(), handle_->key.get()) == 1);
  return text_in(bio);
}

std::vector<std::byte> PublicKey::to_der() const {
  const int size = i2d_PUBKEY(handle_->key.get(), nullptr);
  FARHOLM_ASSERT(size > 0);
  std::vector<std::byte> der(static_cast<std::size_t>(size));
  unsigned char* at = bytes_of(std::span(der));
  FARHOLM_ASSERT(i2d_PUBKEY(handle_->key.get(), &at) == size);
  return der;
}

std::vector<std::byte> PublicKey::raw() const {
  // Both kinds end with it: a bit string is the last member of SubjectPublicKeyInfo.
  const auto der = to_der();
  const std::size_t size = type() == KeyType::Ed25519 ? 32 : 65;
  FARHOLM_ASSERT(der.size() > size);
  return {der.end() - static_cast<std::ptrdiff_t>(size), der.end()};
}

Digest PublicKey::digest() const {
  return Digest::of(to_der());
}

bool PublicKey::verify(std::span<const std::byte> message, std::span<const std::byte> signature) const {
  const DigestContextPtr context(EVP_MD_CTX_new());
  FARHOLM_ASSERT(EVP_DigestVerifyInit(context.get(), nullptr, KeyHandle::digest_for(type()), nullptr,
                                      handle_->key.get()) == 1);
  const bool right = EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                                      message.size()) == 1;
  forget_openssl_errors();
  return right;
}

PrivateKey PrivateKey::generate(KeyType type, io::Entropy& entropy) {
  auto handle = KeyHandle::take(type == KeyType::Ed25519 ? make_ed25519(entropy) : make_p256(entropy));
  FARHOLM_ASSERT(handle.has_value());
  return PrivateKey(std::move(*handle));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return not_a_key("private key");
  // A password that is given is never asked for on a terminal.
  KeyPtr key(PEM_read_bio_PrivateKey(bio_over(pem).get(), nullptr, nullptr, const_cast<char*>("")));
  if (key == nullptr) return not_a_key("private key");
  auto handle = KeyHandle::take(std::move(key));
  if (!handle) return not_a_key("private key");
  return PrivateKey(std::move(*handle));
}

KeyType PrivateKey::type() const {
  return handle_->type;
}

std::string PrivateKey::to_pem() const {
  const auto bio = empty_bio();
  FARHOLM_ASSERT(PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_->key.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr) == 1);
  return text_in(bio);
}

PublicKey PrivateKey::public_key() const {
  // Through DER, so that the copy does not carry the private half.
  const PublicKey whole(handle_);
  auto key = PublicKey::from_der(whole.to_der());
  FARHOLM_ASSERT(key.has_value());
  return std::move(*key);
}

std::vector<std::byte> PrivateKey::sign(std::span<const std::byte> message) const {
  const DigestContextPtr context(EVP_MD_CTX_new());
  FARHOLM_ASSERT(EVP_DigestSignInit(context.get(), nullptr, KeyHandle::digest_for(type()), nullptr,
                                    handle_->key.get()) == 1);
  std::size_t size = 0;
  FARHOLM_ASSERT(EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) == 1);
  std::vector<std::byte> signature(size);
  FARHOLM_ASSERT(EVP_DigestSign(context.get(), bytes_of(std::span(signature)), &size, bytes_of(message),
                                message.size()) == 1);
  signature.resize(size);
  return signature;
}

}  // namespace farholm::crypto
