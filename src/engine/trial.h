// A plan on trial: from the time it is accepted until every layer of it was healthy, or until it is given up.
// Pure, as decide.h: time comes in as what has passed with power on. Any thread.
#pragma once

#include "engine/model.h"

namespace farholm::engine {

// How long a layer may take when the plan does not say; see DesiredLayer::progress_deadline.
inline constexpr io::Duration kProgressDeadline = std::chrono::minutes(10);
inline constexpr io::Duration kClusterProgressDeadline = std::chrono::minutes(30);

// What is ill for so long is so without the plan that comes; for less it may be what a repair, a node's loss
// or a start of the agent always brings.
inline constexpr io::Duration kIllness = std::chrono::minutes(1);

// When a plan may begin after `before`: at once (`before.now`) when everything is healthy or known to be ill,
// else when that will be known.
io::MonotonicTime calm_at(const Input& before);

// The trial of the plan with this digest, which comes after `before`. What has failed, or is ill for
// kIllness, is not the new plan's fault. But while the plan of `before` is on trial itself (`last`), only
// what was not healthy before that one is excused: else a bad plan would excuse the next.
Trial begin_trial(const Input& before, const std::optional<Trial>& last, const std::string& plan);

struct Judgement {
  enum class Kind : std::uint8_t {
    Proven,  // every layer is in place and healthy, but for those that are excused
    Runs,    // not yet; `left` is what the layer has
    Paused,  // not yet, and it is nothing that the plan could be blamed for: no content, no engine
    Failed,  // a layer did not become healthy in its time
  };
  Kind kind = Kind::Paused;
  std::string layer;    // that is waited for
  std::string message;  // what is wrong with it, in a sentence
  io::Duration left{};
  bool hold = false;  // a layer that the plan changed says that the site must not go back
  bool operator==(const Judgement&) const = default;
};

// Judges the plan of `input` after `passed` more time with power on, and counts in `trial`.
Judgement judge(Trial& trial, const Input& input, io::Duration passed);

}  // namespace farholm::engine
