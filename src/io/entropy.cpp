#include "io/entropy.h"

#include <array>

#include "base/assert.h"
#include "base/encoding.h"

namespace farholm::io {

std::uint64_t random_u64(Entropy& entropy) {
  std::uint64_t value = 0;
  entropy.fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::uint64_t random_below(Entropy& entropy, std::uint64_t bound) {
  FARHOLM_ASSERT(bound > 0);
  // Values below 2^64 mod bound would make the first residues likelier: throw them again.
  const std::uint64_t threshold = (0 - bound) % bound;
  std::uint64_t value = random_u64(entropy);
  while (value < threshold) value = random_u64(entropy);
  return value % bound;
}

std::string random_uuid(Entropy& entropy) {
  std::array<std::byte, 16> bytes{};
  entropy.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string text = to_hex(bytes);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

std::string random_name_suffix(Entropy& entropy, std::size_t length) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += kLetters[random_below(entropy, kLetters.size())];
  return text;
}

}  // namespace farholm::io
