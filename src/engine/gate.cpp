#include "engine/gate.h"

namespace farholm::engine {
namespace {

// The least that has to pass for this step.
Passage needed(const Input& input, const ApplyLayer& step) {
  const auto observed = input.observed.find(step.name);
  const bool seen = observed != input.observed.end();
  const auto* applied = input.find_applied(step.name);
  if (applied == nullptr) return Passage::Losses;
  if (seen && observed->second.health == Health::Absent) return Passage::Losses;
  if (step.purpose == Purpose::Repair)
    return seen && observed->second.lost ? Passage::Losses : Passage::Repairs;
  if (applied->fingerprint.empty()) return Passage::Repairs;  // cut off in the middle
  const DesiredLayer* layer = input.plan->layer(step.name);
  if (layer != nullptr && !layer->disrupts) return Passage::Losses;
  // On the way back to the last good plan: what had failed does not serve, the rest does.
  if (input.given_up) return input.given_up->layer == step.name ? Passage::Losses : Passage::Repairs;
  return input.mends ? Passage::Repairs : Passage::Everything;
}

}  // namespace

bool grants(const Input& input, const Step& step) {
  if (std::holds_alternative<FetchContent>(step)) return true;
  if (const auto* change = std::get_if<ApplyLayer>(&step))
    return input.gate.passage >= needed(input, *change);
  return input.gate.passage >= (input.given_up || input.mends ? Passage::Repairs : Passage::Everything);
}

bool may_begin(const Input& input, const DesiredPlan& next, bool midway) {
  if (input.gate.passage >= (midway ? Passage::Repairs : Passage::Everything)) return true;
  const auto stays = [&](const AppliedLayer& one) { return next.layer(one.name) != nullptr; };
  const auto harmless = [&](const DesiredLayer& one) {
    const auto* applied = input.find_applied(one.name);
    return applied == nullptr || applied->fingerprint == one.fingerprint || !one.disrupts;
  };
  return std::ranges::all_of(input.applied, stays) && std::ranges::all_of(next.layers, harmless);
}

}  // namespace farholm::engine
