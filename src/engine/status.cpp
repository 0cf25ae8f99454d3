#include "engine/status.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/gate.h"
#include "engine/memory.h"

namespace farholm::engine {

namespace {

std::string first_missing(const Input& input, const DesiredLayer& layer) {
  for (const auto& digest : layer.content)
    if (input.missing_content.contains(digest)) return digest;
  return "";
}

std::string failure_of(const Input& input, const std::string& name, const std::string& fingerprint) {
  const auto found = input.memory.layers.find(name);
  return found == input.memory.layers.end() || found->second.fingerprint != fingerprint
             ? ""
             : found->second.message;
}

// The first of the layers before it that is not healthy.
std::string blocker_of(const Input& input, const DesiredLayer& layer) {
  for (const auto* before : predecessors(*input.plan, layer)) {
    const auto observed = input.observed.find(before->name);
    const Health health = observed == input.observed.end() ? Health::Unknown : observed->second.health;
    const bool accepted = health == Health::Drifted && before->enforcement == Enforcement::Report;
    if (!in_place(input, *before) || (health != Health::Healthy && !accepted)) return before->name;
  }
  return "";
}

void set(LayerStatus& status, LayerState state, std::string message) {
  status.state = state;
  status.message = std::move(message);
}

void describe_change(const Input& input, const DesiredLayer& layer, LayerStatus& status) {
  const std::string failure = failure_of(input, layer.name, layer.fingerprint);
  if (const auto digest = first_missing(input, layer); !digest.empty()) {
    set(status, LayerState::Fetching, fmt::format("content {} is not here yet", digest));
    if (!input.memory.content.message.empty())
      status.message += fmt::format(": {}", input.memory.content.message);
  } else if (const auto blocker = blocker_of(input, layer); !blocker.empty()) {
    set(status, LayerState::Pending, fmt::format("waits for layer {} to be healthy", blocker));
  } else if (!failure.empty()) {
    set(status, LayerState::Failed, failure);
  } else if (!grants(input, ApplyLayer{.name = layer.name, .purpose = Purpose::Change})) {
    set(status, LayerState::Pending, fmt::format("waits to be changed: {}", input.gate.message));
  } else {
    set(status, LayerState::Applying, "is being applied");
  }
}

void describe_presence(const Input& input, const DesiredLayer& layer, LayerStatus& status) {
  const auto observed = input.observed.find(layer.name);
  const Observation seen = observed == input.observed.end() ? Observation() : observed->second;
  const std::string failure = failure_of(input, layer.name, layer.fingerprint);
  const auto or_else = [&](const char* otherwise) { return seen.message.empty() ? otherwise : seen.message; };
  switch (seen.health) {
    case Health::Healthy:
      return set(status, LayerState::Healthy, "");
    case Health::Progressing:
      return set(status, LayerState::Progressing, or_else("is not healthy yet"));
    case Health::Failed:
      return set(status, LayerState::Failed, or_else("has failed"));
    case Health::Unknown:
      return set(status, LayerState::Unknown, or_else("has not been looked at yet"));
    case Health::Absent:
    case Health::Drifted:
      break;
  }
  if (!failure.empty()) return set(status, LayerState::Failed, failure);
  set(status, LayerState::Drifted, or_else(seen.health == Health::Absent ? "is gone" : "has drifted"));
  const bool waits = layer.enforcement == Enforcement::Enforce &&
                     !grants(input, ApplyLayer{.name = layer.name, .purpose = Purpose::Repair});
  if (waits) status.message += fmt::format("; the repair waits: {}", input.gate.message);
}

LayerStatus describe(const Input& input, const DesiredLayer& layer) {
  LayerStatus status{.name = layer.name, .type = layer.type, .fingerprint = layer.fingerprint};
  if (const auto* applied = input.find_applied(layer.name)) status.applied = applied->fingerprint;
  if (in_place(input, layer))
    describe_presence(input, layer, status);
  else
    describe_change(input, layer, status);
  return status;
}

bool is_fine(const Input& input, const LayerStatus& status) {
  if (status.state == LayerState::Healthy) return true;
  if (status.state != LayerState::Drifted) return false;
  for (const auto& layer : input.plan->layers)
    if (layer.name == status.name) return layer.enforcement == Enforcement::Report;
  return false;
}

std::string sentence(const LayerStatus& status) {
  return fmt::format("layer {}: {}", status.name, status.message);
}

const LayerStatus* first_in(const std::vector<LayerStatus>& layers,
                            std::initializer_list<LayerState> states) {
  for (const LayerState state : states)
    for (const auto& layer : layers)
      if (layer.state == state) return &layer;
  return nullptr;
}

std::string troubles_of(const Input& input) {
  std::string text;
  for (const auto& [about, trouble] : input.troubles) text += (text.empty() ? "" : "; ") + trouble;
  return text;
}

std::string contested_layers(const Input& input) {
  std::string text;
  for (const auto& [name, attempts] : input.memory.layers) {
    if (!is_contested(attempts, input.now)) continue;
    text += fmt::format(
        "{}layer {} was put right again and again and does not stay so{}{}; it is tried ever more seldom: "
        "find "
        "who changes it, or say enforcement: report",
        text.empty() ? "" : "; ", name, attempts.drift.empty() ? "" : ": ", attempts.drift);
  }
  return text;
}

std::vector<Condition> conditions_of(const Input& input, const std::vector<LayerStatus>& layers) {
  if (!input.plan) {
    const std::string message = "no plan was accepted yet";
    Condition degraded{"Degraded", "False", "NoPlan", message};
    if (!input.troubles.empty()) degraded = {"Degraded", "True", "HostTrouble", troubles_of(input)};
    return {{"Ready", "False", "NoPlan", message}, {"Progressing", "False", "NoPlan", message}, degraded};
  }
  Condition ready{"Ready", "True", "AllHealthy", "every layer of the plan is healthy"};
  const auto unfit = std::find_if(layers.begin(), layers.end(), [&](const LayerStatus& layer) {
    return layer.state != LayerState::Removing && !is_fine(input, layer);
  });
  if (unfit != layers.end())
    ready = {"Ready", unfit->state == LayerState::Unknown ? "Unknown" : "False",
             fmt::format("Layer{}", to_string(unfit->state)), sentence(*unfit)};

  Condition progressing{"Progressing", "False", "Settled", "nothing is being changed"};
  if (const auto* busy =
          first_in(layers, {LayerState::Applying, LayerState::Fetching, LayerState::Progressing,
                            LayerState::Pending, LayerState::Removing}))
    progressing = {"Progressing", "True", fmt::format("Layer{}", to_string(busy->state)), sentence(*busy)};

  Condition degraded{"Degraded", "False", "AsExpected", "no layer has failed or drifted"};
  if (!input.troubles.empty())
    degraded = {"Degraded", "True", "HostTrouble", troubles_of(input)};
  else if (const auto* ill = first_in(layers, {LayerState::Failed, LayerState::Drifted}))
    degraded = {"Degraded", "True", fmt::format("Layer{}", to_string(ill->state)), sentence(*ill)};
  else if (const auto* waiting = first_in(layers, {LayerState::Fetching});
           waiting != nullptr && input.memory.content.failures > 0)
    degraded = {"Degraded", "True", "ContentMissing", sentence(*waiting)};
  if (input.waiting) {
    const auto& waiting = *input.waiting;
    const std::string message = fmt::format("plan {} waits: {}; until then the site follows the one before",
                                            waiting.name, waiting.message);
    ready = {"Ready", "False", waiting.reason, message};
    if (progressing.status == "False") progressing = {"Progressing", "False", waiting.reason, message};
  }
  if (input.given_up) {
    const auto& gone = *input.given_up;
    const std::string reason = gone.hold ? "Held" : "RolledBack";
    const std::string message = fmt::format(
        "plan {} was given up, because layer {} did not become healthy in its time: {}; {}", gone.name,
        gone.layer, gone.message,
        gone.hold ? "the layer says rollback: Hold, so the site waits as it is for a newer plan, or for "
                    "`farholm-agent retry`"
                  : "the site follows the last good plan, until there is a newer one or somebody says "
                    "`farholm-agent retry`");
    ready = {"Ready", "False", reason, message};
    degraded = {"Degraded", "True", reason, message};
  }
  std::vector<Condition> conditions{ready, progressing, degraded};
  if (input.gate.stops_clock) conditions.push_back({"OnHold", "True", input.gate.reason, input.gate.message});
  if (auto contested = contested_layers(input); !contested.empty())
    conditions.push_back({"Contested", "True", "RepairedAgainAndAgain", std::move(contested)});
  return conditions;
}

}  // namespace

std::string_view to_string(LayerState state) {
  switch (state) {
    case LayerState::Pending:
      return "Pending";
    case LayerState::Fetching:
      return "Fetching";
    case LayerState::Applying:
      return "Applying";
    case LayerState::Progressing:
      return "Progressing";
    case LayerState::Healthy:
      return "Healthy";
    case LayerState::Drifted:
      return "Drifted";
    case LayerState::Failed:
      return "Failed";
    case LayerState::Removing:
      return "Removing";
    case LayerState::Unknown:
      return "Unknown";
  }
  return "";
}

Status summarize(const Input& input) {
  Status status;
  if (input.plan) {
    status.plan = input.plan->digest;
    for (const auto& layer : input.plan->layers) status.layers.push_back(describe(input, layer));
    for (auto gone = input.applied.rbegin(); gone != input.applied.rend(); ++gone) {
      const bool planned = std::any_of(input.plan->layers.begin(), input.plan->layers.end(),
                                       [&](const DesiredLayer& layer) { return layer.name == gone->name; });
      if (planned) continue;
      std::string message = failure_of(input, gone->name, "");
      if (message.empty()) message = "is no longer in the plan; it is removed when the rest is healthy";
      if (!grants(input, RemoveLayer{.name = gone->name, .type = gone->type}))
        message += fmt::format(", and not yet: {}", input.gate.message);
      status.layers.push_back({.name = gone->name,
                               .type = gone->type,
                               .state = LayerState::Removing,
                               .applied = gone->fingerprint,
                               .message = std::move(message)});
    }
  }
  status.conditions = conditions_of(input, status.layers);
  return status;
}

json::Value to_json(const Status& status) {
  json::Value conditions = json::Value::array();
  for (const auto& one : status.conditions)
    conditions.push_back(
        {{"type", one.type}, {"status", one.status}, {"reason", one.reason}, {"message", one.message}});
  json::Value layers = json::Value::array();
  for (const auto& layer : status.layers) {
    json::Value value = {{"name", layer.name}, {"type", layer.type}, {"state", to_string(layer.state)}};
    if (!layer.fingerprint.empty()) value["fingerprint"] = layer.fingerprint;
    if (!layer.applied.empty()) value["applied"] = layer.applied;
    if (!layer.message.empty()) value["message"] = layer.message;
    layers.push_back(std::move(value));
  }
  return {{"plan", status.plan}, {"conditions", std::move(conditions)}, {"layers", std::move(layers)}};
}

}  // namespace farholm::engine
