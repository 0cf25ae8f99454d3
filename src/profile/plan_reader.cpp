// parse_plan: bytes from outside become a SitePlan, or an error that names the member.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "object/kind_descriptor.h"
#include "object/metadata.h"
#include "object/timestamp.h"
#include "profile/image_reference.h"
#include "profile/kinds.h"
#include "profile/plan.h"
#include "profile/subnet.h"
#include "profile/substitution.h"

namespace farholm::profile {

namespace {

constexpr json::Limits kPlanLimits = {.bytes_max = kPlanBytesMax, .depth_max = 8, .values_max = 20'000};
constexpr std::size_t kTextBytesMax = 253;
constexpr std::int64_t kNumberMost = (std::int64_t{1} << 53) - 1;

// Collects causes while it reads; what it returns then is not used.
class Reader {
 public:
  std::vector<ErrorCause> causes;

  void wrong(std::string field, std::string message) {
    constexpr std::size_t kCausesMax = 20;
    if (causes.size() < kCausesMax)
      causes.push_back(
          {.reason = "FieldValueInvalid", .message = std::move(message), .field = std::move(field)});
  }

  std::string text(const json::Value& holder, const char* member, const std::string& path) {
    const auto* found = json::find_string(holder, member);
    if (found != nullptr && !found->empty() && found->size() <= kTextBytesMax) return *found;
    wrong(at(path, member), "must be a string of 1 to 253 bytes");
    return "";
  }

  std::string name(const json::Value& holder, const char* member, const std::string& path) {
    std::string value = text(holder, member, path);
    if (!value.empty() && !object::dns_subdomain_problem(value).empty())
      wrong(at(path, member), "must be a DNS name");
    return value;
  }

  std::string digest(const json::Value& holder, const char* member, const std::string& path) {
    const auto* found = json::find_string(holder, member);
    if (found != nullptr && is_digest(*found)) return *found;
    wrong(at(path, member), "must be a digest, sha256:…");
    return "";
  }

  std::int64_t number(const json::Value& holder, const char* member, const std::string& path,
                      std::int64_t least) {
    const auto found = json::find_integer(holder, member);
    if (found && *found >= least && *found <= kNumberMost) return *found;
    wrong(at(path, member), fmt::format("must be an integer of at least {}", least));
    return least;
  }

  const json::Value& object(const json::Value& holder, const char* member, const std::string& path) {
    static const json::Value kEmpty = json::Value::object();
    const auto* found = json::find_object(holder, member);
    if (found != nullptr) return *found;
    wrong(at(path, member), "must be an object");
    return kEmpty;
  }

  const json::Value& array(const json::Value& holder, const char* member, const std::string& path,
                           std::size_t most) {
    static const json::Value kEmpty = json::Value::array();
    const auto* found = json::find_array(holder, member);
    if (found != nullptr && found->size() <= most) return *found;
    wrong(at(path, member), fmt::format("must be an array of at most {}", most));
    return kEmpty;
  }

  std::vector<std::string> texts(const json::Value& holder, const char* member, const std::string& path,
                                 std::size_t most) {
    std::vector<std::string> values;
    for (const auto& one : array(holder, member, path, most)) {
      if (!one.is_string() || one.get_ref<const std::string&>().size() > kTextBytesMax)
        wrong(at(path, member), "must hold strings");
      else
        values.push_back(one.get<std::string>());
    }
    return values;
  }

 private:
  static std::string at(const std::string& path, const char* member) {
    return path.empty() ? member : fmt::format("{}.{}", path, member);
  }
};

void read_hosts(Reader& reader, const json::Value& root, SitePlan& plan) {
  const auto& hosts = reader.array(root, "hosts", "", kPlanHostsMax);
  std::set<std::string> names, uids;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::string path = fmt::format("hosts[{}]", i);
    PlanHost host{.name = reader.name(hosts[i], "name", path), .uid = reader.text(hosts[i], "uid", path)};
    host.machine_id = json::string_or(hosts[i], "machineID");
    if (!names.insert(host.name).second) reader.wrong(path + ".name", "comes twice");
    if (!uids.insert(host.uid).second) reader.wrong(path + ".uid", "comes twice");
    plan.hosts.push_back(std::move(host));
  }
}

void read_nodes(Reader& reader, const json::Value& root, SitePlan& plan) {
  plan.subnet = reader.text(reader.object(root, "network", ""), "subnet", "network");
  const auto subnet = parse_site_subnet(plan.subnet);
  if (!subnet) return reader.wrong("network.subnet", "must be an IPv4 subnet between /16 and /26");
  // Bridge, HAProxy and etcd have theirs, see docs/formats/plan.md.
  std::set<std::string> slots;
  std::set<std::string> addresses = {subnet->address(1), subnet->address(2), subnet->address(3)};
  const auto& nodes = reader.array(root, "nodes", "", kPlanNodesMax);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string path = fmt::format("nodes[{}]", i);
    PlanNode node{.slot = reader.name(nodes[i], "slot", path)};
    const std::string role = reader.text(nodes[i], "role", path);
    if (role != "ControlPlane" && role != "Worker")
      reader.wrong(path + ".role", "must be ControlPlane or Worker");
    node.role = role == "ControlPlane" ? NodeRole::ControlPlane : NodeRole::Worker;
    node.host = reader.text(nodes[i], "host", path);
    node.address = reader.text(nodes[i], "address", path);
    const auto address = parse_ipv4(node.address);
    if (!address || !subnet->contains(*address) || *address == subnet->base ||
        *address == subnet->base + subnet->size() - 1)
      reader.wrong(path + ".address", "must be a host's address in network.subnet");
    else if (!addresses.insert(node.address).second)
      reader.wrong(path + ".address", "is taken");
    if (!slots.insert(node.slot).second) reader.wrong(path + ".slot", "comes twice");
    if (std::none_of(plan.hosts.begin(), plan.hosts.end(),
                     [&](const PlanHost& host) { return host.name == node.host; }))
      reader.wrong(path + ".host", "is not one of hosts");
    plan.nodes.push_back(std::move(node));
  }
}

bool is_scalar(const json::Value& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= std::uint64_t{kNumberMost};
  if (value.is_number_integer())
    return value.get<std::int64_t>() >= -kNumberMost && value.get<std::int64_t>() <= kNumberMost;
  return value.is_boolean() ||
         (value.is_string() && value.get_ref<const std::string&>().size() <= kVariableBytesMax);
}

void read_variables(Reader& reader, const json::Value& root, SitePlan& plan) {
  const auto& variables = reader.object(root, "variables", "");
  const auto& sealed = reader.object(root, "sealed", "");
  if (variables.size() + sealed.size() > kPlanVariablesMax)
    return reader.wrong("variables", fmt::format("there are more than {}", kPlanVariablesMax));
  for (const auto& [name, value] : variables.items()) {
    const std::string path = member_path("variables", name);
    if (!is_variable_name(name)) reader.wrong(path, "is not a variable's name");
    if (!is_scalar(value)) reader.wrong(path, "must be a string, an integer or a boolean, and not too large");
    plan.variables.emplace(name, value);
  }
  for (const auto& [name, value] : sealed.items()) {
    const std::string path = member_path("sealed", name);
    if (!is_variable_name(name)) reader.wrong(path, "is not a variable's name");
    if (plan.variables.contains(name)) reader.wrong(path, "is given in plain text too");
    SealedVariable variable{.version = reader.text(value, "version", path)};
    const auto& envelopes = reader.object(value, "envelopes", path);
    if (envelopes.size() > kPlanHostsMax) return reader.wrong(path + ".envelopes", "there are too many");
    for (const auto& [uid, digest] : envelopes.items()) {
      if (!digest.is_string() || !is_digest(digest.get_ref<const std::string&>()))
        reader.wrong(member_path(path + ".envelopes", uid), "must be a digest, sha256:…");
      else
        variable.envelopes.emplace(uid, digest.get<std::string>());
    }
    plan.sealed.emplace(name, std::move(variable));
  }
}

LayerPolicy read_layer_policy(Reader& reader, const json::Value& layer, const std::string& path) {
  const std::string enforcement = json::string_or(layer, "enforcement", "enforce");
  if (enforcement != "enforce" && enforcement != "report")
    reader.wrong(path + ".enforcement", "must be enforce or report");
  const std::string rollback = json::string_or(layer, "rollback", "Automatic");
  if (rollback != "Automatic" && rollback != "Hold")
    reader.wrong(path + ".rollback", "must be Automatic or Hold");
  auto policy = read_policy(layer);
  if (json::find(layer, "progressDeadlineSeconds") != nullptr && !policy.progress_deadline_seconds)
    reader.wrong(path + ".progressDeadlineSeconds",
                 fmt::format("must be a number of seconds from {} to {}", kProgressDeadlineSecondsMin,
                             kProgressDeadlineSecondsMax));
  return policy;
}

void read_layers(Reader& reader, const json::Value& root, SitePlan& plan) {
  const auto& layers = reader.array(root, "layers", "", kPlanLayersMax);
  std::set<std::string> names;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string path = fmt::format("layers[{}]", i);
    PlanLayer layer{.name = reader.name(layers[i], "name", path),
                    .type = reader.text(layers[i], "type", path)};
    layer.blob = reader.digest(layers[i], "blob", path);
    layer.size_bytes = static_cast<std::uint64_t>(reader.number(layers[i], "sizeBytes", path, 0));
    layer.variables = reader.texts(layers[i], "variables", path, kPlanVariablesMax);
    for (const auto& name : layer.variables)
      if (!plan.variables.contains(name) && !plan.sealed.contains(name))
        reader.wrong(path + ".variables", "the plan has no value for one of them");
    if (json::find(layers[i], "dependsOn") != nullptr) {
      layer.depends_on = reader.texts(layers[i], "dependsOn", path, kPlanLayersMax);
      for (const auto& name : *layer.depends_on)
        if (!names.contains(name)) reader.wrong(path + ".dependsOn", "must name earlier layers");
    }
    layer.policy = read_layer_policy(reader, layers[i], path);
    if (!names.insert(layer.name).second) reader.wrong(path + ".name", "comes twice");
    plan.layers.push_back(std::move(layer));
  }
}

