#include "hub/profile_admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "hub/conditions.h"
#include "hub/resources.h"
#include "object/metadata.h"
#include "profile/freeze.h"

namespace farholm::hub {

std::int64_t ProfileAdmission::newest(const json::Value& profile) const {
  if (const auto* status = json::find_object(profile, "status"))
    if (const auto number = json::find_integer(*status, "latestRevision")) return *number;
  // A profile of this name may have been there before: its revisions stay, and numbers are not used twice.
  std::int64_t number = 0;
  const auto listed = parts_.store.list(kRevisions, {.name_space = object::namespace_of(profile)});
  if (!listed) return number;
  for (const auto& entry : listed->entries) {
    const auto* spec = json::find_object(entry->value, "spec");
    if (spec != nullptr && json::string_or(*spec, "profile") == object::name_of(profile))
      number = std::max(number, json::find_integer(*spec, "revision").value_or(0));
  }
  return number;
}

store::Write ProfileAdmission::write_revision(const json::Value& profile,
                                              const profile::Revision& revision) const {
  auto value = profile::to_object(revision);
  auto& metadata = object::metadata_of(value);
  metadata["uid"] = io::random_uuid(parts_.entropy);
  metadata["creationTimestamp"] = io::to_rfc3339(parts_.clock.now());
  metadata["generation"] = 1;
  metadata["ownerReferences"] = json::Value::array({object::owner_reference(profile, /*controller=*/true)});
  return {key_of(kRevisions, revision.name_space, object::name_of(value)),
          [value = std::move(value)](const store::Entry* current) -> Result<store::Change> {
            if (current != nullptr)
              return fail(ErrorCode::Conflict, "the profile changed meanwhile: apply it again");
            return store::Change::put(value);
          }};
}

io::Task<object::Answer<std::vector<store::Write>>> ProfileAdmission::admit(
    apiserver::AdmissionRequest request) {
  std::vector<store::Write> writes;
  if (request.operation == apiserver::Operation::Delete || !request.subresource.empty()) co_return writes;
  auto& profile = request.object;
  const auto* spec = json::find_object(profile, "spec");
  const auto* old_spec = request.old == nullptr ? nullptr : json::find_object(*request.old, "spec");
  if (spec == nullptr || (old_spec != nullptr && *old_spec == *spec)) co_return writes;

  auto frozen = profile::freeze(*spec, parts_.catalog);
  if (!frozen) {
    if (frozen.error().causes.empty()) co_return std::unexpected(object::Failure(std::move(frozen).error()));
    co_return std::unexpected(
        object::invalid(request.kind, object::name_of(profile), std::move(frozen.error().causes)));
  }
  const std::string name = object::name_of(profile);
  const std::string name_space = object::namespace_of(profile);
  std::int64_t number = newest(profile);
  bool is_new = true;
  if (number > 0) {
    const auto entry =
        parts_.store.get(key_of(kRevisions, name_space, profile::revision_object_name(name, number)));
    if (entry) {
      auto latest = profile::read_revision(entry->value);
      is_new = !latest || !frozen->same_as(*latest);
    }
  }
  if (is_new) {
    ++number;
    writes.push_back(write_revision(profile, frozen->numbered(name, name_space, number)));
  }
  if (!request.dry_run)
    for (const auto& blob : frozen->blobs) FARHOLM_CO_CHECK(parts_.content.put(blob.bytes));
  auto& status = profile["status"];
  status["observedGeneration"] = object::generation_of(profile);
  status["latestRevision"] = number;
  status["latestRevisionName"] = profile::revision_object_name(name, number);
  set_condition(profile, {"Ready", "True", "Frozen", fmt::format("The newest state is revision {}.", number)},
                parts_.clock.now());
  co_return writes;
}

}  // namespace farholm::hub
