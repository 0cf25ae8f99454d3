// Trouble: everything that breaks in a simulated fleet by itself: networks, power, disks, clocks, and what
// runs at the sites. Each kind comes at random, about as often as it does to people who have bad luck. One
// thread.
#pragma once

#include <memory>
#include <vector>

#include "io/scope.h"
#include "sim/dice.h"
#include "sim/hub_machine.h"
#include "sim/site.h"

namespace farholm::sim {

class Trouble {
 public:
  // All outlive it.
  Trouble(io::sim::SimWorld& world, Dice dice, HubMachine& hub, Ledger& ledger,
          const std::vector<std::unique_ptr<Site>>& sites);

  // Until it is dropped.
  io::Task<void> live();
  // What does not end by itself is over.
  void mend();

 private:
  io::Task<void> trouble_site(Site& site);
  io::Task<void> trouble_hub();
  io::Task<void> break_network(Site& site);
  io::Task<void> break_machine(Site& site);
  io::Task<void> break_disk(Site& site);
  io::Task<void> break_workload(Site& site);
  io::Task<void> fill_disk(io::sim::SimMachine& machine);
  void rot(Site& site);
  void jump_clock(io::sim::SimClock& clock);
  io::sim::Survival survival();

  io::sim::SimWorld& world_;
  Dice dice_;
  HubMachine& hub_;
  Ledger& ledger_;
  const std::vector<std::unique_ptr<Site>>& sites_;
};

}  // namespace farholm::sim
