// Dice: chance that a seed decides, in the words of a simulation. Only integers: the same on every machine.
// One thread.
#pragma once

#include <string_view>

#include "io/clock.h"
#include "io/sim/sim_entropy.h"

namespace farholm::sim {

class Dice {
 public:
  Dice(std::uint64_t seed, std::string_view part) : entropy_(seed, part) {}

  std::uint64_t below(std::uint64_t end) { return entropy_.next() % end; }  // end > 0
  bool once_in(std::uint64_t odds) { return entropy_.once_in(odds); }
  io::Duration between(io::Duration least, io::Duration most) {
    return least + io::Duration(static_cast<std::int64_t>(
                       below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }
  // Pauses whose mean this is.
  io::Duration about(io::Duration mean) { return between({}, mean * 2); }
  template <class Range>
  const auto& one_of(const Range& range) {
    return range[below(std::size(range))];
  }

 private:
  io::sim::SimEntropy entropy_;
};

}  // namespace farholm::sim
