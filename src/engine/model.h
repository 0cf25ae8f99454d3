// The values that a site's decisions are made of: the plan's layers, the journal, what drivers saw, and what
// was tried lately. Plain values, owned by the caller (the agent); any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/clock.h"

namespace farholm::engine {

// As driver::Health, and what one gets when looking failed.
enum class Health : std::uint8_t { Unknown, Absent, Drifted, Progressing, Healthy, Failed };

// What a driver saw of a layer.
struct Observation {
  Health health = Health::Unknown;
  std::string fingerprint;  // of what was last applied completely; empty when unknown
  std::string message;      // one sentence that names the object; empty when healthy
  bool lost = false;        // something of it is not there: putting it back interrupts nobody
  bool operator==(const Observation&) const = default;
};

enum class Enforcement : std::uint8_t {
  Enforce,  // drift is repaired
  Report,   // drift is only told
};

// A layer as the plan wants it.
struct DesiredLayer {
  std::string name;
  std::string type;
  std::string fingerprint;
  // The layers that must be healthy before this one is changed. Without a value: all that stand before it
  // in the plan.
  std::optional<std::vector<std::string>> depends_on;
  std::vector<std::string> content;  // digests that must be local before it can be applied
  Enforcement enforcement = Enforcement::Enforce;
  // Time with power on in which something of the plan has to become healthy while this layer is waited for.
  io::Duration progress_deadline = std::chrono::minutes(10);
  bool hold = false;     // a plan that changes it is not rolled back by itself
  bool disrupts = true;  // bringing it here from the last good plan interrupts what runs
  bool operator==(const DesiredLayer&) const = default;
};

struct DesiredPlan {
  std::string digest;                // of the plan's payload: its identity
  std::vector<DesiredLayer> layers;  // in order; names are unique
  bool operator==(const DesiredPlan&) const = default;

  // nullptr when there is none of that name; lives as long as the plan.
  const DesiredLayer* layer(const std::string& name) const {
    const auto found = std::ranges::find(layers, name, &DesiredLayer::name);
    return found == layers.end() ? nullptr : &*found;
  }
};

// What may pass at the site's disruption gate (gate.h), beside what interrupts nobody.
enum class Passage : std::uint8_t {
  Losses,      // only what restores lost service
  Repairs,     // drift is repaired too, and a plan that failed is taken back
  Everything,  // and plans are followed
};

struct Gate {
  Passage passage = Passage::Everything;
  bool fetches = true;       // content of a plan that has not begun may be fetched
  bool stops_clock = false;  // people at the site said hold: no plan's time runs
  std::string reason;        // one CamelCase word: who closed it
  std::string message;       // a sentence: until when, or what opens it; empty while everything passes
  std::optional<io::MonotonicTime> changes_at;
  bool operator==(const Gate&) const = default;
};

// A layer that the journal says was applied, at least in part. Journalled with an empty fingerprint before
// the first apply begins, with the fingerprint after apply returned.
struct AppliedLayer {
  std::string name;
  std::string type;
  std::string fingerprint;
  bool operator==(const AppliedLayer&) const = default;
};

// What was tried for one layer (or for content) since the agent started; see memory.h. Losing it costs one
// early retry.
struct Attempts {
  std::string fingerprint;     // of the layer when it was tried: a new one starts afresh
  std::uint32_t failures = 0;  // in a row
  std::uint32_t repairs = 0;   // without a calm time between them
  bool applied = false;        // at least once since then
  io::MonotonicTime last_at;
  io::MonotonicTime retry_at;
  std::string message;  // of the last failure; empty after a success
  std::string drift;    // what the last repair put right
  bool operator==(const Attempts&) const = default;
};

struct Memory {
  std::map<std::string, Attempts> layers;  // by name
  Attempts content;
};

// A plan that has to prove itself; see trial.h. Journalled.
struct Trial {
  std::string plan;               // digest
  std::set<std::string> excused;  // layers that were not healthy before it came
  std::set<std::string> proven;   // layers that were in place and healthy since
  io::Duration stalled{};         // time with power on since the last of them was
  bool mends = false;             // it came after one that never proved itself: it is a repair
  bool operator==(const Trial&) const = default;
};

// A plan that did not prove itself, and is not tried again by itself. Journalled.
struct GivenUp {
  std::string plan;  // digest
  std::string name;  // for people: "(1, 5)"
  std::string layer;
  std::string message;
  bool hold = false;  // the site did not go back: it waits as it is
  bool operator==(const GivenUp&) const = default;
};

// An accepted plan that has not begun, for people.
struct WaitingPlan {
  std::string name;     // "(1, 6)"
  std::string reason;   // one CamelCase word
  std::string message;  // a sentence: what is waited for
  bool operator==(const WaitingPlan&) const = default;
};

struct Input {
  io::MonotonicTime now;
  // The plan to follow: the accepted one, or the last good one when that was given up.
  std::optional<DesiredPlan> plan;
  std::optional<DesiredPlan> last_good;         // the newest plan that was wholly healthy
  std::optional<GivenUp> given_up;              // the accepted plan, when it was
  std::vector<AppliedLayer> applied;            // in the order in which they were first applied
  std::map<std::string, Observation> observed;  // by layer; without an entry: not looked at yet
  // Layers of `plan` that are not healthy, or cannot be seen, and since when.
  std::map<std::string, io::MonotonicTime> ill_since;
  std::set<std::string> missing_content;  // digests that are needed and not local
  Memory memory;
  Gate gate;
  bool mends = false;                  // the plan is a repair; see Trial
  std::optional<WaitingPlan> waiting;  // when an accepted plan has not begun
  // What is wrong with the host and no layer tells, in sentences, by what it is about.
  std::map<std::string, std::string> troubles;

  // The layer's row of `applied`, or nullptr; it lives as long as the input.
  const AppliedLayer* find_applied(const std::string& layer) const {
    const auto found = std::ranges::find(applied, layer, &AppliedLayer::name);
    return found == applied.end() ? nullptr : &*found;
  }
};

}  // namespace farholm::engine
