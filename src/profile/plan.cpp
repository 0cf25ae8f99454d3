#include "profile/plan.h"

#include "base/assert.h"
#include "profile/digest.h"
#include "profile/kinds.h"

namespace farholm::profile {

namespace {

json::Value to_json(const PlanLayer& layer) {
  json::Value value = {{"name", layer.name},
                       {"type", layer.type},
                       {"blob", layer.blob},
                       {"sizeBytes", layer.size_bytes},
                       {"variables", layer.variables}};
  if (layer.depends_on) value["dependsOn"] = *layer.depends_on;
  write_policy(layer.policy, value);
  return value;
}

json::Value nodes_json(const std::vector<PlanNode>& nodes) {
  json::Value array = json::Value::array();
  for (const auto& node : nodes)
    array.push_back({{"slot", node.slot},
                     {"role", node.role == NodeRole::ControlPlane ? "ControlPlane" : "Worker"},
                     {"host", node.host},
                     {"address", node.address}});
  return array;
}

}  // namespace

const PlanLayer* SitePlan::layer(std::string_view name) const {
  for (const auto& candidate : layers)
    if (candidate.name == name) return &candidate;
  return nullptr;
}

std::string to_payload(const SitePlan& plan) {
  json::Value hosts = json::Value::array();
  for (const auto& host : plan.hosts)
    hosts.push_back({{"name", host.name}, {"uid", host.uid}, {"machineID", host.machine_id}});
  json::Value layers = json::Value::array();
  for (const auto& layer : plan.layers) layers.push_back(to_json(layer));
  json::Value sealed = json::Value::object();
  for (const auto& [name, variable] : plan.sealed)
    sealed[name] = {{"version", variable.version}, {"envelopes", json::Value(variable.envelopes)}};
  json::Value payload = {
      {"apiVersion", kApiVersion},
      {"kind", "SitePlan"},
      {"site", {{"uid", plan.site_uid}, {"namespace", plan.site_namespace}, {"name", plan.site_name}}},
      {"epoch", plan.epoch},
      {"generation", plan.generation},
      {"profile",
       {{"name", plan.profile}, {"namespace", plan.profile_namespace}, {"revision", plan.revision}}},
      {"hosts", std::move(hosts)},
      {"network", {{"subnet", plan.subnet}}},
      {"nodes", nodes_json(plan.nodes)},
      {"layers", std::move(layers)},
      {"variables", json::Value(plan.variables)},
      {"sealed", std::move(sealed)},
      {"critical", json::Value::array()}};
  if (plan.maintenance) {
    payload["maintenance"] = maintenance::to_json(*plan.maintenance);
    // An agent that does not know it would change the site in its protected hours.
    payload["critical"].push_back("maintenance");
  }
  if (!plan.expires.empty()) payload["expires"] = plan.expires;
  auto text = json::to_canonical_text(payload);
  FARHOLM_ASSERT(text.has_value());  // every number was checked when it came in
  return std::move(*text);
}

std::string layer_fingerprint(const SitePlan& plan, const PlanLayer& layer) {
  json::Value values = json::Value::object();
  for (const auto& name : layer.variables) {
    if (const auto plain = plan.variables.find(name); plain != plan.variables.end())
      values[name] = {{"value", plain->second}};
    else if (const auto sealed = plan.sealed.find(name); sealed != plan.sealed.end())
      values[name] = {{"sealed", sealed->second.version}};
    else
      values[name] = nullptr;
  }
  json::Value basis = {{"blob", layer.blob}, {"values", std::move(values)}};
  if (layer.type == "kubernetes")
    basis["site"] = {{"subnet", plan.subnet}, {"nodes", nodes_json(plan.nodes)}};
  auto text = json::to_canonical_text(basis);
  FARHOLM_ASSERT(text.has_value());
  return digest_of(*text);
}

bool same_wish(const SitePlan& a, const SitePlan& b) {
  SitePlan same = b;
  same.epoch = a.epoch;
  same.generation = a.generation;
  same.expires = a.expires;
  return same == a;
}

}  // namespace farholm::profile
