#include "hub/planner.h"

#include <fmt/format.h>

#include <algorithm>

#include "hub/host.h"
#include "hub/resources.h"
#include "object/metadata.h"
#include "object/selector.h"
#include "profile/freeze.h"
#include "profile/site.h"
#include "trust/envelope.h"
#include "trust/plan_acceptance.h"
#include "trust/sealed_value.h"

namespace farholm::hub {
namespace {

constexpr std::size_t kVersionDigits = 16;

std::unexpected<Error> invalid(ErrorCause cause) {
  Error error{
      .code = ErrorCode::Invalid, .message = cause.field + ": " + cause.message, .trail = {}, .causes = {}};
  error.causes.push_back(std::move(cause));
  return std::unexpected(std::move(error));
}

std::string variable_path(const std::string& name) {
  return "spec.variables." + name;
}

// The bytes under a key of a Secret.
std::optional<std::vector<std::byte>> secret_bytes(const store::Store& store, const std::string& name_space,
                                                   const profile::SecretReference& reference) {
  const auto secret = store.get(key_of(kSecrets, name_space, reference.name));
  if (secret == nullptr) return std::nullopt;
  const auto* data = json::find_object(secret->value, "data");
  const auto* text = data == nullptr ? nullptr : json::find_string(*data, reference.key);
  return text == nullptr ? std::nullopt : from_base64(*text);
}

std::optional<crypto::SealingPublicKey> sealing_key_of(const std::string& text) {
  const auto bytes = from_base64(text);
  crypto::SealingPublicKey key;
  if (!bytes || bytes->size() != key.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

}  // namespace

Result<std::vector<store::EntryRef>> Planner::select_hosts(const store::Entry& site) const {
  const auto* selector_json = json::find_path(site.value, {"spec", "hosts", "selector"});
  if (selector_json == nullptr) return std::vector<store::EntryRef>();
  FARHOLM_TRY(const auto selector, object::LabelSelector::from_json(*selector_json));
  std::vector<store::EntryRef> hosts;
  // As in Kubernetes an empty selector selects everything; here that is never what was meant.
  if (selector.empty()) return hosts;
  FARHOLM_TRY(const auto listed, parts_.store.list(kHosts, {.name_space = site.key.name_space}));
  for (const auto& host : listed.entries) {
    if (!may_join(host->value) || !selector.matches_object(host->value)) continue;
    const auto owner = status_text(host->value, "site");
    if (!owner.empty() && owner != site.key.name &&
        parts_.store.get(key_of(kSites, site.key.name_space, owner)) != nullptr) {
      return invalid(
          {.reason = "FieldValueInvalid",
           .message = fmt::format("selects EdgeHost {}, which belongs to site {}: a host belongs to "
                                  "one site; change the labels or a selector",
                                  host->key.name, owner),
           .field = "spec.hosts.selector"});
    }
    hosts.push_back(host);
  }
  return hosts;
}

Result<profile::Revision> Planner::find_revision(const store::Entry& site,
                                                 const profile::SiteSpec& spec) const {
  const std::string name_space =
      spec.profile_namespace.empty() ? site.key.name_space : spec.profile_namespace;
  const auto profile = parts_.store.get(key_of(kProfiles, name_space, spec.profile));
  if (profile == nullptr) {
    return invalid(
        {.reason = "FieldValueNotFound",
         .message = fmt::format("there is no ClusterProfile {} in namespace {}", spec.profile, name_space),
         .field = "spec.profile.name"});
  }
  if (name_space != site.key.name_space) {
    const auto* shared = json::find_path(profile->value, {"spec", "sharedWith"});
    if (shared == nullptr || !shared->is_array() ||
        std::find(shared->begin(), shared->end(), json::Value(site.key.name_space)) == shared->end()) {
      return invalid(
          {.reason = "FieldValueForbidden",
           .message = fmt::format("ClusterProfile {}/{} is not shared with namespace {}: add it to "
                                  "the profile's spec.sharedWith",
                                  name_space, spec.profile, site.key.name_space),
           .field = "spec.profile.namespace"});
    }
  }
  const auto* status = json::find_object(profile->value, "status");
  const auto number = spec.revision ? *spec.revision
                      : status      ? json::find_integer(*status, "latestRevision").value_or(0)
                                    : 0;
  const auto entry =
      parts_.store.get(key_of(kRevisions, name_space, profile::revision_object_name(spec.profile, number)));
  if (entry == nullptr) {
    return invalid({.reason = "FieldValueNotFound",
                    .message = fmt::format("ClusterProfile {} has no revision {}", spec.profile, number),
                    .field = "spec.profile.revision"});
  }
  return profile::read_revision(entry->value);
}

Result<std::optional<maintenance::Policy>> Planner::find_maintenance(const store::Entry& site,
                                                                     const profile::SiteSpec& spec) const {
  if (spec.maintenance_policy.empty()) return std::nullopt;
  const auto entry =
      parts_.store.get(key_of(kMaintenancePolicies, site.key.name_space, spec.maintenance_policy));
  // Without it the site would be changed at any time: it keeps the plan that it has.
  if (entry == nullptr) {
    return invalid({.reason = "FieldValueNotFound",
                    .message = fmt::format("there is no MaintenancePolicy {} in namespace {}",
                                           spec.maintenance_policy, site.key.name_space),
                    .field = "spec.maintenancePolicy.name"});
  }
  FARHOLM_TRY(auto policy, maintenance::read_policy(entry->value.at("spec")));
  return std::optional(std::move(policy));
}

Result<void> Planner::read_subnets(profile::PlanRequest& request) {
  for (const auto& layer : request.revision.layers) {
    if (layer.type != "kubernetes") continue;
    FARHOLM_TRY(const auto digest, content::Digest::parse(layer.blob));
    FARHOLM_TRY(const auto text, parts_.content.read(digest, profile::kLayerBlobBytesMax));
    FARHOLM_TRY(const auto blob, json::parse(text));
    request.pod_subnet = json::string_or(blob, "podSubnet");
    request.service_subnet = json::string_or(blob, "serviceSubnet");
  }
  return {};
}

Result<void> Planner::seal(const store::Entry& site, profile::PlanRequest& request,
                           const std::vector<store::EntryRef>& hosts,
                           const std::optional<PlannedSite>& before) {
  for (const auto& [name, reference] : profile::sealed_variables(request.revision, request.spec)) {
    const auto bytes = secret_bytes(parts_.store, site.key.name_space, reference);
    if (!bytes) continue;  // make_plan says which one is missing
    const auto variable = std::find_if(request.revision.variables.begin(), request.revision.variables.end(),
                                       [&](const auto& one) { return one.name == name; });
    FARHOLM_ASSERT(variable != request.revision.variables.end());
    const auto value = profile::value_from_secret(*variable, as_text(*bytes));
    if (!value) {
      return invalid({.reason = "FieldValueInvalid",
                      .message = fmt::format("the value in Secret {} under {} does not fit: {}",
                                             reference.name, reference.key, value.error().message),
                      .field = variable_path(name) + ".secretRef"});
    }
    FARHOLM_TRY(const auto plain, json::to_canonical_text(*value));
    const auto mac =
        crypto::hmac_sha256(parts_.version_key, as_bytes(request.site.uid + "\n" + name + "\n" + plain));
    profile::SealedVariable sealed{.version = to_hex(mac).substr(0, kVersionDigits), .envelopes = {}};
    for (const auto& host : hosts) {
      const auto uid = object::uid_of(host->value);
      const auto key_text = status_text(host->value, "sealingKey");
      // Sealing draws randomness: what was sealed before, for the same key, stays, or no plan would be like
      // another.
      if (before) {
        const auto old = before->plan.sealed.find(name);
        const auto old_key = before->record.hosts.find(uid);
        if (old != before->plan.sealed.end() && old->second.version == sealed.version &&
            old->second.envelopes.contains(uid) && old_key != before->record.hosts.end() &&
            old_key->second == key_text) {
          sealed.envelopes.emplace(uid, old->second.envelopes.at(uid));
          continue;
        }
      }
      const auto key = sealing_key_of(key_text);
      if (!key) continue;  // make_plan says for which host it could not be sealed
      FARHOLM_TRY(const auto blob,
                  trust::seal_value(*key, {.site = request.site.uid, .name = name, .version = sealed.version},
                                    plain, parts_.world.entropy));
      FARHOLM_TRY(const auto digest, parts_.content.put(blob));
      sealed.envelopes.emplace(uid, digest.to_string());
    }
    request.sealed.emplace(name, std::move(sealed));
  }
  return {};
}

std::optional<PlannedSite> Planner::planned(const store::Entry& site) {
  const auto entry = parts_.store.get(key_of(kPlans, site.key.name_space, site.key.name));
  if (entry == nullptr) return std::nullopt;
  auto record = read_plan_record(entry->value);
  // A site that was deleted and made again is another one.
  if (!record || record->site_uid != object::uid_of(site.value)) return std::nullopt;
  const auto digest = content::Digest::parse(record->envelope);
  if (!digest) return std::nullopt;
  const auto text = parts_.content.read(*digest, trust::Envelope::kBytesMax);
  if (!text) return std::nullopt;
  const auto envelope = trust::parse_envelope(*text);
  if (!envelope) return std::nullopt;
  auto plan = profile::parse_plan(envelope->payload);
  if (!plan) return std::nullopt;
  PlannedSite planned{.record = std::move(*record), .plan = std::move(*plan), .hosts = {}};
  for (const auto& host : planned.plan.hosts) {
    auto there = parts_.store.get(key_of(kHosts, site.key.name_space, host.name));
    if (there && object::uid_of(there->value) == host.uid) planned.hosts.push_back(std::move(there));
  }
  return planned;
}

Result<Wish> Planner::wish(const store::Entry& site) {
  const auto* spec = json::find_object(site.value, "spec");
  if (spec == nullptr) return fail(ErrorCode::Invalid, "the site has no spec");
  profile::PlanRequest request{.site = {object::uid_of(site.value), site.key.name_space, site.key.name},
                               .spec = profile::read_site_spec(*spec)};
  FARHOLM_TRY(request.revision, find_revision(site, request.spec));
  FARHOLM_TRY(request.maintenance, find_maintenance(site, request.spec));
  FARHOLM_TRY(auto hosts, select_hosts(site));
  for (const auto& host : hosts)
    request.hosts.push_back(
        {host->key.name, object::uid_of(host->value), status_text(host->value, "machineID")});
  FARHOLM_CHECK(read_subnets(request));
  auto before = planned(site);
  FARHOLM_CHECK(seal(site, request, hosts, before));
  // A record whose plan cannot be read still counts: its number was given out.
  const auto record_entry = parts_.store.get(key_of(kPlans, site.key.name_space, site.key.name));
  const auto record = record_entry ? read_plan_record(record_entry->value) : std::nullopt;
  request.epoch = kEpoch;
  request.generation = record && record->site_uid == request.site.uid ? record->generation + 1 : 1;
  if (before) request.previous_nodes = before->plan.nodes;
  FARHOLM_TRY(auto plan, profile::make_plan(request));
  auto payload = profile::to_payload(plan);
  if (payload.size() > profile::kPlanBytesMax) {
    return fail(ErrorCode::Invalid, fmt::format("the plan would have {} bytes, {} are possible: use fewer "
                                                "or shorter variables",
                                                payload.size(), profile::kPlanBytesMax));
  }
  return Wish{.plan = std::move(plan),
              .payload = std::move(payload),
              .hosts = std::move(hosts),
              .before = std::move(before)};
}

Result<PlannedSite> Planner::plan(const store::Entry& site) {
  FARHOLM_TRY(auto wanted, wish(site));
  auto& [plan, payload, hosts, before] = wanted;
  if (before && profile::same_wish(before->plan, plan)) {
    return PlannedSite{.record = before->record, .plan = before->plan, .hosts = std::move(hosts)};
  }
  const auto envelope = trust::to_text(
      trust::sign_envelope(std::string(profile::kPlanPayloadType), payload, {parts_.authority.plan_key()}));
  FARHOLM_TRY(const auto digest, parts_.content.put(envelope));
  PlannedSite made{.record = {.site_uid = plan.site_uid,
                              .epoch = plan.epoch,
                              .generation = plan.generation,
                              .payload = crypto::Digest::of(payload).to_string(),
                              .envelope = digest.to_string(),
                              .size_bytes = envelope.size(),
                              .hosts = {}},
                   .plan = std::move(plan),
                   .hosts = std::move(hosts)};
  for (const auto& host : made.hosts)
    made.record.hosts.emplace(object::uid_of(host->value), status_text(host->value, "sealingKey"));
  return made;
}

json::Value Planner::listeners_of(const profile::SitePlan& plan) {
  json::Value listeners = json::Value::array();
  for (const auto& layer : plan.layers) {
    if (layer.type != "kubernetes") continue;
    const auto digest = content::Digest::parse(layer.blob);
    const auto text = digest ? parts_.content.read(*digest, profile::kLayerBlobBytesMax)
                             : Result<std::string>(std::unexpected(digest.error()));
    const auto blob = text ? json::parse(*text) : Result<json::Value>(std::unexpected(text.error()));
    if (!blob) continue;
    if (const auto port = json::find_integer(*blob, "apiPort"))
      listeners.push_back({{"name", "kubernetes-api"}, {"port", *port}});
    if (const auto* listed = json::find_array(*blob, "listeners"))
      for (const auto& listener : *listed) listeners.push_back(listener);
  }
  return listeners;
}

}  // namespace farholm::hub
