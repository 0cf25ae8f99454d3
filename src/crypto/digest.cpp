#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/assert.h"
#include "crypto/openssl.h"

namespace farholm::crypto {
namespace {

// Looked up once: OpenSSL 3 searches its providers, under locks, for each use of EVP_sha256().
const EVP_MD* sha256() {
  static const EVP_MD* const kFound = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  FARHOLM_ASSERT(kFound != nullptr);
  return kFound;
}

}  // namespace

struct Hasher::State {
  DigestContextPtr context{EVP_MD_CTX_new()};
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  FARHOLM_ASSERT(EVP_DigestInit_ex(state_->context.get(), sha256(), nullptr) == 1);
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::span<const std::byte> piece) {
  FARHOLM_ASSERT(EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()) == 1);
}

Digest Hasher::finish() {
  std::array<std::byte, Digest::kSizeBytes> bytes{};
  FARHOLM_ASSERT(EVP_DigestFinal_ex(state_->context.get(), bytes_of(std::span(bytes)), nullptr) == 1);
  return Digest(bytes);
}

Digest Digest::of(std::span<const std::byte> content) {
  Hasher hasher;
  hasher.update(content);
  return hasher.finish();
}

Result<Digest> Digest::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix)) {
    return fail(ErrorCode::BadRequest, "a digest must be \"sha256:\" and 64 hexadecimal digits");
  }
  return from_hex(text.substr(kPrefix.size()));
}

Result<Digest> Digest::from_hex(std::string_view text) {
  const auto bytes = text.size() == 2 * kSizeBytes ? farholm::from_hex(text) : std::nullopt;
  if (!bytes) return fail(ErrorCode::BadRequest, "a SHA-256 digest must be 64 lower-case hexadecimal digits");
  Digest digest;
  std::ranges::copy(*bytes, digest.bytes_.begin());
  return digest;
}

std::string Digest::to_string() const {
  return "sha256:" + hex();
}

std::array<std::byte, 32> hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) {
  std::array<std::byte, 32> code{};
  // An empty key must still be a pointer: null means "the last one" to OpenSSL.
  const unsigned char none = 0;
  const void* key_data = key.empty() ? static_cast<const void*>(&none) : key.data();
  FARHOLM_ASSERT(HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()), bytes_of(message), message.size(),
                      bytes_of(std::span(code)), nullptr) != nullptr);
  return code;
}

bool equal_in_constant_time(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace farholm::crypto
