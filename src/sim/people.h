// People: the operators of a simulated fleet, who change what its sites shall run (now and then to something
// that cannot work), and the people on site. They try once: what the hub does not take is left as it is. One
// thread.
#pragma once

#include <memory>
#include <vector>

#include "sim/dice.h"
#include "sim/hub_machine.h"
#include "sim/site.h"

namespace farholm::sim {

class People {
 public:
  // All outlive it.
  People(io::Loop& loop, Dice dice, HubMachine& hub, Ledger& ledger,
         const std::vector<std::unique_ptr<Site>>& sites);

  // What is there before the sites are. An error when the hub does not take it.
  io::Task<Result<void>> prepare();
  // Until it is dropped.
  io::Task<void> live();
  // Everything is to be as it works, and may be at any time; again until the hub takes it.
  io::Task<void> mend();

 private:
  io::Task<void> operate();
  io::Task<void> keep_shop(Site& site);
  io::Task<Result<void>> edit_site(Site& site, json::Value spec);
  json::Value profile_spec(std::size_t profile) const;

  // As it was written last.
  struct Profile {
    std::uint64_t network = 0;
    bool extra = false;
  };

  io::Loop& loop_;
  Dice dice_;
  HubMachine& hub_;
  Ledger& ledger_;
  const std::vector<std::unique_ptr<Site>>& sites_;
  std::vector<Profile> profiles_;
  std::uint64_t edits_ = 0;
};

}  // namespace farholm::sim
