// A cipher for tests: it hides and it notices changes, and it protects nothing. One thread.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/encoding.h"
#include "store/value_cipher.h"

namespace farholm::store {

class TestCipher final : public ValueCipher {
 public:
  explicit TestCipher(std::uint8_t key = 0x5a) : key_(key) {}

  Result<std::vector<std::byte>> seal(std::span<const std::byte> plain, std::string_view context) override {
    std::vector<std::byte> sealed(plain.begin(), plain.end());
    for (auto& byte : sealed) byte ^= std::byte{key_};
    const auto sum = checksum(plain, context);
    for (int shift = 0; shift < 64; shift += 8) sealed.push_back(static_cast<std::byte>(sum >> shift));
    return sealed;
  }

  Result<std::vector<std::byte>> open(std::span<const std::byte> sealed, std::string_view context) override {
    if (sealed.size() < 8) return fail(ErrorCode::Invalid, "not sealed");
    std::vector<std::byte> plain(sealed.begin(), sealed.end() - 8);
    for (auto& byte : plain) byte ^= std::byte{key_};
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 8; ++i)
      sum |= std::to_integer<std::uint64_t>(sealed[plain.size() + i]) << (8 * i);
    if (sum != checksum(plain, context)) return fail(ErrorCode::Invalid, "changed, or another key");
    return plain;
  }

 private:
  std::uint64_t checksum(std::span<const std::byte> bytes, std::string_view context) const {
    std::uint64_t sum = 0xcbf29ce484222325 ^ key_;
    for (const auto part : {bytes, as_bytes(context)}) {
      for (const std::byte byte : part) sum = (sum ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
    }
    return sum;
  }

  const std::uint8_t key_;
};

}  // namespace farholm::store
