#include "hub/preview_objects.h"

#include "apiserver/writer.h"
#include "hub/profile_admission.h"
#include "object/metadata.h"
#include "profile/kinds.h"

namespace farholm::hub {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

void add_removals(const json::Value& last_applied, json::Value& patch) {
  if (!last_applied.is_object() || !patch.is_object()) return;
  for (const auto& [name, value] : last_applied.items()) {
    if (patch.contains(name))
      add_removals(value, patch[name]);
    else
      patch[name] = nullptr;
  }
}

}  // namespace

json::Value apply_patch(const json::Value& last_applied, const json::Value& applied) {
  json::Value patch = applied;
  // kubectl writes its own annotation into what it sends: there are always some.
  if (auto& metadata = object::metadata_of(patch); !metadata.contains("annotations"))
    metadata["annotations"] = json::Value::object();
  add_removals(last_applied, patch);
  return patch;
}

apiserver::Attempt PreviewObjects::attempt(const store::Key& key, std::string_view verb) const {
  return {.user = user_,
          .verb = std::string(verb),
          .on_resource = true,
          .group = std::string(profile::kGroup),
          .version = std::string(profile::kVersion),
          .resource = key.resource.substr(key.resource.find('/') + 1),
          .subresource = {},
          .name_space = key.name_space,
          .name = key.name,
          .path = {}};
}

bool PreviewObjects::allowed(const store::Key& key, std::string_view verb) const {
  return parts_.authorizer.authorize(attempt(key, verb)).allowed;
}

io::Task<object::Answer<std::vector<store::Key>>> PreviewObjects::apply(const json::Value& objects,
                                                                        std::string name_space) {
  ProfileAdmission admission(
      {parts_.world.clock, parts_.world.entropy, parts_.store, parts_.blobs, parts_.catalog});
  apiserver::Kinds kinds;
  kinds.add(profile::cluster_profile_kind(), &admission);
  kinds.add(profile::site_kind());
  apiserver::Writer writer(parts_.store, parts_.world.clock, parts_.world.entropy);
  const apiserver::WriteOptions options{.dry_run = false,
                                        .field_validation = apiserver::FieldValidation::Strict};
  std::vector<store::Key> keys;
  for (const auto& one : objects) {
    const bool is_site = json::string_or(one, "kind") == "Site";
    const auto* kind = kinds.find(profile::kGroup, profile::kVersion, is_site ? "sites" : "clusterprofiles");
    apiserver::Target target{.kind = *kind,
                             .name_space = json::string_or(one["metadata"], "namespace", name_space),
                             .name = object::name_of(one),
                             .subresource = {},
                             .user = user_};
    const auto key = kind->key(target.name_space, target.name);
    const auto there = parts_.store.get(key);
    for (const std::string_view verb : there ? std::initializer_list<std::string_view>{"get", "patch"}
                                             : std::initializer_list<std::string_view>{"create"}) {
      const auto asked = attempt(key, verb);
      if (const auto decision = parts_.authorizer.authorize(asked); !decision.allowed)
        co_return std::unexpected(apiserver::forbidden(asked, decision.reason));
    }
    object::Answer<apiserver::Written> written;
    if (there) {
      const auto last = json::parse(object::annotation_of(there->value, kLastApplied));
      const auto patch = apply_patch(last ? *last : json::Value(), one);
      written = co_await writer.patch(std::move(target), options, apiserver::PatchType::Merge,
                                      json::to_text(patch));
    } else {
      target.name.clear();
      written =
          co_await writer.create(std::move(target), options, apiserver::BodyType::Json, json::to_text(one));
    }
    if (!written) co_return std::unexpected(std::move(written).error());
    keys.push_back(key);
  }
  co_return keys;
}

}  // namespace farholm::hub