SitePlan read(Reader& reader, const json::Value& root) {
  SitePlan plan;
  const auto& site = reader.object(root, "site", "");
  plan.site_uid = reader.text(site, "uid", "site");
  plan.site_namespace = reader.name(site, "namespace", "site");
  plan.site_name = reader.name(site, "name", "site");
  plan.epoch = reader.number(root, "epoch", "", 0);
  plan.generation = reader.number(root, "generation", "", 1);
  if (json::find(root, "expires") != nullptr) {
    plan.expires = reader.text(root, "expires", "");
    if (!object::parse_rfc3339(plan.expires)) reader.wrong("expires", "must be a time as RFC 3339 writes it");
  }
  const auto& profile = reader.object(root, "profile", "");
  plan.profile = reader.name(profile, "name", "profile");
  plan.profile_namespace = reader.name(profile, "namespace", "profile");
  plan.revision = reader.number(profile, "revision", "profile", 1);
  read_hosts(reader, root, plan);
  read_nodes(reader, root, plan);
  read_variables(reader, root, plan);
  read_layers(reader, root, plan);
  if (const auto* policy = json::find(root, "maintenance")) {
    if (auto read = maintenance::read_policy(*policy))
      plan.maintenance = std::move(*read);
    else
      reader.wrong("maintenance", read.error().message);
  }
  // Whatever a later hub puts there must not be overlooked.
  for (const auto& member : reader.texts(root, "critical", "", kPlanLayersMax))
    if (std::ranges::find(kKnownCritical, member) == std::end(kKnownCritical))
      reader.wrong("critical", "names a member that this agent does not know: update the agent first");
  return plan;
}

}  // namespace

Result<SitePlan> parse_plan(std::string_view payload) {
  auto root = json::parse(payload, kPlanLimits);
  if (!root) return fail_while(std::move(root).error(), "reading a plan");
  if (json::string_or(*root, "kind") != "SitePlan")
    return fail(ErrorCode::BadRequest, "this is not a plan: its kind is not SitePlan");
  if (json::string_or(*root, "apiVersion") != kApiVersion)
    return fail(ErrorCode::BadRequest,
                "the plan is of another API version than farholm.dev/v1alpha1: update the agent first");
  Reader reader;
  SitePlan plan = read(reader, *root);
  if (reader.causes.empty()) return plan;
  Error error{.code = ErrorCode::Invalid, .message = "the plan contradicts itself"};
  for (const auto& cause : reader.causes)
    error.message += fmt::format("; {}: {}", cause.field, cause.message);
  error.causes = std::move(reader.causes);
  return std::unexpected(std::move(error));
}

}  // namespace farholm::profile
