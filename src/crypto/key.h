// Signing keys: Ed25519 (ours) and ECDSA on P-256 with SHA-256 (what Kubernetes and HAProxy see). Cheap to
// copy: copies share one key. Immutable; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "io/entropy.h"

namespace farholm::crypto {

enum class KeyType : std::uint8_t { Ed25519, P256 };

struct KeyHandle;  // OpenSSL's; only this module looks inside

class PublicKey {
 public:
  // BadRequest for what is not one PEM "PUBLIC KEY" of a type we know.
  static Result<PublicKey> from_pem(std::string_view pem);
  // SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), and nothing behind it.
  static Result<PublicKey> from_der(std::span<const std::byte> der);
  // The 32 bytes of RFC 8032.
  static Result<PublicKey> from_ed25519(std::span<const std::byte> raw);

  KeyType type() const;
  std::string to_pem() const;
  std::vector<std::byte> to_der() const;
  // Ed25519: the 32 bytes; P-256: the uncompressed point.
  std::vector<std::byte> raw() const;
  // SHA-256 of to_der(): how certificates' keys are pinned.
  Digest digest() const;
  // Whether `signature` (P-256: DER) is this key's over `message`.
  bool verify(std::span<const std::byte> message, std::span<const std::byte> signature) const;

  bool operator==(const PublicKey& other) const { return to_der() == other.to_der(); }

 private:
  friend class PrivateKey;
  friend struct KeyHandle;
  explicit PublicKey(std::shared_ptr<const KeyHandle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<const KeyHandle> handle_;
};

class PrivateKey {
 public:
  static PrivateKey generate(KeyType type, io::Entropy& entropy);
  // PKCS#8 (or SEC 1), not encrypted. BadRequest else; the message never holds key material.
  static Result<PrivateKey> from_pem(std::string_view pem);

  KeyType type() const;
  std::string to_pem() const;  // PKCS#8
  PublicKey public_key() const;
  // Ed25519 signs alike every time; P-256 does not (see README.md).
  std::vector<std::byte> sign(std::span<const std::byte> message) const;

 private:
  friend struct KeyHandle;
  explicit PrivateKey(std::shared_ptr<const KeyHandle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<const KeyHandle> handle_;
};

}  // namespace farholm::crypto
