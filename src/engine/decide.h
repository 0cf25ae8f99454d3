// decide: what a site should do next. Pure, so that a year of a site's life can be tested in a second: the
// same input gives the same decision, and asking twice costs nothing. Any thread.
#pragma once

#include <variant>

#include "engine/model.h"

namespace farholm::engine {

// Why a layer is touched; the gate asks (gate.h).
enum class Purpose : std::uint8_t {
  Change,  // the plan wants something else than what was applied
  Repair,  // the plan has not changed; what is there has
  Prune,   // the plan no longer has the layer (or has it with another type)
};

// Get these digests, from wherever; may run beside the other steps.
struct FetchContent {
  std::vector<std::string> digests;
  bool operator==(const FetchContent&) const = default;
};

struct ApplyLayer {
  std::string name;
  Purpose purpose = Purpose::Change;
  bool operator==(const ApplyLayer&) const = default;
};

struct RemoveLayer {
  std::string name;
  std::string type;  // of the driver that applied it
  Purpose purpose = Purpose::Prune;
  bool operator==(const RemoveLayer&) const = default;
};

using Step = std::variant<FetchContent, ApplyLayer, RemoveLayer>;

struct Decision {
  // At most one FetchContent and at most one of the others: a site changes one layer at a time.
  std::vector<Step> steps;
  // Ask again then, or as soon as anything in the input changes, whichever comes first.
  std::optional<io::MonotonicTime> wake_at;
  // Nothing is left to do: every layer is in place and healthy, and none is to be removed.
  bool settled = false;
  bool operator==(const Decision&) const = default;
};

// The rules, in this order:
// 1. Content that is needed and not local is fetched, all at once; also that of a plan which waits.
// 2. A layer whose fingerprint is not the applied one is changed when everything that it depends on is in
//    place and healthy. Equal layers are never touched by that, wherever they stand.
// 3. A layer that is in place but drifted or gone is repaired (unless it says Report). That waits only for
//    what it depends on to be in place, not to be healthy: a shop's app is put back although its monitoring
//    is ill.
// 4. Layers that the plan no longer has are removed last, in reverse order, when every layer of the plan is
//    in place and those that differ from the last good plan are healthy: what serves is kept until its
//    successor does, and a plan that is rolled back has destroyed nothing.
// 5. A plan that was given up and holds changes nothing any more: only what is in place is repaired.
// 6. A step that may interrupt somebody waits for the gate (gate.h); the other layers go on.
// 7. A step that failed is tried again after a pause that doubles; see memory.h. The other layers go on.
Decision decide(const Input& input);

// True when the journal, and the observation as far as it knows, say that exactly this was applied.
bool in_place(const Input& input, const DesiredLayer& layer);

// Drift that is only to be reported does not hold up what comes after it: the operator chose to live with it.
bool is_healthy(const Input& input, const DesiredLayer& layer);

bool differs_from_last_good(const Input& input, const DesiredLayer& layer);

// The layers that must be in place before `layer`: what it depends on, or all before it.
std::vector<const DesiredLayer*> predecessors(const DesiredPlan& plan, const DesiredLayer& layer);

}  // namespace farholm::engine
