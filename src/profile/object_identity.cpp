#include "profile/object_identity.h"

#include <fmt/format.h>

#include <array>

#include "object/kind_descriptor.h"
#include "object/metadata.h"

namespace farholm::profile {

namespace {
constexpr std::array kServersFields = {"uid", "resourceVersion", "managedFields", "generateName",
                                       "ownerReferences"};
}

std::string ObjectIdentity::key() const {
  return fmt::format("{}/{}/{}/{}", group, kind, name_space, name);
}

std::string ObjectIdentity::text() const {
  return name_space.empty() ? fmt::format("{} {}", kind, name)
                            : fmt::format("{} {}/{}", kind, name_space, name);
}

ObjectIdentity identity_of(const json::Value& manifest) {
  const std::string api_version = json::string_or(manifest, "apiVersion");
  const auto slash = api_version.find('/');
  return {.group = slash == std::string::npos ? "" : api_version.substr(0, slash),
          .kind = json::string_or(manifest, "kind"),
          .name_space = object::namespace_of(manifest),
          .name = object::name_of(manifest)};
}

std::vector<ErrorCause> check_manifest(const json::Value& manifest, const std::string& path) {
  if (!manifest.is_object()) return {object::field_type_invalid(path, manifest, "must be an object")};
  std::vector<ErrorCause> causes;
  for (const char* field : {"apiVersion", "kind"})
    if (json::string_or(manifest, field).empty())
      causes.push_back(object::field_required(fmt::format("{}.{}", path, field)));
  if (json::string_or(manifest, "kind").ends_with("List") && json::find_array(manifest, "items") != nullptr)
    causes.push_back(object::field_invalid(path + ".kind", json::string_or(manifest, "kind"),
                                           "write the list's items one by one"));
  const auto* metadata = json::find_object(manifest, "metadata");
  if (metadata == nullptr || object::name_of(manifest).empty()) {
    causes.push_back(object::field_required(path + ".metadata.name"));
    return causes;
  }
  for (const char* field : kServersFields)
    if (json::find(*metadata, field) != nullptr)
      causes.push_back(
          object::field_forbidden(fmt::format("{}.metadata.{}", path, field), "leave it to the API server"));
  for (const char* map : {"labels", "annotations"})
    if (const auto* value = json::find(*metadata, map); value != nullptr && !value->is_object())
      causes.push_back(
          object::field_type_invalid(fmt::format("{}.metadata.{}", path, map), *value, "must be an object"));
  return causes;
}

}  // namespace farholm::profile
