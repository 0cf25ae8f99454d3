// Attacker: somebody who gives simulated sites plans that they must not accept: an older one, another one
// under the same number (with the hub's own key), another site's, one that nobody signed who may. One thread.
#pragma once

#include <memory>
#include <vector>

#include "sim/dice.h"
#include "sim/hub_machine.h"
#include "sim/site.h"

namespace farholm::sim {

class Attacker {
 public:
  // All outlive it.
  Attacker(io::Loop& loop, Dice dice, HubMachine& hub, Ledger& ledger,
           const std::vector<std::unique_ptr<Site>>& sites)
      : loop_(loop), dice_(dice), hub_(hub), ledger_(ledger), sites_(sites) {}

  // Until it is dropped.
  io::Task<void> live();

 private:
  io::Task<void> offer(Site& site, Fault attack, std::string envelope);

  io::Loop& loop_;
  Dice dice_;
  HubMachine& hub_;
  Ledger& ledger_;
  const std::vector<std::unique_ptr<Site>>& sites_;
};

}  // namespace farholm::sim
