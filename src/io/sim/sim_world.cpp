#include "io/sim/sim_world.h"

#include "base/assert.h"

namespace farholm::io::sim {

SimMachine::SimMachine(SimWorld& world, std::string name)
    : owner_(world),
      name_(std::move(name)),
      clock_(world.time()),
      entropy_(world.seed(), name_ + " entropy"),
      files_(clock_, SimEntropy(world.seed(), name_ + " disk"), world.history(), name_),
      network_(world.fabric(), name_),
      processes_(world.loop(), world.history(), name_),
      secure_(clock_) {
  files_.on_power_lost([this] {
    owner_.fabric().power_off(name_);
    if (power_lost_) power_lost_();
  });
}

World SimMachine::world(SecureChannels& secure) {
  return {.loop = owner_.loop(),
          .clock = clock_,
          .entropy = entropy_,
          .files = files_,
          .network = network_,
          .processes = processes_,
          .secure = secure};
}

void SimMachine::cut_power() {
  files_.cut_power();
}

void SimMachine::restart(Survival survival) {
  cut_power();
  files_.restart(survival);
  owner_.fabric().power_on(name_);
}

SimWorld::SimWorld(std::uint64_t seed) : seed_(seed), fabric_(loop_, SimEntropy(seed, "network"), history_) {}

SimMachine& SimWorld::add_machine(const std::string& name) {
  const auto [added, is_new] = machines_.emplace(name, nullptr);
  FARHOLM_ASSERT(is_new);
  added->second = std::make_unique<SimMachine>(*this, name);
  return *added->second;
}

}  // namespace farholm::io::sim
