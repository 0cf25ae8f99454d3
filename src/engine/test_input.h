// Short ways to write inputs, for this module's tests.
#pragma once

#include "engine/decide.h"

namespace farholm::engine::test {

inline io::MonotonicTime at(std::chrono::seconds seconds) {
  return io::MonotonicTime(seconds);
}

inline DesiredLayer layer(std::string name, std::string fingerprint) {
  return {.name = std::move(name), .type = "manifests", .fingerprint = std::move(fingerprint)};
}

// A site on which all of `layers` are applied and healthy.
inline Input healthy_site(std::vector<DesiredLayer> layers) {
  Input input;
  input.now = at(std::chrono::seconds(1000));
  for (const auto& one : layers) {
    input.applied.push_back({one.name, one.type, one.fingerprint});
    input.observed[one.name] = {.health = Health::Healthy, .fingerprint = one.fingerprint};
  }
  input.plan = DesiredPlan{.digest = "sha256:plan", .layers = std::move(layers)};
  return input;
}

}  // namespace farholm::engine::test
