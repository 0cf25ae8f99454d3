// Randomness that a seed decides: SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
// Generators", 2014). Every part of a world gets a generator of its own, derived from the seed and a name, so
// that one part's appetite does not change another's luck. One thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "io/entropy.h"

namespace farholm::io::sim {

class SimEntropy final : public Entropy {
 public:
  explicit SimEntropy(std::uint64_t seed) : state_(seed) {}
  SimEntropy(std::uint64_t seed, std::string_view part);

  void fill(std::span<std::byte> bytes) override;
  std::uint64_t next();
  // True once in `odds` times; never for 0.
  bool once_in(std::uint64_t odds) { return odds != 0 && next() % odds == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace farholm::io::sim
