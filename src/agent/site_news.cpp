#include "agent/site_news.h"

#include <algorithm>

namespace farholm::agent {
namespace {

using engine::LayerState;

constexpr const char* kHealthy = "LayerHealthy";

bool is_ill(LayerState state) {
  return state == LayerState::Drifted || state == LayerState::Failed || state == LayerState::Unknown ||
         state == LayerState::Progressing;
}

// Whether the last thing told of this layer was that it is healthy.
bool was_told_healthy(const EventJournal& events, const std::string& layer) {
  const auto& all = events.events();
  const auto last =
      std::find_if(all.rbegin(), all.rend(), [&](const auto& one) { return one.layer == layer; });
  return last != all.rend() && last->reason == kHealthy;
}

const engine::Condition* find_condition(const engine::Status& status, std::string_view type) {
  const auto found = std::ranges::find(status.conditions, type, &engine::Condition::type);
  return found == status.conditions.end() ? nullptr : &*found;
}

}  // namespace

void tell_health(EventJournal& events, const engine::Status& before, const engine::Status& now) {
  if (const auto* contested = find_condition(now, "Contested");
      contested != nullptr && find_condition(before, "Contested") == nullptr)
    events.record(true, "Contested", "", contested->message);
  for (const auto& layer : now.layers) {
    const auto known = std::ranges::find(before.layers, layer.name, &engine::LayerStatus::name);
    const auto was = known == before.layers.end() ? LayerState::Pending : known->state;
    if (was == layer.state) continue;
    if (layer.state == LayerState::Healthy) {
      if (!was_told_healthy(events, layer.name))
        events.record(false, kHealthy, layer.name, "in place and healthy");
    } else if (was == LayerState::Healthy && is_ill(layer.state) && before.plan == now.plan) {
      events.record(true, "LayerUnhealthy", layer.name, layer.message);
    }
  }
}

}  // namespace farholm::agent
