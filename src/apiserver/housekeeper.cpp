#include "apiserver/housekeeper.h"

#include <algorithm>

#include "apiserver/built_in_kinds.h"
#include "crypto/digest.h"
#include "io/scope.h"
#include "object/custom_resource_definition.h"
#include "object/metadata.h"
#include "object/timestamp.h"

namespace farholm::apiserver {

namespace {

constexpr std::chrono::seconds kBusyInterval(1);   // while a namespace waits for finalizers
constexpr std::chrono::seconds kIdleInterval(60);  // for events; namespaces wake us

// The same at every start, so that UIDs last as long as the kind does.
std::string stable_uid(const std::string& name) {
  const auto hex = crypto::Digest::of("CustomResourceDefinition/" + name).hex();
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-5" + hex.substr(13, 3) + "-a" + hex.substr(17, 3) +
         "-" + hex.substr(20, 12);
}

json::Value condition(const char* type, const char* reason, const char* message, const std::string& since) {
  return {{"type", type},
          {"status", "True"},
          {"reason", reason},
          {"message", message},
          {"lastTransitionTime", since}};
}

}  // namespace

io::Task<Result<void>> Housekeeper::make_namespace(std::string name) {
  const auto* kind = kinds_.find("", "v1", "namespaces");
  if (store_.get(kind->key("", name))) co_return Result<void>();
  const auto body =
      json::to_text({{"apiVersion", "v1"},
                     {"kind", "Namespace"},
                     {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}}});
  Target target{.kind = *kind, .user = {"system:apiserver", {std::string(kMastersGroup)}}};
  auto written = co_await writer_.create(std::move(target), {}, BodyType::Json, body);
  if (!written && written.error().error.code != ErrorCode::AlreadyExists)
    co_return fail_while(std::move(written.error().error), "making namespace " + name);
  co_return Result<void>();
}

json::Value Housekeeper::definition_of(const object::KindDescriptor& kind,
                                       const store::Entry* current) const {
  auto definition = object::custom_resource_definition(kind);
  auto& metadata = definition["metadata"];
  const auto since = current ? json::string_or(*json::find(current->value, "metadata"), "creationTimestamp")
                             : io::to_rfc3339(loop_.clock().now());
  metadata["creationTimestamp"] = since;
  metadata["uid"] = stable_uid(metadata["name"]);
  metadata["generation"] = current ? object::generation_of(current->value) : 1;
  definition["spec"]["conversion"] = {{"strategy", "None"}};
  definition["status"] = {
      {"conditions",
       {condition("NamesAccepted", "NoConflicts", "no conflicts found", since),
        condition("Established", "InitialNamesAccepted", "the initial names have been accepted", since)}},
      {"acceptedNames", definition["spec"]["names"]},
      {"storedVersions", {kind.version}}};
  if (current && json::find(current->value, "spec") &&
      *json::find(current->value, "spec") != definition["spec"])
    metadata["generation"] = object::generation_of(current->value) + 1;
  return definition;
}

io::Task<Result<void>> Housekeeper::make_custom_resource_definitions() {
  const std::string resource(kCustomResourceDefinitions);
  std::vector<store::Write> writes;
  std::vector<std::string> wanted;
  for (const auto& served : kinds_.all()) {
    if (served->descriptor.built_in || served->reviewer != nullptr) continue;
    const auto name = served->descriptor.resource();
    wanted.push_back(name);
    writes.push_back(
        {{resource, "", name},
         [this, &kind = served->descriptor](const store::Entry* current) -> Result<store::Change> {
           return store::Change::put(definition_of(kind, current));
         }});
  }
  FARHOLM_CO_TRY(const auto there, store_.list(resource, {}));
  for (const auto& entry : there.entries)
    if (std::find(wanted.begin(), wanted.end(), entry->key.name) == wanted.end())
      writes.push_back(
          {entry->key, [](const store::Entry*) -> Result<store::Change> { return store::Change::remove(); }});
  if (writes.empty()) co_return Result<void>();
  auto outcomes = co_await store_.commit(std::move(writes));
  if (!outcomes) co_return fail_while(std::move(outcomes).error(), "writing the CustomResourceDefinitions");
  co_return Result<void>();
}

