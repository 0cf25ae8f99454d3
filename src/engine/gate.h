// The disruption gate: the one function that grants a step which may interrupt somebody. What is new, what
// changes nothing that runs and what brings back something lost is not disruptive and always passes. Pure;
// any thread.
#pragma once

#include "engine/decide.h"

namespace farholm::engine {

// Whether `step` may be taken now, as the gate of `input` stands. Fetching is never disruptive.
bool grants(const Input& input, const Step& step);

// Whether the plan `next` may begin on a site that follows the last good one. It may when it touches nothing
// that runs (`next.layers` say what they disrupt) or when the gate lets everything pass; and as a repair
// where the site stands midway in a plan that never proved itself.
bool may_begin(const Input& input, const DesiredPlan& next, bool midway);

}  // namespace farholm::engine
