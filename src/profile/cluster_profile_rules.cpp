#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

#include "object/kind_descriptor.h"
#include "profile/cluster_profile.h"
#include "profile/image_reference.h"
#include "profile/kubernetes_versions.h"
#include "profile/object_identity.h"
#include "profile/subnet.h"
#include "profile/substitution.h"

namespace farholm::profile {

namespace {

using Causes = std::vector<ErrorCause>;

void append(Causes& causes, Causes more) {
  causes.insert(causes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void check_variable(const Variable& variable, const std::string& path, Causes& causes) {
  if (!variable.pattern.empty()) {
    if (variable.type != VariableType::String)
      causes.push_back(
          object::field_forbidden(path + ".pattern", "only variables of type string have a pattern"));
    const RE2 pattern(variable.pattern, RE2::Quiet);
    if (!pattern.ok())
      causes.push_back(object::field_invalid(path + ".pattern", variable.pattern,
                                             "is not a regular expression (RE2): " + pattern.error()));
  }
  Variable untyped_enum = variable;
  untyped_enum.allowed.clear();
  for (std::size_t i = 0; i < variable.allowed.size(); ++i)
    append(causes, check_value(untyped_enum, variable.allowed[i], fmt::format("{}.enum[{}]", path, i)));
  if (variable.default_value) {
    if (variable.sensitive)
      causes.push_back(object::field_forbidden(path + ".default",
                                               "a sensitive variable has no default: it would "
                                               "be readable in the profile"));
    else if (variable.required)
      causes.push_back(object::field_forbidden(path + ".default", "a required variable has no default"));
    else
      append(causes, check_value(variable, *variable.default_value, path + ".default"));
  }
}

// Fields that only layers of one type have.
constexpr std::array kKubernetesOnly = {"distribution",  "version", "podSubnet",
                                        "serviceSubnet", "apiPort", "listeners"};

void check_ports(const LayerSpec& layer, const std::string& path, Causes& causes) {
  std::set<int> ports = {layer.api_port};
  for (std::size_t i = 0; i < layer.listeners.size(); ++i)
    if (!ports.insert(layer.listeners[i].port).second)
      causes.push_back(
          object::field_duplicate(fmt::format("{}.listeners[{}].port", path, i), layer.listeners[i].port));
}

void check_kubernetes(const LayerSpec& layer, const json::Value& written, const std::string& path,
                      Causes& causes) {
  if (layer.version.empty())
    causes.push_back(object::field_required(path + ".version", "a layer of type kubernetes needs a version"));
  else if (!is_supported_kubernetes(layer.distribution, layer.version))
    causes.push_back(object::field_invalid(
        path + ".version", layer.version,
        fmt::format("{} brings up Kubernetes {}", layer.distribution, supported_kubernetes_text())));
  const auto pods = parse_subnet(layer.pod_subnet);
  const auto services = parse_subnet(layer.service_subnet);
  if (!pods)
    causes.push_back(object::field_invalid(path + ".podSubnet", layer.pod_subnet,
                                           "must be an IPv4 subnet, as 10.244.0.0/16"));
  else if (pods->prefix > 22)  // a /24 a node: four of them at least
    causes.push_back(object::field_invalid(path + ".podSubnet", layer.pod_subnet, "must be a /22 or larger"));
  if (!services)
    causes.push_back(object::field_invalid(path + ".serviceSubnet", layer.service_subnet,
                                           "must be an IPv4 subnet, as 10.96.0.0/16"));
  else if (services->prefix < 12 || services->prefix > 24)  // kube-apiserver takes at most 2^20 addresses
    causes.push_back(
        object::field_invalid(path + ".serviceSubnet", layer.service_subnet, "must be between /12 and /24"));
  if (pods && services && pods->overlaps(*services))
    causes.push_back(object::field_invalid(
        path + ".serviceSubnet", layer.service_subnet,
        fmt::format("overlaps the podSubnet {}: choose two that do not", layer.pod_subnet)));
  check_ports(layer, path, causes);
  if (json::find_path(written, {"content", "inline"}) != nullptr)
    causes.push_back(
        object::field_forbidden(path + ".content.inline", "objects belong into a layer of type manifests"));
  if (json::find(written, "allowPull") != nullptr)
    causes.push_back(object::field_forbidden(path + ".allowPull", "only layers of type manifests have it"));
}

void check_manifests(const LayerSpec& layer, const json::Value& written, const std::string& path,
                     const std::set<std::string>& variables, Causes& causes) {
  for (const char* field : kKubernetesOnly)
    if (json::find(written, field) != nullptr)
      causes.push_back(object::field_forbidden(fmt::format("{}.{}", path, field),
                                               "only layers of type kubernetes have it"));
  const bool has_inline = json::find_path(written, {"content", "inline"}) != nullptr;
  if (layer.bundle.empty() == !has_inline)
    causes.push_back(layer.bundle.empty()
                         ? object::field_required(path + ".content", "give either bundle or inline")
                         : object::field_forbidden(path + ".content.inline", "give either bundle or inline"));
  std::set<std::string> identities;
  for (std::size_t i = 0; i < layer.inline_objects.size(); ++i) {
    const std::string where = fmt::format("{}.content.inline[{}]", path, i);
    const auto& one = layer.inline_objects[i];
    append(causes, check_manifest(one, where));
    if (const auto identity = identity_of(one); !identities.insert(identity.key()).second)
      causes.push_back(object::field_duplicate(where, identity.text()));
    auto references = find_references(one, where);
    append(causes, std::move(references.malformed));
    for (const auto& name : references.names)
      if (!variables.contains(name)) causes.push_back(object::field_not_found(where, "${" + name + "}"));
  }
}

void check_depends_on(const std::vector<LayerSpec>& layers, std::size_t index, const std::string& path,
                      Causes& causes) {
  const auto& depends_on = layers[index].depends_on;
  if (!depends_on) return;
  for (std::size_t i = 0; i < depends_on->size(); ++i) {
    const auto earlier = std::find_if(layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(index),
                                      [&](const LayerSpec& layer) { return layer.name == (*depends_on)[i]; });
    if (earlier == layers.begin() + static_cast<std::ptrdiff_t>(index))
      causes.push_back(object::field_invalid(fmt::format("{}.dependsOn[{}]", path, i), (*depends_on)[i],
                                             "must be the name of an earlier layer"));
  }
}

void check_content(const LayerSpec& layer, const json::Value& written, const std::string& path,
                   Causes& causes) {
  if (!layer.bundle.empty() && !parse_bundle_reference(layer.bundle))
    causes.push_back(
        object::field_invalid(path + ".content.bundle", layer.bundle, "must be name@sha256:digest"));
  if (json::find_path(written, {"content", "image"}) != nullptr)
    causes.push_back(object::field_forbidden(path + ".content.image", "not supported yet"));
}

}  // namespace

std::vector<ErrorCause> check_profile_spec(const json::Value& spec) {
  Causes causes;
  const ProfileSpec profile = read_profile_spec(spec);
  std::set<std::string> variables;
  for (std::size_t i = 0; i < profile.variables.size(); ++i) {
    const std::string path = fmt::format("spec.variables[{}]", i);
    check_variable(profile.variables[i], path, causes);
    if (!variables.insert(profile.variables[i].name).second)
      causes.push_back(object::field_duplicate(path + ".name", profile.variables[i].name));
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < profile.layers.size(); ++i) {
    const LayerSpec& layer = profile.layers[i];
    const json::Value& written = spec["layers"][i];
    const std::string path = fmt::format("spec.layers[{}]", i);
    if (!names.insert(layer.name).second)
      causes.push_back(object::field_duplicate(path + ".name", layer.name));
    check_depends_on(profile.layers, i, path, causes);
    if (layer.type == "os" || layer.type == "vm") {
      causes.push_back(object::field_invalid(path + ".type", layer.type,
                                             "layers of this type are not supported yet: leave it out"));
      continue;
    }
    check_content(layer, written, path, causes);
    if (layer.type == "kubernetes") {
      if (i > 0)
        causes.push_back(object::field_invalid(
            path + ".type", layer.type, "a profile has one layer of type kubernetes, and it is the first"));
      check_kubernetes(layer, written, path, causes);
    } else {
      check_manifests(layer, written, path, variables, causes);
    }
  }
  return causes;
}

}  // namespace farholm::profile
