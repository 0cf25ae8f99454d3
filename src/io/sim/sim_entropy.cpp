#include "io/sim/sim_entropy.h"

namespace farholm::io::sim {

SimEntropy::SimEntropy(std::uint64_t seed, std::string_view part) : state_(seed) {
  for (const char letter : part) state_ = (next() ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
}

std::uint64_t SimEntropy::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t value = state_;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

void SimEntropy::fill(std::span<std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 8 == 0) value = next();
    bytes[i] = static_cast<std::byte>(value >> (i % 8 * 8));
  }
}

}  // namespace farholm::io::sim
