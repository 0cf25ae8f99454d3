// What a change would do, layer by layer, before it is done. The tables that say which field has which
// effect are data (effect_table.h). Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "profile/plan.h"

namespace farholm::profile {

// Ordered: the later ones include the earlier ones' trouble.
enum class Effect : std::uint8_t { NoOp, Reload, Restart, Reboot, Rebuild };
std::string_view to_string(Effect effect);

enum class Change : std::uint8_t { Same, Changed, Added, Removed };
std::string_view to_string(Change change);

struct Reason {
  std::string object;  // "Deployment shop/till", or "" for the layer itself
  std::string field;   // "spec.template.spec.containers[0].image"; "" for the whole object
  Effect effect = Effect::NoOp;
  std::string text;  // "changes", "is added", "is removed", "variable storeNumber changes"
};

struct LayerDiff {
  std::string name;
  std::string type;
  Change change = Change::Same;
  Effect effect = Effect::NoOp;  // the greatest of the reasons'
  std::vector<Reason> reasons;   // at most kReasonsMax, the gravest first
};

inline constexpr std::size_t kReasonsMax = 50;

// One side of a comparison: a plan and the blobs of its layers (by digest), parsed.
struct DiffSide {
  const SitePlan* plan = nullptr;  // nullptr: nothing is there yet
  std::map<std::string, json::Value> blobs;
};

// Layers in the order of `after`, then those that are removed. Invalid when a blob is missing.
Result<std::vector<LayerDiff>> diff(const DiffSide& before, const DiffSide& after);

}  // namespace farholm::profile
