#include "profile/layer_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "profile/effect_table.h"
#include "profile/object_identity.h"
#include "profile/substitution.h"

namespace farholm::profile {

namespace {

// Where two values differ: the shortest paths, with and without array indices.
struct Difference {
  std::string path;
  std::string table_path;
};

void find_differences(const json::Value& before, const json::Value& after, const Difference& at,
                      std::vector<Difference>& found) {
  if (before == after) return;
  if (before.is_object() && after.is_object()) {
    std::set<std::string> members;
    for (const auto& [name, value] : before.items()) members.insert(name);
    for (const auto& [name, value] : after.items()) members.insert(name);
    static const json::Value kNothing;
    for (const auto& name : members) {
      const auto* old_member = json::find(before, name);
      const auto* new_member = json::find(after, name);
      find_differences(
          old_member == nullptr ? kNothing : *old_member, new_member == nullptr ? kNothing : *new_member,
          {member_path(at.path, name), at.table_path.empty() ? name : at.table_path + "." + name}, found);
    }
    return;
  }
  if (before.is_array() && after.is_array() && before.size() == after.size()) {
    for (std::size_t i = 0; i < before.size(); ++i)
      find_differences(before[i], after[i], {fmt::format("{}[{}]", at.path, i), at.table_path}, found);
    return;
  }
  found.push_back(at);
}

bool has_pods(const json::Value& object) {
  return json::find_path(object, {"spec", "template", "spec", "containers"}) != nullptr ||
         json::find_path(object, {"spec", "containers"}) != nullptr;
}

Effect effect_of_change(const json::Value& before, const ObjectIdentity& identity, const std::string& path) {
  // `immutable: true` of a ConfigMap or Secret covers its content (core/v1, both types' documentation).
  const bool content =
      path.starts_with("data") || path.starts_with("binaryData") || path.starts_with("stringData");
  if (identity.group.empty() && (identity.kind == "ConfigMap" || identity.kind == "Secret") &&
      (content || path == "immutable") && json::find_bool(before, "immutable").value_or(false))
    return Effect::Rebuild;
  return effect_of(identity.group, identity.kind, path);
}

using Objects = std::map<std::string, const json::Value*>;

Objects objects_of(const json::Value& spec) {
  Objects objects;
  if (const auto* list = json::find_array(spec, "objects"))
    for (const auto& one : *list) objects.emplace(identity_of(one).key(), &one);
  return objects;
}

void compare_manifests(const json::Value& before, const json::Value& after, std::vector<Reason>& reasons) {
  const Objects old_objects = objects_of(before);
  const Objects new_objects = objects_of(after);
  for (const auto& [key, object] : old_objects)
    if (!new_objects.contains(key))
      reasons.push_back({.object = identity_of(*object).text(),
                         .effect = has_pods(*object) ? Effect::Restart : Effect::Reload,
                         .text = "is removed"});
  for (const auto& [key, object] : new_objects) {
    const auto identity = identity_of(*object);
    const auto old_object = old_objects.find(key);
    if (old_object == old_objects.end()) {
      reasons.push_back({.object = identity.text(), .effect = Effect::Reload, .text = "is added"});
      continue;
    }
    std::vector<Difference> differences;
    find_differences(*old_object->second, *object, {}, differences);
    for (const auto& difference : differences)
      reasons.push_back({.object = identity.text(),
                         .field = difference.path,
                         .effect = effect_of_change(*old_object->second, identity, difference.table_path),
                         .text = "changes"});
  }
  // What the objects do not show is where content comes from; it restarts nothing.
  for (const char* field : {"bundles", "images", "allowPull"}) {
    const auto* old_field = json::find(before, field);
    const auto* new_field = json::find(after, field);
    const bool same =
        old_field == nullptr || new_field == nullptr ? old_field == new_field : *old_field == *new_field;
    if (!same) reasons.push_back({.field = field, .effect = Effect::NoOp, .text = "changes"});
  }
}

void compare_nodes(const SitePlan& before, const SitePlan& after, std::vector<Reason>& reasons) {
  if (before.subnet != after.subnet)
    reasons.push_back({.field = "network.subnet", .effect = Effect::Rebuild, .text = "changes"});
  const auto find = [](const SitePlan& plan, const std::string& slot) -> const PlanNode* {
    for (const auto& node : plan.nodes)
      if (node.slot == slot) return &node;
    return nullptr;
  };
  for (const auto& node : before.nodes) {
    const auto* now = find(after, node.slot);
    // Its Pods end and start elsewhere.
    if (now == nullptr)
      reasons.push_back({.object = "node " + node.slot, .effect = Effect::Restart, .text = "is removed"});
    else if (*now != node)
      reasons.push_back({.object = "node " + node.slot, .effect = Effect::Rebuild, .text = "moves"});
  }
  for (const auto& node : after.nodes)
    if (find(before, node.slot) == nullptr)
      reasons.push_back({.object = "node " + node.slot, .effect = Effect::Reload, .text = "is added"});
}

void compare_kubernetes(const json::Value& before, const json::Value& after, std::vector<Reason>& reasons) {
  std::vector<Difference> differences;
  find_differences(before, after, {}, differences);
  for (const auto& difference : differences)
    reasons.push_back(
        {.field = difference.path, .effect = kubernetes_effect_of(difference.table_path), .text = "changes"});
}

// A sealed value stands for itself by its version: nobody who compares plans can read it.
Values values_of(const SitePlan& plan) {
  Values values(plan.variables.begin(), plan.variables.end());
  for (const auto& [name, sealed] : plan.sealed)
    values.emplace(name, fmt::format("<sealed {}>", sealed.version));
  return values;
}

Result<json::Value> spec_of(const DiffSide& side, const PlanLayer& layer) {
  const auto blob = side.blobs.find(layer.blob);
  if (blob == side.blobs.end())
    return fail(ErrorCode::Invalid,
                fmt::format("the content of layer {} ({}) is not there", layer.name, layer.blob));
  return substitute(blob->second, values_of(*side.plan));
}

void finish(LayerDiff& layer) {
  std::sort(layer.reasons.begin(), layer.reasons.end(), [](const Reason& a, const Reason& b) {
    return std::tie(b.effect, a.object, a.field) < std::tie(a.effect, b.object, b.field);
  });
  if (!layer.reasons.empty()) layer.effect = std::max(layer.effect, layer.reasons.front().effect);
  if (layer.reasons.size() > kReasonsMax) layer.reasons.resize(kReasonsMax);
}

// A whole layer that comes or goes.
LayerDiff whole(const PlanLayer& layer, Change change, const json::Value& spec) {
  LayerDiff result{.name = layer.name, .type = layer.type, .change = change};
  const bool added = change == Change::Added;
  if (layer.type != "manifests")
    result.reasons.push_back({.effect = Effect::Rebuild, .text = added ? "is added" : "is removed"});
  else if (added)
    compare_manifests(json::Value::object(), spec, result.reasons);
  else
    compare_manifests(spec, json::Value::object(), result.reasons);
  std::erase_if(result.reasons, [](const Reason& reason) { return reason.effect == Effect::NoOp; });
  finish(result);
  return result;
}

Result<LayerDiff> compare(const DiffSide& before, const PlanLayer& old_layer, const DiffSide& after,
                          const PlanLayer& new_layer) {
  LayerDiff result{.name = new_layer.name, .type = new_layer.type};
  if (layer_fingerprint(*before.plan, old_layer) == layer_fingerprint(*after.plan, new_layer) &&
      old_layer.type == new_layer.type)
    return result;
  result.change = Change::Changed;
  if (old_layer.type != new_layer.type) {
    result.reasons.push_back({.field = "type", .effect = Effect::Rebuild, .text = "changes"});
    finish(result);
    return result;
  }
  FARHOLM_TRY(const json::Value old_spec, spec_of(before, old_layer));
  FARHOLM_TRY(const json::Value new_spec, spec_of(after, new_layer));
  if (new_layer.type == "kubernetes") {
    compare_kubernetes(old_spec, new_spec, result.reasons);
    compare_nodes(*before.plan, *after.plan, result.reasons);
  } else {
    compare_manifests(old_spec, new_spec, result.reasons);
  }
  finish(result);
  return result;
}

}  // namespace

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::NoOp:
      return "NoOp";
    case Effect::Reload:
      return "Reload";
    case Effect::Restart:
      return "Restart";
    case Effect::Reboot:
      return "Reboot";
    case Effect::Rebuild:
      return "Rebuild";
  }
  return "";
}

