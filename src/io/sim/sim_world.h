// A simulated world: machines on one loop, one true time, one network, one seed, one history.
//
//   SimWorld world(seed);
//   SimMachine& hub = world.add_machine("hub");
//   world.loop().run(serve(hub.world()));
//
// A power cut takes the machine's disk and network at once; the coroutines that ran on it are the test's to
// drop (they see errors), and to start again after restart(). One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "io/loop.h"
#include "io/sim/history.h"
#include "io/sim/sim_clock.h"
#include "io/sim/sim_entropy.h"
#include "io/sim/sim_files.h"
#include "io/sim/sim_network.h"
#include "io/sim/sim_processes.h"
#include "io/sim/sim_secure_channel.h"
#include "io/world.h"

namespace farholm::io::sim {

class SimWorld;

class SimMachine {
 public:
  SimMachine(SimWorld& world, std::string name);

  // What the programs of this machine are given. With other channels (TLS itself) runs are no longer alike.
  World world() { return world(secure_); }
  World world(SecureChannels& secure);
  const std::string& name() const { return name_; }

  SimClock& clock() { return clock_; }
  SimEntropy& entropy() { return entropy_; }
  SimFiles& files() { return files_; }
  SimProcesses& processes() { return processes_; }

  void cut_power();
  // Called whenever the power went, by cut_power() or at a boundary of the disk (which takes the network
  // along); also from the midst of an operation on the disk.
  void on_power_lost(std::function<void()> then) { power_lost_ = std::move(then); }
  void restart(Survival survival);

 private:
  SimWorld& owner_;
  const std::string name_;
  SimClock clock_;
  SimEntropy entropy_;
  SimFiles files_;
  SimNetwork network_;
  SimProcesses processes_;
  SimSecureChannels secure_;
  std::function<void()> power_lost_;
};

class SimWorld {
 public:
  explicit SimWorld(std::uint64_t seed);
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  SimMachine& add_machine(const std::string& name);
  SimMachine& machine(const std::string& name) { return *machines_.at(name); }

  Loop& loop() { return loop_; }
  SimTime& time() { return time_; }
  const SimTime& time() const { return time_; }
  SimFabric& fabric() { return fabric_; }
  History& history() { return history_; }
  const History& history() const { return history_; }
  std::uint64_t seed() const { return seed_; }

 private:
  const std::uint64_t seed_;
  History history_;
  SimTime time_;
  SimPoller poller_{time_};
  Loop loop_{time_, poller_};
  SimFabric fabric_;
  std::map<std::string, std::unique_ptr<SimMachine>> machines_;
};

}  // namespace farholm::io::sim