io::Task<bool> Housekeeper::empty_namespace(std::string name) {
  bool empty = true;
  for (const auto& served : kinds_.all()) {
    if (!served->descriptor.namespaced || served->from_stored) continue;
    const auto content = store_.list(served->store_resource, {.name_space = name});
    if (!content) continue;
    for (const auto& entry : content->entries) {
      Target target{.kind = *served,
                    .name_space = name,
                    .name = entry->key.name,
                    .user = {"system:apiserver", {std::string(kMastersGroup)}}};
      auto removed = co_await writer_.remove(std::move(target), {});
      if (!removed && removed.error().error.code != ErrorCode::NotFound)
        log_.warning("cannot delete {} {} of the ending namespace {}: {}", served->descriptor.resource(),
                     entry->key.name, name, removed.error().error.message);
      if (store_.get(entry->key)) empty = false;
    }
  }
  co_return empty;
}

io::Task<bool> Housekeeper::end_namespaces() {
  const std::string resource(kNamespaces);
  const auto all = store_.list(resource, {});
  bool waiting = false;
  if (!all) co_return waiting;
  for (const auto& entry : all->entries) {
    if (!object::is_being_deleted(entry->value)) continue;
    if (!co_await empty_namespace(entry->key.name)) {
      waiting = true;
      continue;
    }
    // Ours is the only finalizer of a namespace's spec; those in its metadata belong to others.
    auto ended =
        co_await store::mutate(store_, entry->key, [](const store::Entry* current) -> Result<store::Change> {
          if (!current || !object::is_being_deleted(current->value) ||
              !object::finalizers_of(current->value).empty())
            return store::Change::keep();
          return store::Change::remove();
        });
    if (!ended || ended->entry) waiting = waiting || (ended && store_.get(entry->key));
  }
  co_return waiting;
}

io::Task<void> Housekeeper::expire_events() {
  const auto all = store_.list(kEvents, {});
  if (!all) co_return;
  const auto oldest = loop_.clock().now() - kEventLifetime;
  std::vector<store::Write> writes;
  for (const auto& entry : all->entries) {
    std::string seen;
    if (const auto* series = json::find(entry->value, "series"))
      seen = json::string_or(*series, "lastObservedTime");
    if (seen.empty()) seen = json::string_or(entry->value, "lastTimestamp");
    // One that came late, from where it was kept, lives as long from then on.
    const auto when = object::parse_rfc3339(seen);
    const auto came =
        object::parse_rfc3339(json::string_or(*json::find(entry->value, "metadata"), "creationTimestamp"));
    if ((when && *when > oldest) || (came && *came > oldest)) continue;
    writes.push_back(
        {entry->key, [](const store::Entry*) -> Result<store::Change> { return store::Change::remove(); }});
    if (writes.size() == store::kBatchWritesMax) break;
  }
  if (writes.empty()) co_return;
  if (auto done = co_await store_.commit(std::move(writes)); !done)
    log_.warning("cannot remove old events: {}", done.error().to_string());
}

io::Task<void> Housekeeper::run() {
  std::unique_ptr<store::Watch> changes;
  while (true) {
    if (!changes) {
      auto watch = store_.watch({.resource = std::string(kNamespaces)});
      if (watch) changes = std::move(*watch);
    }
    co_await expire_events();
    const bool waiting = co_await end_namespaces();
    auto timer = [](io::Loop& loop, io::Duration duration) -> io::Task<int> {
      co_await loop.sleep(duration);
      co_return 0;
    }(loop_, waiting ? io::Duration(kBusyInterval) : io::Duration(kIdleInterval));
    if (!changes) {
      co_await std::move(timer);
      continue;
    }
    auto first = co_await io::first_of<Result<std::vector<store::EventRef>>, int>(loop_, changes->next(),
                                                                                  std::move(timer));
    if (first.index() == 0 && !std::get<0>(first)) changes.reset();  // fell behind: begin again
  }
}

}  // namespace farholm::apiserver