std::string_view to_string(Change change) {
  switch (change) {
    case Change::Same:
      return "Same";
    case Change::Changed:
      return "Changed";
    case Change::Added:
      return "Added";
    case Change::Removed:
      return "Removed";
  }
  return "";
}

Result<std::vector<LayerDiff>> diff(const DiffSide& before, const DiffSide& after) {
  std::vector<LayerDiff> layers;
  if (after.plan != nullptr)
    for (const auto& layer : after.plan->layers) {
      const auto* old_layer = before.plan == nullptr ? nullptr : before.plan->layer(layer.name);
      if (old_layer != nullptr) {
        FARHOLM_TRY(LayerDiff one, compare(before, *old_layer, after, layer));
        layers.push_back(std::move(one));
        continue;
      }
      FARHOLM_TRY(const json::Value spec, spec_of(after, layer));
      layers.push_back(whole(layer, Change::Added, spec));
    }
  if (before.plan != nullptr)
    for (const auto& layer : before.plan->layers) {
      if (after.plan != nullptr && after.plan->layer(layer.name) != nullptr) continue;
      FARHOLM_TRY(const json::Value spec, spec_of(before, layer));
      layers.push_back(whole(layer, Change::Removed, spec));
    }
  return layers;
}

}  // namespace farholm::profile
