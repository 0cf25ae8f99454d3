#include "cli/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "cli/content_folder.h"
#include "cli/folder_catalog.h"
#include "cli/key_file.h"
#include "profile/admit.h"
#include "profile/freeze.h"
#include "profile/kinds.h"
#include "profile/planner.h"
#include "trust/plan_acceptance.h"
#include "trust/root.h"
#include "trust/sealed_value.h"

namespace farholm::cli {
namespace {

// The object of a kind in a file, with defaults, valid as the hub's API would say.
Result<json::Value> read_object(io::Files& files, const std::string& path,
                                const object::KindDescriptor& kind) {
  FARHOLM_TRY(const auto text, read_text(files, path));
  auto document = json::parse_yaml(text);
  if (!document) return fail_while(std::move(document).error(), "reading " + path);
  auto admitted = profile::admit(kind, std::move(*document));
  if (!admitted) return fail_while(std::move(admitted).error(), "reading " + path);
  return admitted;
}

struct HostEntry {
  profile::PlanHost host;
  std::optional<crypto::SealingPublicKey> sealing_key;
};

Result<std::vector<HostEntry>> read_hosts(io::Files& files, const std::string& path) {
  FARHOLM_TRY(const auto text, read_text(files, path));
  FARHOLM_TRY(const auto document, json::parse_yaml(text));
  if (!document.is_array() || document.empty()) {
    return fail(ErrorCode::BadRequest, path + " must be a list of hosts: - {name: edge-1, machineID: \"…\"}");
  }
  std::vector<HostEntry> hosts;
  for (const auto& row : document) {
    HostEntry entry;
    FARHOLM_TRY(entry.host.name, json::require_string(row, "name"));
    FARHOLM_TRY(entry.host.machine_id, json::require_string(row, "machineID"));
    entry.host.uid = json::string_or(row, "uid", entry.host.name);
    if (const auto* key = json::find_string(row, "sealingKey")) {
      const auto bytes = from_base64(*key);
      if (!bytes || bytes->size() != 32) {
        return fail(ErrorCode::BadRequest,
                    fmt::format("the sealingKey of {} is not 32 bytes in base64", entry.host.name));
      }
      std::ranges::copy(*bytes, entry.sealing_key.emplace().begin());
    }
    hosts.push_back(std::move(entry));
  }
  return hosts;
}

Result<std::map<std::string, std::string>> read_secrets(io::Files& files,
                                                        const std::vector<std::string>& arguments) {
  std::map<std::string, std::string> secrets;
  for (const auto& argument : arguments) {
    const auto equals = argument.find('=');
    if (equals == std::string::npos) {
      return fail(ErrorCode::BadRequest, "--secret takes NAME/KEY=FILE: the file holds the value");
    }
    FARHOLM_TRY(secrets[argument.substr(0, equals)], read_text(files, argument.substr(equals + 1)));
  }
  return secrets;
}

// Seals what the site gives by Secret to each of its hosts, and puts the envelopes into the content folder.
Result<std::map<std::string, profile::SealedVariable>> seal(
    const io::World& world, const std::string& content, const profile::Revision& revision,
    const profile::SiteSpec& spec, const std::string& site_uid, const std::vector<HostEntry>& hosts,
    const std::map<std::string, std::string>& secrets, const std::optional<profile::SitePlan>& previous) {
  std::map<std::string, profile::SealedVariable> sealed;
  for (const auto& [name, reference] : profile::sealed_variables(revision, spec)) {
    const std::string key = reference.name + "/" + reference.key;
    const auto bytes = secrets.find(key);
    if (bytes == secrets.end()) {
      return fail(
          ErrorCode::NotFound,
          fmt::format("the value of {} is in the Secret {}: give it with --secret {}=FILE", name, key, key));
    }
    const auto variable = std::ranges::find(revision.variables, name, &profile::Variable::name);
    FARHOLM_TRY(const auto value, profile::value_from_secret(*variable, bytes->second));
    // The version must not tell the value: keyed by the site, so that equal values of two sites differ, and
    // short of being guessable only because the key is not in the plan.
    const std::string version =
        to_hex(crypto::hmac_sha256(as_bytes(bytes->second), as_bytes(site_uid + "/" + name))).substr(0, 16);
    auto& entry = sealed[name];
    entry.version = version;
    const auto before = previous ? previous->sealed.find(name)
                                 : std::map<std::string, profile::SealedVariable>::const_iterator{};
    for (const auto& host : hosts) {
      if (!host.sealing_key) {
        return fail(ErrorCode::Invalid,
                    fmt::format("{} needs a sealingKey in the hosts file: `farholm-agent identity` "
                                "prints it",
                                host.host.name));
      }
      // Sealing twice gives other bytes: keep the envelope that is there.
      if (previous && before != previous->sealed.end() && before->second.version == version &&
          before->second.envelopes.contains(host.host.uid)) {
        entry.envelopes[host.host.uid] = before->second.envelopes.at(host.host.uid);
        continue;
      }
      FARHOLM_TRY(const auto envelope,
                  trust::seal_value(*host.sealing_key, {.site = site_uid, .name = name, .version = version},
                                    json::to_text(value), world.entropy));
      FARHOLM_TRY(const auto digest, put_blob(world.files, content, envelope));
      entry.envelopes[host.host.uid] = digest.to_string();
    }
  }
  return sealed;
}

Result<std::optional<maintenance::Policy>> read_maintenance(io::Files& files, const std::string& path,
                                                            const profile::SiteSpec& spec) {
  if (path.empty()) {
    if (spec.maintenance_policy.empty()) return std::nullopt;
    return fail(
        ErrorCode::NotFound,
        fmt::format("the site names the MaintenancePolicy {0}: give it with --maintenance-policy FILE",
                    spec.maintenance_policy));
  }
  FARHOLM_TRY(const auto object, read_object(files, path, profile::maintenance_policy_kind()));
  const auto name = json::string_or(object.at("metadata"), "name");
  if (name != spec.maintenance_policy) {
    return fail(ErrorCode::Invalid,
                fmt::format("{} is the MaintenancePolicy {}, and the site names {}", path, name,
                            spec.maintenance_policy.empty() ? "none" : spec.maintenance_policy));
  }
  FARHOLM_TRY(auto policy, maintenance::read_policy(object.at("spec")));
  return std::optional(std::move(policy));
}

Result<std::optional<profile::SitePlan>> read_previous(io::Files& files, const trust::Root& root,
                                                       const std::string& path) {
  if (path.empty()) return std::optional<profile::SitePlan>();
  FARHOLM_TRY(const auto text, io::read_file_if_exists(files, path, trust::Envelope::kBytesMax));
  if (!text) return std::optional<profile::SitePlan>();
  FARHOLM_TRY(const auto verified, trust::verify_plan_envelope(root, *text));
  FARHOLM_TRY(auto plan, profile::parse_plan(verified.payload));
  return std::optional(std::move(plan));
}

}  // namespace

Result<std::string> make_plan(const io::World& world, const PlanOptions& options) {
  FARHOLM_TRY(const auto key, read_key(world.files, options.key));
  FARHOLM_TRY(const auto root_text, read_text(world.files, options.root));
  FARHOLM_TRY(const auto root, trust::Root::parse(root_text));
  FARHOLM_TRY(const auto catalog, FolderCatalog::open(world.files, root, options.bundles));
  FARHOLM_TRY(const auto profile_object,
              read_object(world.files, options.profile, profile::cluster_profile_kind()));
  FARHOLM_TRY(const auto site_object, read_object(world.files, options.site, profile::site_kind()));
  FARHOLM_TRY(const auto hosts, read_hosts(world.files, options.hosts));
  FARHOLM_TRY(const auto secrets, read_secrets(world.files, options.secrets));
  FARHOLM_TRY(const auto previous, read_previous(world.files, root, options.previous));

  FARHOLM_TRY(const auto frozen, profile::freeze(profile_object["spec"], catalog));
  for (const auto& blob : frozen.blobs) FARHOLM_CHECK(put_blob(world.files, options.content, blob.bytes));

  const auto& site_metadata = site_object["metadata"];
  const auto& profile_metadata = profile_object["metadata"];
  profile::PlanRequest request;
  request.site = {.uid = {},
                  .name_space = json::string_or(site_metadata, "namespace", "default"),
                  .name = json::string_or(site_metadata, "name")};
  // Without a hub nobody gives UIDs: the one in the file, else the plan's before, else a new one.
  request.site.uid =
      json::string_or(site_metadata, "uid", previous ? previous->site_uid : io::random_uuid(world.entropy));
  request.spec = profile::read_site_spec(site_object["spec"]);
  FARHOLM_TRY(request.maintenance, read_maintenance(world.files, options.maintenance_policy, request.spec));
  request.revision = frozen.numbered(json::string_or(profile_metadata, "name"),
                                     json::string_or(profile_metadata, "namespace", "default"),
                                     previous ? previous->revision + 1 : 1);
  for (const auto& entry : hosts) request.hosts.push_back(entry.host);
  FARHOLM_TRY(request.sealed, seal(world, options.content, request.revision, request.spec, request.site.uid,
                                   hosts, secrets, previous));
  for (const auto& layer : profile::read_profile_spec(profile_object["spec"]).layers) {
    if (layer.type != "kubernetes") continue;
    request.pod_subnet = layer.pod_subnet;
    request.service_subnet = layer.service_subnet;
  }
  request.epoch = previous ? previous->epoch : 1;
  request.generation = previous ? previous->generation + 1 : 1;
  if (previous) request.previous_nodes = previous->nodes;
  FARHOLM_TRY(const auto plan, profile::make_plan(request));
  if (previous) {
    auto same_revision = plan;
    same_revision.revision = previous->revision;
    if (profile::same_wish(*previous, same_revision)) {
      return fmt::format("{} wants nothing else than generation {}: no new plan is needed\n",
                         request.site.name, previous->generation);
    }
  }
  FARHOLM_TRY(const auto value, json::parse(profile::to_payload(plan)));
  FARHOLM_TRY(const auto envelope, trust::sign_plan(value, {key}));
  FARHOLM_CHECK(io::write_file_atomically(world.files, options.output, envelope, 0644));
  std::string text = fmt::format("Signed {} for {}/{}: epoch {}, generation {}, {} nodes on {}\n",
                                 options.output, plan.site_namespace, plan.site_name, plan.epoch,
                                 plan.generation, plan.nodes.size(), plan.subnet);
  for (const auto& layer : plan.layers) {
    text += fmt::format("  {:<12} {:<11} {}\n", layer.name, layer.type, layer.blob);
  }
  return text;
}

}  // namespace farholm::cli
