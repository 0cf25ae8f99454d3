// What only this module sees: owners for OpenSSL's objects and its errors as ours. Any thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "crypto/key.h"

namespace farholm::crypto {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
inline void free_extensions(STACK_OF(X509_EXTENSION) * stack) {
  sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
}
inline void free_certificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using BnPtr = std::unique_ptr<BIGNUM, Freer<BN_clear_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, Freer<EVP_CIPHER_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using ExtensionsPtr = std::unique_ptr<STACK_OF(X509_EXTENSION), Freer<free_extensions>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using X509StackPtr = std::unique_ptr<STACK_OF(X509), Freer<free_certificates>>;

struct KeyHandle {
  KeyPtr key;
  KeyType type;

  static EVP_PKEY* of(const PublicKey& key) { return key.handle_->key.get(); }
  static EVP_PKEY* of(const PrivateKey& key) { return key.handle_->key.get(); }
  static PublicKey public_key(std::shared_ptr<const KeyHandle> handle) {
    return PublicKey(std::move(handle));
  }
  // BadRequest for a key of a type that we do not know.
  static Result<std::shared_ptr<const KeyHandle>> take(KeyPtr key);
  // What X509_sign and EVP_DigestSign want: Ed25519 hashes by itself.
  static const EVP_MD* digest_for(KeyType type) { return type == KeyType::Ed25519 ? nullptr : EVP_sha256(); }
};

template <std::size_t kSize>
const unsigned char* bytes_of(std::span<const std::byte, kSize> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
template <std::size_t kSize>
unsigned char* bytes_of(std::span<std::byte, kSize> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

BioPtr bio_over(std::string_view text);
BioPtr empty_bio();
std::string text_in(const BioPtr& bio);
// Empties OpenSSL's queue of errors, so that none is read by somebody else later.
void forget_openssl_errors();

// The one-shot AEAD that sealing and storage share. `out` of encrypting is 16 bytes longer than `in`.
void aead_encrypt(const EVP_CIPHER* cipher, std::span<const std::byte> key, std::span<const std::byte> nonce,
                  std::span<const std::byte> aad, std::span<const std::byte> in, std::span<std::byte> out);
bool aead_decrypt(const EVP_CIPHER* cipher, std::span<const std::byte> key, std::span<const std::byte> nonce,
                  std::span<const std::byte> aad, std::span<const std::byte> in, std::span<std::byte> out);

}  // namespace farholm::crypto
