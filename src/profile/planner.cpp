#include "profile/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "object/kind_descriptor.h"
#include "profile/subnet.h"
#include "profile/substitution.h"

namespace farholm::profile {

namespace {

// docs/formats/plan.md: .11 to .19 and .21 upwards.
constexpr std::uint32_t kControlPlaneOffset = 10;
constexpr std::uint32_t kWorkerOffset = 20;

class Planner {
 public:
  explicit Planner(const PlanRequest& request) : request_(request) {}

  Result<SitePlan> run() {
    SitePlan plan;
    plan.site_uid = request_.site.uid;
    plan.site_namespace = request_.site.name_space;
    plan.site_name = request_.site.name;
    plan.epoch = request_.epoch;
    plan.generation = request_.generation;
    plan.expires = request_.expires;
    plan.profile = request_.revision.profile;
    plan.profile_namespace = request_.revision.name_space;
    plan.revision = request_.revision.number;
    plan.maintenance = request_.maintenance;
    place_hosts(plan);
    place_nodes(plan);
    set_variables(plan);
    set_layers(plan);
    if (causes_.empty()) return plan;
    Error error{.code = ErrorCode::Invalid,
                .message = fmt::format("site {} cannot be planned", request_.site.name)};
    for (const auto& cause : causes_) error.message += fmt::format("; {}: {}", cause.field, cause.message);
    error.causes = std::move(causes_);
    return std::unexpected(std::move(error));
  }

 private:
  void place_hosts(SitePlan& plan) {
    plan.hosts = request_.hosts;
    std::sort(plan.hosts.begin(), plan.hosts.end(),
              [](const PlanHost& a, const PlanHost& b) { return a.name < b.name; });
    if (plan.hosts.empty())
      causes_.push_back(object::field_invalid("spec.hosts.selector", request_.spec.host_selector,
                                              "selects no approved EdgeHost: label one, or approve it"));
    if (plan.hosts.size() > kPlanHostsMax)
      causes_.push_back(object::field_too_many("spec.hosts.selector", plan.hosts.size(), kPlanHostsMax));
  }

  void check_overlap(const Subnet& subnet, const std::string& other, const char* what) {
    const auto parsed = parse_subnet(other);
    if (parsed && parsed->overlaps(subnet))
      causes_.push_back(object::field_invalid(
          "spec.network.subnet", request_.spec.subnet,
          fmt::format("overlaps the {} {} of the profile: choose another", what, other)));
  }

  void place_nodes(SitePlan& plan) {
    plan.subnet = request_.spec.subnet;
    const auto subnet = parse_subnet(plan.subnet);
    if (!subnet) {
      causes_.push_back(object::field_invalid("spec.network.subnet", plan.subnet, "must be an IPv4 subnet"));
      return;
    }
    check_overlap(*subnet, request_.pod_subnet, "podSubnet");
    check_overlap(*subnet, request_.service_subnet, "serviceSubnet");
    if (kWorkerOffset + static_cast<std::uint32_t>(request_.spec.workers) + 1 >= subnet->size()) {
      causes_.push_back(
          object::field_invalid("spec.network.subnet", plan.subnet, "is too small for the nodes"));
      return;
    }
    if (plan.hosts.empty()) return;
    for (int i = 1; i <= request_.spec.control_plane; ++i)
      plan.nodes.push_back({.slot = fmt::format("control-plane-{}", i),
                            .role = NodeRole::ControlPlane,
                            .address = subnet->address(kControlPlaneOffset + static_cast<std::uint32_t>(i))});
    for (int i = 1; i <= request_.spec.workers; ++i)
      plan.nodes.push_back({.slot = fmt::format("worker-{}", i),
                            .role = NodeRole::Worker,
                            .address = subnet->address(kWorkerOffset + static_cast<std::uint32_t>(i))});
    spread(plan);
  }

  // A slot stays where it was; the others go to the host that has the fewest nodes of their role, then the
  // fewest at all, then the first by name.
  void spread(SitePlan& plan) {
    struct Load {
      int of_role[2] = {0, 0};
    };
    std::map<std::string, Load> loads;
    for (const auto& host : plan.hosts) loads[host.name];
    const auto role_index = [](const PlanNode& node) { return node.role == NodeRole::Worker ? 1 : 0; };
    for (auto& node : plan.nodes)
      for (const auto& previous : request_.previous_nodes)
        if (previous.slot == node.slot && loads.contains(previous.host)) {
          node.host = previous.host;
          ++loads[node.host].of_role[role_index(node)];
        }
    for (auto& node : plan.nodes) {
      if (!node.host.empty()) continue;
      const int role = role_index(node);
      const auto least = std::min_element(loads.begin(), loads.end(), [&](const auto& a, const auto& b) {
        const auto key = [&](const Load& load) {
          return std::pair(load.of_role[role], load.of_role[0] + load.of_role[1]);
        };
        return key(a.second) < key(b.second);
      });
      node.host = least->first;
      ++least->second.of_role[role];
    }
  }

