// MachineLog: what the programs of one simulated machine say: a part of its world's history and, where
// somebody wants to read along, on standard error. One thread.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/log.h"
#include "io/sim/sim_world.h"

namespace farholm::sim {

class MachineLog final : public LogSink {
 public:
  // The world outlives it.
  MachineLog(io::sim::SimWorld& world, std::string machine, bool aloud)
      : world_(world), machine_(std::move(machine)), aloud_(aloud) {}

  void write(LogLevel level, std::string_view component, std::string_view text) override {
    const auto passed = world_.time().monotonic().time_since_epoch();
    const auto line = fmt::format("{} {} {} {}: {}", passed / std::chrono::milliseconds(1), machine_,
                                  static_cast<int>(level), component, text);
    world_.history().note(line);
    if (aloud_) fmt::print(stderr, "{}\n", line);
  }

 private:
  io::sim::SimWorld& world_;
  const std::string machine_;
  const bool aloud_;
};

}  // namespace farholm::sim
