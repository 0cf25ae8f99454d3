// Program: what runs on a simulated machine, under a supervisor that starts it again: after kill -9, after a
// power cut, and when it ends by itself. One thread.
#pragma once

#include <functional>

#include "io/event.h"
#include "io/sim/sim_world.h"
#include "io/task.h"

namespace farholm::sim {

class Program {
 public:
  // `main` is dropped when the program dies: what it owns goes with it. All outlive the program.
  Program(io::Loop& loop, io::sim::SimMachine& machine, std::function<io::Task<void>()> main);

  // Starts it, again and again, until it is dropped.
  io::Task<void> live();

  void kill();
  // For at least `outage`; what was not durable then survives as `survival` says.
  void cut_power(io::sim::Survival survival, io::Duration outage);
  // The same, in the middle of the disk's `operations`-th operation from now.
  void cut_power_at_write(std::uint64_t operations, io::sim::Survival survival, io::Duration outage);
  // What is out comes back now.
  void restore_power() { power_back_.set(); }
  // Counts the programs that were started.
  std::uint64_t starts() const { return starts_; }
  bool runs() const { return runs_; }

 private:
  io::Task<void> run_once();

  io::Loop& loop_;
  io::sim::SimMachine& machine_;
  std::function<io::Task<void>()> main_;
  io::Event over_;
  io::Event power_back_;
  std::uint64_t starts_ = 0;
  bool runs_ = false;
  io::sim::Survival survival_ = io::sim::Survival::Nothing;
  io::Duration outage_{};
};

}  // namespace farholm::sim
