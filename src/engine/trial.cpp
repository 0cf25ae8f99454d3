#include "engine/trial.h"

#include <fmt/format.h>

#include "engine/gate.h"

namespace farholm::engine {
namespace {

std::string why(const Input& input, const DesiredLayer& layer) {
  const auto attempts = input.memory.layers.find(layer.name);
  if (attempts != input.memory.layers.end() && attempts->second.fingerprint == layer.fingerprint &&
      !attempts->second.message.empty())
    return attempts->second.message;
  const auto observed = input.observed.find(layer.name);
  if (observed != input.observed.end() && !observed->second.message.empty()) return observed->second.message;
  return "it is not healthy";
}

// The first layer that is not as it should be and is neither excused nor waiting for one that is.
const DesiredLayer* culprit(const Trial& trial, const Input& input) {
  for (const auto& layer : input.plan->layers) {
    if (trial.excused.contains(layer.name) || (in_place(input, layer) && is_healthy(input, layer))) continue;
    const auto before = predecessors(*input.plan, layer);
    const bool can_be_changed = std::ranges::all_of(
        before, [&](const DesiredLayer* one) { return in_place(input, *one) && is_healthy(input, *one); });
    if (in_place(input, layer) || can_be_changed) return &layer;
  }
  return nullptr;
}

bool content_is_local(const Input& input, const DesiredLayer& layer) {
  return std::ranges::none_of(layer.content,
                              [&](const auto& one) { return input.missing_content.contains(one); });
}

bool waits_at_gate(const Input& input, const DesiredLayer& layer) {
  return input.gate.stops_clock ||
         (!in_place(input, layer) &&
          !grants(input, ApplyLayer{.name = layer.name, .purpose = Purpose::Change}));
}

bool must_hold(const Input& input) {
  return std::ranges::any_of(input.plan->layers, [&](const DesiredLayer& layer) {
    const auto* applied = input.find_applied(layer.name);
    const bool touched =
        applied != nullptr && (applied->fingerprint.empty() || applied->fingerprint == layer.fingerprint);
    return layer.hold && touched && differs_from_last_good(input, layer);
  });
}

Health health_of(const Input& input, const DesiredLayer& layer) {
  const auto observed = input.observed.find(layer.name);
  return observed == input.observed.end() ? Health::Unknown : observed->second.health;
}

bool is_known_to_be_ill(const Input& input, const DesiredLayer& layer) {
  const Health health = health_of(input, layer);
  if (health == Health::Unknown || is_healthy(input, layer)) return false;
  const auto since = input.ill_since.find(layer.name);
  return health == Health::Failed ||
         (since != input.ill_since.end() && input.now - since->second >= kIllness);
}

}  // namespace

io::MonotonicTime calm_at(const Input& before) {
  auto calm = before.now;
  if (!before.plan) return calm;
  for (const auto& layer : before.plan->layers) {
    if (is_healthy(before, layer) || is_known_to_be_ill(before, layer)) continue;
    const auto since = before.ill_since.find(layer.name);
    calm = std::max(calm, (since == before.ill_since.end() ? before.now : since->second) + kIllness);
  }
  return calm;
}

Trial begin_trial(const Input& before, const std::optional<Trial>& last, const std::string& plan) {
  Trial trial{.plan = plan};
  if (last) {
    trial.excused = last->excused;
    trial.mends = true;
    return trial;
  }
  if (!before.plan) return trial;
  for (const auto& layer : before.plan->layers)
    if (is_known_to_be_ill(before, layer)) trial.excused.insert(layer.name);
  return trial;
}

Judgement judge(Trial& trial, const Input& input, io::Duration passed) {
  for (const auto& layer : input.plan->layers) {
    if (in_place(input, layer) && is_healthy(input, layer) && trial.proven.insert(layer.name).second)
      trial.stalled = io::Duration::zero();
  }
  const auto* layer = culprit(trial, input);
  if (layer == nullptr) {
    const bool all = std::ranges::all_of(input.plan->layers, [&](const DesiredLayer& one) {
      return trial.excused.contains(one.name) || trial.proven.contains(one.name);
    });
    return {.kind = all ? Judgement::Kind::Proven : Judgement::Kind::Paused};
  }
  Judgement judgement{.layer = layer->name, .message = why(input, *layer)};
  const auto observed = input.observed.find(layer->name);
  const bool seen = observed != input.observed.end() && observed->second.health != Health::Unknown;
  if (!seen || !content_is_local(input, *layer) || !input.troubles.empty() || waits_at_gate(input, *layer))
    return judgement;
  trial.stalled += passed;
  judgement.left = std::max(io::Duration::zero(), layer->progress_deadline - trial.stalled);
  judgement.kind = judgement.left == io::Duration::zero() ? Judgement::Kind::Failed : Judgement::Kind::Runs;
  judgement.hold = must_hold(input);
  return judgement;
}

}  // namespace farholm::engine
