// Entropy for tests: the bytes it was given, then a counter. One thread.
#pragma once

#include <vector>

#include "io/entropy.h"

namespace farholm::crypto {

class TestEntropy final : public io::Entropy {
 public:
  explicit TestEntropy(std::vector<std::byte> first = {}) : first_(std::move(first)) {}
  void fill(std::span<std::byte> bytes) override {
    for (auto& byte : bytes) {
      byte = at_ < first_.size() ? first_[at_] : static_cast<std::byte>((at_ * 2654435761U) >> 13);
      ++at_;
    }
  }

 private:
  std::vector<std::byte> first_;
  std::size_t at_ = 0;
};

}  // namespace farholm::crypto
