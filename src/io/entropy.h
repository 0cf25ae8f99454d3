// Randomness as a parameter: the kernel's in production, a seeded generator's in the simulator. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace farholm::io {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;
};

std::uint64_t random_u64(Entropy& entropy);
// Evenly in [0, bound); bound > 0.
std::uint64_t random_below(Entropy& entropy, std::uint64_t bound);
// A version 4 UUID (RFC 9562), lower case.
std::string random_uuid(Entropy& entropy);
// Of the letters that Kubernetes uses for generated names (no vowels, no look-alikes; apimachinery
// util/rand).
std::string random_name_suffix(Entropy& entropy, std::size_t length);

}  // namespace farholm::io
