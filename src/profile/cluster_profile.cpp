#include "profile/cluster_profile.h"

#include <fmt/format.h>

#include "object/metadata.h"
#include "profile/kinds.h"

namespace farholm::profile {

namespace {

VariableType variable_type(const std::string& text) {
  if (text == "integer") return VariableType::Integer;
  if (text == "boolean") return VariableType::Boolean;
  return VariableType::String;
}

std::optional<std::vector<std::string>> read_names(const json::Value& holder, std::string_view member) {
  const auto* array = json::find_array(holder, member);
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& name : *array)
    if (name.is_string()) names.push_back(name.get<std::string>());
  return names;
}

std::vector<Variable> read_variables(const json::Value& spec) {
  std::vector<Variable> variables;
  const auto* array = json::find_array(spec, "variables");
  if (array == nullptr) return variables;
  for (const auto& one : *array) {
    Variable variable;
    variable.name = json::string_or(one, "name");
    variable.type = variable_type(json::string_or(one, "type", "string"));
    variable.pattern = json::string_or(one, "pattern");
    variable.required = json::find_bool(one, "required").value_or(false);
    variable.sensitive = json::find_bool(one, "sensitive").value_or(false);
    if (const auto* value = json::find(one, "default"); value != nullptr && !value->is_null())
      variable.default_value = *value;
    if (const auto* allowed = json::find_array(one, "enum"))
      variable.allowed.assign(allowed->begin(), allowed->end());
    variables.push_back(std::move(variable));
  }
  return variables;
}

json::Value to_json(const Variable& variable) {
  json::Value value = {{"name", variable.name},
                       {"type", to_string(variable.type)},
                       {"required", variable.required},
                       {"sensitive", variable.sensitive}};
  if (!variable.pattern.empty()) value["pattern"] = variable.pattern;
  if (variable.default_value) value["default"] = *variable.default_value;
  if (!variable.allowed.empty()) value["enum"] = variable.allowed;
  return value;
}

int small_integer(const json::Value& holder, std::string_view member, int otherwise) {
  const auto number = json::find_integer(holder, member);
  return number && *number >= 0 && *number <= 1'000'000 ? static_cast<int>(*number) : otherwise;
}

LayerSpec read_layer(const json::Value& one) {
  LayerSpec layer;
  layer.name = json::string_or(one, "name");
  layer.type = json::string_or(one, "type");
  layer.depends_on = read_names(one, "dependsOn");
  layer.distribution = json::string_or(one, "distribution", "kubeadm");
  layer.version = json::string_or(one, "version");
  layer.pod_subnet = json::string_or(one, "podSubnet", kDefaultPodSubnet);
  layer.service_subnet = json::string_or(one, "serviceSubnet", kDefaultServiceSubnet);
  layer.api_port = small_integer(one, "apiPort", kDefaultApiPort);
  if (const auto* listeners = json::find_array(one, "listeners"))
    for (const auto& listener : *listeners)
      layer.listeners.push_back({.name = json::string_or(listener, "name"),
                                 .port = small_integer(listener, "port", 0),
                                 .node_port = small_integer(listener, "nodePort", 0)});
  if (const auto* content = json::find_object(one, "content")) {
    layer.bundle = json::string_or(*content, "bundle");
    if (const auto* objects = json::find_array(*content, "inline"))
      layer.inline_objects.assign(objects->begin(), objects->end());
  }
  layer.allow_pull = json::find_bool(one, "allowPull").value_or(false);
  layer.policy = read_policy(one);
  return layer;
}

json::Value to_json(const RevisionLayer& layer) {
  json::Value value = {{"name", layer.name},
                       {"type", layer.type},
                       {"blob", layer.blob},
                       {"sizeBytes", layer.size_bytes},
                       {"variables", layer.variables}};
  if (layer.depends_on) value["dependsOn"] = *layer.depends_on;
  write_policy(layer.policy, value);
  return value;
}

}  // namespace

LayerPolicy read_policy(const json::Value& layer) {
  LayerPolicy policy;
  if (json::string_or(layer, "enforcement") == "report") policy.enforcement = Enforcement::Report;
  if (json::string_or(layer, "rollback") == "Hold") policy.rollback = Rollback::Hold;
  const auto seconds = json::find_integer(layer, "progressDeadlineSeconds");
  if (seconds && *seconds >= kProgressDeadlineSecondsMin && *seconds <= kProgressDeadlineSecondsMax)
    policy.progress_deadline_seconds = static_cast<int>(*seconds);
  return policy;
}

void write_policy(const LayerPolicy& policy, json::Value& layer) {
  if (policy.enforcement == Enforcement::Report) layer["enforcement"] = "report";
  if (policy.rollback == Rollback::Hold) layer["rollback"] = "Hold";
  if (policy.progress_deadline_seconds) layer["progressDeadlineSeconds"] = *policy.progress_deadline_seconds;
}

ProfileSpec read_profile_spec(const json::Value& spec) {
  ProfileSpec profile;
  profile.variables = read_variables(spec);
  if (const auto* layers = json::find_array(spec, "layers"))
    for (const auto& layer : *layers) profile.layers.push_back(read_layer(layer));
  return profile;
}

std::string revision_object_name(const std::string& profile, std::int64_t number) {
  return fmt::format("{}-{}", profile, number);
}

json::Value to_object(const Revision& revision) {
  json::Value variables = json::Value::array();
  for (const auto& variable : revision.variables) variables.push_back(to_json(variable));
  json::Value layers = json::Value::array();
  for (const auto& layer : revision.layers) layers.push_back(to_json(layer));
  return {{"apiVersion", kApiVersion},
          {"kind", "ClusterProfileRevision"},
          {"metadata",
           {{"name", revision_object_name(revision.profile, revision.number)},
            {"namespace", revision.name_space}}},
          {"spec",
           {{"profile", revision.profile},
            {"revision", revision.number},
            {"variables", std::move(variables)},
            {"layers", std::move(layers)}}}};
}

Result<Revision> read_revision(const json::Value& object) {
  FARHOLM_TRY(const json::Value* spec, json::require_object(object, "spec"));
  Revision revision;
  FARHOLM_TRY(revision.profile, json::require_string(*spec, "profile"));
  FARHOLM_TRY(revision.number, json::require_integer(*spec, "revision"));
  revision.name_space = object::namespace_of(object);
  revision.variables = read_variables(*spec);
  FARHOLM_TRY(const json::Value* layers, json::require_array(*spec, "layers"));
  for (const auto& one : *layers) {
    RevisionLayer layer;
    FARHOLM_TRY(layer.name, json::require_string(one, "name"));
    FARHOLM_TRY(layer.type, json::require_string(one, "type"));
    FARHOLM_TRY(layer.blob, json::require_string(one, "blob"));
    FARHOLM_TRY(const std::int64_t size, json::require_integer(one, "sizeBytes"));
    layer.size_bytes = static_cast<std::uint64_t>(size);
    layer.depends_on = read_names(one, "dependsOn");
    layer.policy = read_policy(one);
    layer.variables = read_names(one, "variables").value_or(std::vector<std::string>());
    revision.layers.push_back(std::move(layer));
  }
  return revision;
}

}  // namespace farholm::profile
