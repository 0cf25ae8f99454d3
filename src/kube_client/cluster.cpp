#include "kube_client/cluster.h"

namespace farholm::kube_client {

std::string ObjectRef::to_string() const {
  return kind + " " + (name_space.empty() ? name : name_space + "/" + name);
}

ObjectRef ref_of(const json::Value& object) {
  ObjectRef ref{.api_version = json::string_or(object, "apiVersion"),
                .kind = json::string_or(object, "kind"),
                .name_space = {},
                .name = {}};
  if (const auto* metadata = json::find_object(object, "metadata")) {
    ref.name_space = json::string_or(*metadata, "namespace");
    ref.name = json::string_or(*metadata, "name");
  }
  return ref;
}

bool valid_ref(const ObjectRef& ref) {
  return !ref.api_version.empty() && !ref.kind.empty() && !ref.name.empty();
}

}  // namespace farholm::kube_client