  void set_variable(SitePlan& plan, const Variable& variable) {
    const std::string path = member_path("spec.variables", variable.name);
    const auto setting = request_.spec.variables.find(variable.name);
    if (setting == request_.spec.variables.end()) {
      if (variable.default_value)
        plan.variables.emplace(variable.name, *variable.default_value);
      else if (variable.required)
        causes_.push_back(object::field_required(path, "the profile requires this variable"));
      return;
    }
    if (setting->second.secret) {
      const auto sealed = request_.sealed.find(variable.name);
      if (sealed == request_.sealed.end()) {
        causes_.push_back(object::field_not_found(
            path + ".secretRef",
            fmt::format("{}/{}", setting->second.secret->name, setting->second.secret->key)));
        return;
      }
      for (const auto& host : plan.hosts)
        if (!sealed->second.envelopes.contains(host.uid))
          causes_.push_back({.reason = "FieldValueInvalid",
                             .message = fmt::format("could not be sealed to host {}", host.name),
                             .field = path});
      plan.sealed.emplace(variable.name, sealed->second);
      return;
    }
    if (variable.sensitive) {
      causes_.push_back(object::field_forbidden(
          path, "a sensitive variable is given as {secretRef: {name, key}}, not in plain text"));
      return;
    }
    auto causes = check_value(variable, *setting->second.value, path);
    causes_.insert(causes_.end(), causes.begin(), causes.end());
    plan.variables.emplace(variable.name, *setting->second.value);
  }

  void set_variables(SitePlan& plan) {
    std::set<std::string> declared;
    for (const auto& variable : request_.revision.variables) {
      declared.insert(variable.name);
      set_variable(plan, variable);
    }
    for (const auto& [name, setting] : request_.spec.variables)
      if (!declared.contains(name))
        causes_.push_back(
            object::field_forbidden(member_path("spec.variables", name),
                                    fmt::format("revision {} of profile {} does not declare this variable",
                                                request_.revision.number, request_.revision.profile)));
    // What no layer uses is left out: changing it must not make a new plan.
    std::set<std::string> used;
    for (const auto& layer : request_.revision.layers)
      used.insert(layer.variables.begin(), layer.variables.end());
    std::erase_if(plan.variables, [&](const auto& one) { return !used.contains(one.first); });
    std::erase_if(plan.sealed, [&](const auto& one) { return !used.contains(one.first); });
  }

  void set_layers(SitePlan& plan) {
    for (const auto& layer : request_.revision.layers) {
      plan.layers.push_back({.name = layer.name,
                             .type = layer.type,
                             .blob = layer.blob,
                             .size_bytes = layer.size_bytes,
                             .depends_on = layer.depends_on,
                             .policy = layer.policy,
                             .variables = layer.variables});
      for (const auto& name : layer.variables) {
        const std::string path = member_path("spec.variables", name);
        const bool told = std::any_of(causes_.begin(), causes_.end(),
                                      [&](const ErrorCause& cause) { return cause.field.starts_with(path); });
        if (!plan.variables.contains(name) && !plan.sealed.contains(name) && !told)
          causes_.push_back(object::field_required(
              path, fmt::format("layer {} uses it and it has no default", layer.name)));
      }
    }
  }

  const PlanRequest& request_;
  std::vector<ErrorCause> causes_;
};

}  // namespace

Result<SitePlan> make_plan(const PlanRequest& request) {
  return Planner(request).run();
}

std::map<std::string, SecretReference> sealed_variables(const Revision& revision, const SiteSpec& spec) {
  std::map<std::string, SecretReference> sealed;
  for (const auto& variable : revision.variables) {
    const auto setting = spec.variables.find(variable.name);
    if (setting != spec.variables.end() && setting->second.secret)
      sealed.emplace(variable.name, *setting->second.secret);
  }
  return sealed;
}

}  // namespace farholm::profile
