#include "apiserver/writer_rules.h"

#include "object/metadata.h"

namespace farholm::apiserver {

using object::Answer;
using object::KindDescriptor;

namespace {

void keep(const json::Value& from, json::Value& to, const char* member) {
  if (const auto* value = json::find(from, member))
    to[member] = *value;
  else
    to.erase(member);
}

}  // namespace

Answer<void> check_identity(const KindDescriptor& kind, const json::Value& old, const json::Value& changed,
                            bool version_required) {
  const auto name = object::name_of(old);
  const auto* given = json::find_object(changed, "metadata");
  const auto version = given ? json::string_or(*given, "resourceVersion") : std::string();
  if (const auto given_name = object::name_of(changed); given_name != name)
    return std::unexpected(object::bad_request("the name of the object (" + given_name.substr(0, 256) +
                                               ") does not match the name on the URL (" + name + ")"));
  if (const auto ns = object::namespace_of(changed); !ns.empty() && ns != object::namespace_of(old))
    return std::unexpected(object::bad_request("the namespace of the object (" + ns.substr(0, 256) +
                                               ") does not match the namespace on the URL (" +
                                               object::namespace_of(old) + ")"));
  if (const auto uid = object::uid_of(changed); !uid.empty() && uid != object::uid_of(old))
    return std::unexpected(object::conflict(kind, name,
                                            "Precondition failed: UID in precondition: " + uid.substr(0, 64) +
                                                ", UID in object meta: " + object::uid_of(old)));
  if (version.empty() && version_required && !kind.built_in)
    return std::unexpected(
        object::invalid(kind, name,
                        {{"FieldValueInvalid", "Invalid value: 0x0: must be specified for an update",
                          "metadata.resourceVersion"}}));
  if (!version.empty() && version != json::string_or(*json::find(old, "metadata"), "resourceVersion"))
    return std::unexpected(object::modified(kind, name));
  return {};
}

void carry_over(const KindDescriptor& kind, const std::string& subresource, const json::Value& old,
                json::Value& changed) {
  if (subresource == "status") {
    json::Value result = old;
    keep(changed, result, "status");
    changed = std::move(result);
    return;
  }
  if (subresource == "finalize") {
    json::Value result = old;
    keep(changed, result, "spec");
    changed = std::move(result);
    return;
  }
  const auto& before = *json::find(old, "metadata");
  auto& metadata = object::metadata_of(changed);
  for (const char* member : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
                             "deletionGracePeriodSeconds", "generation", "generateName", "resourceVersion"})
    keep(before, metadata, member);
  metadata.erase("managedFields");
  metadata.erase("selfLink");
  if (kind.status_subresource) keep(old, changed, "status");
  if (kind.group.empty() && kind.kind == "Namespace") keep(old, changed, "spec");
}

void count_generation(const KindDescriptor& kind, const json::Value& old, json::Value& changed) {
  if (kind.built_in) return;
  const auto desired = [&](const json::Value& object) {
    json::Value rest = object;
    rest.erase("metadata");
    if (kind.status_subresource) rest.erase("status");
    return rest;
  };
  if (desired(old) != desired(changed))
    object::metadata_of(changed)["generation"] = object::generation_of(old) + 1;
}

object::Failure namespace_terminating(const KindDescriptor& kind, const std::string& name,
                                      const std::string& name_space) {
  Error error{.code = ErrorCode::Forbidden,
              .message = kind.resource() + " \"" + name +
                         "\" is forbidden: unable to create new content in namespace " + name_space +
                         " because it is being terminated",
              .trail = {},
              .causes = {{"NamespaceTerminating", "namespace " + name_space + " is being terminated",
                          "metadata.namespace"}}};
  return {std::move(error), {.name = name, .group = kind.group, .kind = kind.plural}};
}

bool is_protected_namespace(const std::string& name) {
  return name == "default" || name == "kube-system" || name == "farholm-unassigned";
}

}  // namespace farholm::apiserver
