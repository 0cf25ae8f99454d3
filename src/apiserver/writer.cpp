#include "apiserver/writer.h"

#include <optional>

#include "apiserver/built_in_kinds.h"
#include "apiserver/object_input.h"
#include "apiserver/writer_rules.h"
#include "object/metadata.h"
#include "object/strategic_merge.h"

namespace farholm::apiserver {

using object::Answer;
using object::bad_request;
using object::Failure;
using object::KindDescriptor;

namespace {

// How often a write is computed again because somebody else was faster.
constexpr int kAttemptsMax = 16;
constexpr std::size_t kNameSuffixLength = 5;

json::Value served(const ServedKind& kind, const json::Value& stored) {
  return kind.from_stored ? kind.from_stored(stored) : stored;
}
json::Value stored(const ServedKind& kind, json::Value served) {
  return kind.to_stored ? kind.to_stored(served) : std::move(served);
}

bool is_namespace(const KindDescriptor& kind) {
  return kind.group.empty() && kind.kind == "Namespace";
}

object::Failure still_modified(const Target& target) {
  return object::modified(target.kind.descriptor, target.name);
}

// A decision on the namespace that new content goes into: it must be there and must stay.
store::Write require_namespace(const Target& target, const std::string& name,
                               std::shared_ptr<std::optional<Failure>> why) {
  return {{std::string(kNamespaces), "", target.name_space},
          [&kind = target.kind.descriptor, ns = target.name_space, name,
           why](const store::Entry* current) -> Result<store::Change> {
            if (!current) {
              *why = object::not_found(namespace_kind(), ns);
            } else if (object::is_being_deleted(current->value)) {
              *why = namespace_terminating(kind, name, ns);
            } else {
              return store::Change::keep();
            }
            return std::unexpected((*why)->error);
          }};
}

io::Task<Answer<std::vector<store::Write>>> admit(const Target& target, Operation operation,
                                                  const json::Value* old, json::Value& object, bool dry_run) {
  if (!target.kind.admission) co_return std::vector<store::Write>();
  AdmissionRequest request{.kind = target.kind.descriptor,
                           .operation = operation,
                           .subresource = target.subresource,
                           .user = target.user,
                           .old = old,
                           .object = object,
                           .dry_run = dry_run};
  co_return co_await target.kind.admission->admit(std::move(request));
}

}  // namespace

io::Task<Answer<bool>> Writer::commit(const Target& target, store::EntryRef expected, store::Change change,
                                      std::vector<store::Write> further, store::EntryRef& now) {
  auto why = std::make_shared<std::optional<Failure>>();
  auto raced = std::make_shared<bool>(false);
  std::vector<store::Write> writes;
  const bool creates = expected == nullptr;
  const std::string name = creates ? object::name_of(change.value) : target.name;
  if (creates && target.kind.descriptor.namespaced) writes.push_back(require_namespace(target, name, why));
  const std::size_t position = writes.size();
  const std::int64_t revision = expected ? expected->revision : 0;
  writes.push_back(
      {target.kind.key(target.name_space, name),
       [change = std::move(change), revision, raced](const store::Entry* current) -> Result<store::Change> {
         if ((current ? current->revision : 0) == revision) return change;
         *raced = true;
         return fail(ErrorCode::Conflict, "the object has changed meanwhile");
       }});
  for (auto& write : further) writes.push_back(std::move(write));
  auto outcomes = co_await store_.commit(std::move(writes));
  if (*raced) co_return false;
  if (*why) co_return std::unexpected(std::move(**why));
  if (!outcomes)
    co_return std::unexpected(Failure(
        std::move(outcomes).error(),
        {.name = name, .group = target.kind.descriptor.group, .kind = target.kind.descriptor.plural}));
  now = (*outcomes)[position].entry;
  co_return true;
}

Answer<void> Writer::stamp_new(const Target& target, json::Value& object) {
  auto& metadata = object::metadata_of(object);
  if (!json::string_or(metadata, "resourceVersion").empty())
    return std::unexpected(bad_request("resourceVersion should not be set on objects to be created"));
  const auto ns = json::string_or(metadata, "namespace");
  if (!ns.empty() && ns != target.name_space)
    return std::unexpected(
        bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  if (target.kind.descriptor.namespaced)
    metadata["namespace"] = target.name_space;
  else
    metadata.erase("namespace");
  for (const char* member : {"resourceVersion", "managedFields", "selfLink", "deletionTimestamp",
                             "deletionGracePeriodSeconds", "generation"})
    metadata.erase(member);
  metadata["uid"] = io::random_uuid(entropy_);
  metadata["creationTimestamp"] = io::to_rfc3339(clock_.now());
  if (!target.kind.descriptor.built_in) metadata["generation"] = 1;
  if (target.kind.descriptor.status_subresource) object.erase("status");
  return {};
}

io::Task<Answer<Written>> Writer::create_once(const Target& target, const WriteOptions& options,
                                              json::Value object) {
  const auto& kind = target.kind.descriptor;
  FARHOLM_CO_CHECK(complete_and_validate(kind, nullptr, object));
  FARHOLM_CO_TRY(auto further, co_await admit(target, Operation::Create, nullptr, object, options.dry_run));
  Written written{.status = 201};
  const auto name = object::name_of(object);
  if (store_.get(target.kind.key(target.name_space, name)))
    co_return std::unexpected(object::already_exists(kind, name));
  if (options.dry_run) {
    written.object = std::move(object);
    co_return written;
  }
  store::EntryRef now;
  auto change = store::Change::put(stored(target.kind, std::move(object)));
  FARHOLM_CO_TRY(const bool committed,
                 co_await commit(target, nullptr, std::move(change), std::move(further), now));
  if (!committed) co_return std::unexpected(object::already_exists(kind, name));
  written.object = served(target.kind, now->value);
  co_return written;
}

io::Task<Answer<Written>> Writer::create(Target target, WriteOptions options, BodyType type,
                                         std::string body) {
  const auto& kind = target.kind.descriptor;
  std::vector<std::string> strict;
  FARHOLM_CO_TRY(auto object, decode_object(kind, type, body, strict));
  body.clear();
  FARHOLM_CO_CHECK(shape_object(kind, object, strict));
  FARHOLM_CO_TRY(auto warnings, judge_strictness(kind, options.field_validation, strict));
  FARHOLM_CO_CHECK(stamp_new(target, object));
  auto& metadata = object::metadata_of(object);
  const auto prefix = json::string_or(metadata, "generateName");
  const bool generates = json::string_or(metadata, "name").empty() && !prefix.empty();
  for (int attempt = 1;; ++attempt) {
    if (generates)
      metadata["name"] = prefix.substr(0, object::kLabelBytesMax - kNameSuffixLength) +
                         io::random_name_suffix(entropy_, kNameSuffixLength);
    auto written = co_await create_once(target, options, object);
    if (!written && generates && attempt < kAttemptsMax &&
        written.error().error.code == ErrorCode::AlreadyExists)
      continue;
    if (written) written->warnings = std::move(warnings);
    co_return written;
  }
}

io::Task<Answer<Written>> Writer::change(Target target, WriteOptions options, bool version_required,
                                         Change compute) {
  const auto& kind = target.kind.descriptor;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto entry = store_.get(target.kind.key(target.name_space, target.name));
    if (!entry) co_return std::unexpected(object::not_found(kind, target.name));
    const auto old = served(target.kind, entry->value);
    std::vector<std::string> strict;
    FARHOLM_CO_TRY(auto changed, compute(old, strict));
    FARHOLM_CO_CHECK(shape_object(kind, changed, strict));
    Written written;
    FARHOLM_CO_TRY(written.warnings, judge_strictness(kind, options.field_validation, strict));
    FARHOLM_CO_CHECK(check_identity(kind, old, changed, version_required));
    carry_over(kind, target.subresource, old, changed);
    FARHOLM_CO_CHECK(complete_and_validate(kind, &old, changed));
    count_generation(kind, old, changed);
    const bool goes =
        object::is_being_deleted(old) && object::finalizers_of(changed).empty() && !is_namespace(kind);
    if (changed == old && !goes) {
      written.object = old;
      co_return written;
    }
    FARHOLM_CO_TRY(auto further, co_await admit(target, Operation::Update, &old, changed, options.dry_run));
    if (options.dry_run) {
      written.object = std::move(changed);
      co_return written;
    }
    store::EntryRef now;
    auto what = goes ? store::Change::remove() : store::Change::put(stored(target.kind, changed));
    FARHOLM_CO_TRY(const bool committed,
                   co_await commit(target, entry, std::move(what), std::move(further), now));
    if (!committed) continue;
    written.object = goes ? std::move(changed) : served(target.kind, now->value);
    co_return written;
  }
  co_return std::unexpected(still_modified(target));
}

io::Task<Answer<Written>> Writer::update(Target target, WriteOptions options, BodyType type,
                                         std::string body) {
  const auto* kind = &target.kind.descriptor;
  std::vector<std::string> duplicates;
  FARHOLM_CO_TRY(auto object, decode_object(*kind, type, body, duplicates));
  Change compute = [object = std::move(object), duplicates](
                       const json::Value&, std::vector<std::string>& strict) -> Answer<json::Value> {
    strict = duplicates;
    return object;
  };
  co_return co_await change(std::move(target), options, /*version_required=*/true, std::move(compute));
}

io::Task<Answer<Written>> Writer::patch(Target target, WriteOptions options, PatchType type,
                                        std::string body) {
  const auto* kind = &target.kind.descriptor;
  std::vector<std::string> duplicates;
  FARHOLM_CO_TRY(auto patch, decode_body(BodyType::Json, body, duplicates));
  if (type != PatchType::Json && !patch.is_object())
    co_return std::unexpected(bad_request("the patch must be a JSON object"));
  Change compute = [patch = std::move(patch), duplicates, type, kind](
                       const json::Value& old, std::vector<std::string>& strict) -> Answer<json::Value> {
    strict = duplicates;
    json::Value changed = old;
    if (type == PatchType::Json) {
      if (auto done = json::apply_json_patch(changed, patch); !done) {
        // What a patch of a secret says is secret too.
        if (kind->built_in) done.error().message = "the patch is malformed or does not apply";
        return std::unexpected(std::move(done).error());
      }
    } else if (type == PatchType::Merge)
      json::apply_merge_patch(changed, patch);
    else
      FARHOLM_CHECK(object::apply_strategic_merge_patch(kind->schema, changed, patch));
    if (!changed.is_object() || json::string_or(changed, "kind") != kind->kind ||
        json::string_or(changed, "apiVersion") != kind->api_version())
      return std::unexpected(bad_request("a patch cannot change apiVersion or kind"));
    return changed;
  };
  co_return co_await change(std::move(target), options, /*version_required=*/false, std::move(compute));
}

io::Task<Answer<Written>> Writer::remove(Target target, DeleteOptions options) {
  const auto& kind = target.kind.descriptor;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto entry = store_.get(target.kind.key(target.name_space, target.name));
    if (!entry) co_return std::unexpected(object::not_found(kind, target.name));
    if (auto holds = store::check_preconditions(*entry, options.preconditions); !holds)
      co_return std::unexpected(
          Failure(holds.error(), {.name = target.name, .group = kind.group, .kind = kind.plural}));
    auto last = served(target.kind, entry->value);
    if (is_namespace(kind) && is_protected_namespace(target.name))
      co_return std::unexpected(Failure(
          {.code = ErrorCode::Forbidden,
           .message = "namespaces \"" + target.name + "\" is forbidden: this namespace may not be deleted"},
          {.name = target.name, .kind = "namespaces"}));
    const bool lingers = is_namespace(kind) || !object::finalizers_of(last).empty();
    Written written;
    if (lingers && object::is_being_deleted(last)) {
      written.object = std::move(last);
      co_return written;
    }
    FARHOLM_CO_TRY(auto further, co_await admit(target, Operation::Delete, &last, last, options.dry_run));
    if (lingers) {
      auto& metadata = object::metadata_of(last);
      metadata["deletionTimestamp"] = io::to_rfc3339(clock_.now());
      metadata["deletionGracePeriodSeconds"] = 0;
      if (!kind.built_in) metadata["generation"] = object::generation_of(last) + 1;
      if (is_namespace(kind)) last["status"]["phase"] = "Terminating";
    }
    store::EntryRef now = entry;
    if (!options.dry_run) {
      auto what = lingers ? store::Change::put(stored(target.kind, last)) : store::Change::remove();
      FARHOLM_CO_TRY(const bool committed,
                     co_await commit(target, entry, std::move(what), std::move(further), now));
      if (!committed) continue;
    }
    if (!lingers)
      written.object = object::success_status(
          {.name = target.name, .group = kind.group, .kind = kind.plural, .uid = object::uid_of(last)});
    else
      written.object = options.dry_run ? std::move(last) : served(target.kind, now->value);
    co_return written;
  }
  co_return std::unexpected(still_modified(target));
}

}  // namespace farholm::apiserver
