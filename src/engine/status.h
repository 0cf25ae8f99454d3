// How a site is, in the words of Kubernetes: conditions, and one entry a layer. Pure: the same input gives
// the same status, so that it is sent only when it changed. No timestamps: whoever stores conditions stamps
// the transitions. Any thread.
#pragma once

#include <string_view>

#include "engine/decide.h"
#include "json/json.h"

namespace farholm::engine {

enum class LayerState : std::uint8_t {
  Pending,      // waits for another layer, or for its turn
  Fetching,     // waits for content
  Applying,     // being applied, or about to be
  Progressing,  // applied, not yet healthy
  Healthy,
  Drifted,   // differs from what was applied (kept so where enforcement is Report)
  Failed,    // applying failed, or it will not become healthy by waiting
  Removing,  // no longer in the plan
  Unknown,   // cannot be looked at
};

std::string_view to_string(LayerState state);

struct LayerStatus {
  std::string name;
  std::string type;
  LayerState state = LayerState::Unknown;
  std::string fingerprint;  // desired; empty for a layer that is being removed
  std::string applied;      // fingerprint in the journal
  std::string message;      // one sentence; empty when healthy
  bool operator==(const LayerStatus&) const = default;
};

struct Condition {
  std::string type;    // Ready, Progressing, Degraded; OnHold only while people at the site hold changes,
                       // Contested only while somebody else undoes what is put right
  std::string status;  // "True", "False", "Unknown"
  std::string reason;  // one CamelCase word
  std::string message;
  bool operator==(const Condition&) const = default;
};

struct Status {
  std::string plan;  // digest of the plan that is followed; empty when there is none
  std::vector<Condition> conditions;
  std::vector<LayerStatus> layers;  // in the plan's order, then those that are being removed
  bool operator==(const Status&) const = default;
};

Status summarize(const Input& input);

// {"plan", "conditions":[{type,status,reason,message}], "layers":[{name,type,state,fingerprint?,applied?,
// message?}]}: what the agent sends and Site.status shows.
json::Value to_json(const Status& status);

}  // namespace farholm::engine
