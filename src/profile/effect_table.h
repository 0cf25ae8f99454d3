// Which field of which object has which effect when it changes: tables, as data, with Kubernetes' own rules
// as their source (pkg/apis/*/validation, ValidateUpdate functions). The first row that matches counts.
// Pure; any thread.
#pragma once

#include <span>
#include <string_view>

#include "profile/layer_diff.h"

namespace farholm::profile {

struct EffectRow {
  std::string_view group;  // of the object's API; "*": any
  std::string_view kind;   // "*": any
  // Members from the object's root, dots between; "*" is any one member; matches everything below it too.
  std::string_view field;
  Effect effect;
};

std::span<const EffectRow> manifest_effects();

// Fields of a kubernetes layer.
struct LayerEffectRow {
  std::string_view field;  // as in EffectRow
  Effect effect;
};
std::span<const LayerEffectRow> kubernetes_effects();

// `path` without array indices ("spec.template.spec.containers.image").
Effect effect_of(std::string_view group, std::string_view kind, std::string_view path);
Effect kubernetes_effect_of(std::string_view path);

}  // namespace farholm::profile
