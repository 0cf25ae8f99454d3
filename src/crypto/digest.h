// SHA-256: the digest that names content, keys and plans; and HMAC with it. Plain values, pure; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/result.h"

namespace farholm::crypto {

class Digest {
 public:
  static constexpr std::size_t kSizeBytes = 32;

  Digest() = default;  // all zeros; no content has it
  explicit Digest(const std::array<std::byte, kSizeBytes>& bytes) : bytes_(bytes) {}
  static Digest of(std::span<const std::byte> content);
  static Digest of(std::string_view content) { return of(as_bytes(content)); }
  // "sha256:" and 64 lower-case hexadecimal digits (OCI image-spec, descriptor.md); BadRequest else.
  static Result<Digest> parse(std::string_view text);
  static Result<Digest> from_hex(std::string_view text);

  std::string to_string() const;  // "sha256:<hex>"
  std::string hex() const { return to_hex(bytes_); }
  const std::array<std::byte, kSizeBytes>& bytes() const { return bytes_; }
  auto operator<=>(const Digest&) const = default;

 private:
  std::array<std::byte, kSizeBytes> bytes_{};
};

// The digest of what comes in pieces.
class Hasher {
 public:
  Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void update(std::span<const std::byte> piece);
  void update(std::string_view piece) { update(as_bytes(piece)); }
  // Ends it; a hasher is used once.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::array<std::byte, 32> hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message);

// Takes as long for equal as for different bytes of one length.
bool equal_in_constant_time(std::span<const std::byte> a, std::span<const std::byte> b);

}  // namespace farholm::crypto
