// The machine's clocks and the kernel's random numbers. Any thread.
#pragma once

#include "io/clock.h"
#include "io/entropy.h"

namespace farholm::io::posix {

class SystemClock final : public Clock {
 public:
  WallTime now() const override;
  MonotonicTime monotonic() const override;
};

class KernelEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> bytes) override;
};

}  // namespace farholm::io::posix
