#include "apiserver/kinds.h"

#include "apiserver/built_in_kinds.h"
#include "base/assert.h"

namespace farholm::apiserver {

std::string store_resource_of(const object::KindDescriptor& kind) {
  return kind.group + "/" + kind.plural;
}

Kinds::Kinds() {
  add(namespace_kind());
  add(secret_kind());
  add(config_map_kind());
  add(service_account_kind());
  add(core_event_kind());
  add(custom_resource_definition_kind());
  auto events = std::make_unique<ServedKind>(event_kind(), std::string(kEvents));
  events->from_stored = event_from_core;
  events->to_stored = event_to_core;
  kinds_.push_back(std::move(events));
}

void Kinds::add(object::KindDescriptor descriptor, Admission* admission) {
  FARHOLM_ASSERT(find(descriptor.group, descriptor.version, descriptor.plural) == nullptr);
  auto resource = store_resource_of(descriptor);
  auto served = std::make_unique<ServedKind>(std::move(descriptor), std::move(resource));
  served->admission = admission;
  kinds_.push_back(std::move(served));
}

void Kinds::add_review(object::KindDescriptor descriptor, Reviewer& reviewer) {
  FARHOLM_ASSERT(descriptor.verbs == std::vector<std::string>{"create"});
  add(std::move(descriptor));
  kinds_.back()->reviewer = &reviewer;
}

const ServedKind* Kinds::find(std::string_view group, std::string_view version,
                              std::string_view resource) const {
  for (const auto& kind : kinds_)
    if (kind->descriptor.group == group && kind->descriptor.version == version &&
        kind->descriptor.plural == resource)
      return kind.get();
  return nullptr;
}

bool Kinds::has_group_version(std::string_view group, std::string_view version) const {
  for (const auto& kind : kinds_)
    if (kind->descriptor.group == group && kind->descriptor.version == version) return true;
  return false;
}

}  // namespace farholm::apiserver
