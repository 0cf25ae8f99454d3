#include "profile/site.h"

#include <fmt/format.h>

#include "object/kind_descriptor.h"
#include "object/selector.h"
#include "profile/subnet.h"
#include "profile/substitution.h"

namespace farholm::profile {

namespace {

int count_or(const json::Value& spec, std::string_view member, int otherwise) {
  const auto* nodes = json::find_object(spec, "nodes");
  if (nodes == nullptr) return otherwise;
  const auto number = json::find_integer(*nodes, member);
  return number && *number >= 0 && *number <= kWorkerNodesMax ? static_cast<int>(*number) : otherwise;
}

std::vector<ErrorCause> check_setting(const json::Value& value, const std::string& path) {
  if (value.is_string() || value.is_number_integer() || value.is_boolean()) return {};
  const std::string detail = "must be a string, an integer, a boolean, or {secretRef: {name, key}}";
  if (!value.is_object()) return {object::field_type_invalid(path, value, detail)};
  const auto* reference = json::find_object(value, "secretRef");
  if (reference == nullptr || value.size() != 1) return {object::field_invalid(path, value, detail)};
  std::vector<ErrorCause> causes;
  for (const char* field : {"name", "key"})
    if (json::string_or(*reference, field).empty())
      causes.push_back(object::field_required(fmt::format("{}.secretRef.{}", path, field)));
  for (const auto& [field, ignored] : reference->items())
    if (field != "name" && field != "key")
      causes.push_back(object::field_forbidden(fmt::format("{}.secretRef.{}", path, field), "unknown field"));
  return causes;
}

}  // namespace

SiteSpec read_site_spec(const json::Value& spec) {
  SiteSpec site;
  if (const auto* profile = json::find_object(spec, "profile")) {
    site.profile = json::string_or(*profile, "name");
    site.profile_namespace = json::string_or(*profile, "namespace");
    site.revision = json::find_integer(*profile, "revision");
  }
  if (const auto* selector = json::find_path(spec, {"hosts", "selector"})) site.host_selector = *selector;
  site.control_plane = count_or(spec, "controlPlane", 1);
  site.workers = count_or(spec, "workers", 0);
  const auto* subnet = json::find_path(spec, {"network", "subnet"});
  site.subnet =
      subnet != nullptr && subnet->is_string() ? subnet->get<std::string>() : std::string(kDefaultSiteSubnet);
  if (const auto* variables = json::find_object(spec, "variables"))
    for (const auto& [name, value] : variables->items()) {
      VariableSetting setting;
      if (const auto* reference = json::find_object(value, "secretRef"))
        setting.secret = {.name = json::string_or(*reference, "name"),
                          .key = json::string_or(*reference, "key")};
      else
        setting.value = value;
      site.variables.emplace(name, std::move(setting));
    }
  if (const auto* policy = json::find_object(spec, "maintenancePolicy"))
    site.maintenance_policy = json::string_or(*policy, "name");
  site.paused = json::find_bool(spec, "paused").value_or(false);
  return site;
}

std::vector<ErrorCause> check_site_spec(const json::Value& spec) {
  std::vector<ErrorCause> causes;
  const SiteSpec site = read_site_spec(spec);
  if (auto selector = object::LabelSelector::from_json(site.host_selector); !selector)
    causes.push_back(
        object::field_invalid("spec.hosts.selector", site.host_selector, selector.error().message));
  else if (selector->empty())
    causes.push_back(object::field_invalid("spec.hosts.selector", site.host_selector,
                                           "selects every host of the namespace: give at least one label"));
  const auto subnet = parse_site_subnet(site.subnet);
  // Node addresses begin at .21, see docs/formats/plan.md.
  if (!subnet)
    causes.push_back(object::field_invalid("spec.network.subnet", site.subnet,
                                           "must be an IPv4 subnet between /16 and /26, as 172.30.42.0/24"));
  else if (21 + static_cast<std::uint32_t>(site.workers) > subnet->size() - 1)
    causes.push_back(
        object::field_invalid("spec.nodes.workers", site.workers,
                              fmt::format("the subnet {} has no room for so many nodes", site.subnet)));
  if (const auto* variables = json::find_object(spec, "variables"))
    for (const auto& [name, value] : variables->items()) {
      const std::string path = member_path("spec.variables", name);
      if (!is_variable_name(name))
        causes.push_back(object::field_invalid(path, name, "is not the name of a variable"));
      auto more = check_setting(value, path);
      causes.insert(causes.end(), more.begin(), more.end());
    }
  return causes;
}

}  // namespace farholm::profile
