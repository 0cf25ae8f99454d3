#include "kube_client/fake_cluster.h"

#include <fmt/format.h>

#include "base/assert.h"

namespace farholm::kube_client {
namespace {

bool selected(const json::Value& object, const Selection& selection) {
  const auto ref = ref_of(object);
  if (ref.api_version != selection.api_version || ref.kind != selection.kind) return false;
  if (selection.label_selector.empty()) return true;
  const auto equals = selection.label_selector.find('=');
  const std::string key = selection.label_selector.substr(0, equals);
  const auto* label = json::find_path(object, {"metadata", "labels", key});
  if (equals == std::string::npos) return label != nullptr;
  return label != nullptr && *label == selection.label_selector.substr(equals + 1);
}

// As fieldsV1 names the fields of an object: {"f:spec":{"f:replicas":{}}}; lists are one field here.
json::Value fields_of(const json::Value& value) {
  json::Value fields = json::Value::object();
  if (value.is_object())
    for (const auto& [name, member] : value.items()) fields["f:" + name] = fields_of(member);
  return fields;
}

// Takes the fields of a patch out of those that somebody has.
void take_fields(json::Value& fields, const json::Value& patch) {
  for (const auto& [name, member] : patch.items()) {
    const auto field = "f:" + name;
    if (!fields.contains(field)) continue;
    if (member.is_object())
      take_fields(fields[field], member);
    else
      fields.erase(field);
  }
}

json::Value managed(const json::Value& applied, const std::string& manager) {
  json::Value mine = applied;
  for (const auto* name : {"apiVersion", "kind"}) mine.erase(name);
  for (const auto* name : {"name", "namespace", "uid", "generation", "resourceVersion", "managedFields"})
    mine["metadata"].erase(name);
  return json::Value::array({{{"manager", manager}, {"operation", "Apply"}, {"fieldsV1", fields_of(mine)}}});
}

}  // namespace

void FakeCluster::stored(json::Value& object) {
  object["metadata"]["resourceVersion"] = std::to_string(++revision_);
  changed_.notify();
}

io::Task<Result<bool>> FakeCluster::is_namespaced(std::string, std::string kind) {
  co_return kind != "Namespace" && !kind.starts_with("Cluster") && kind != "StorageClass";
}

io::Task<Result<json::Value>> FakeCluster::get(ObjectRef ref) {
  if (failure_) co_return std::unexpected(*failure_);
  const auto found = objects_.find(ref);
  if (found == objects_.end()) co_return fail(ErrorCode::NotFound, ref.to_string() + " not found");
  co_return found->second;
}

io::Task<Result<std::vector<json::Value>>> FakeCluster::list(Selection selection) {
  if (failure_) co_return std::unexpected(*failure_);
  std::vector<json::Value> items;
  for (const auto& [ref, object] : objects_) {
    if (selected(object, selection)) items.push_back(object);
  }
  co_return items;
}

io::Task<Result<json::Value>> FakeCluster::apply(json::Value object, std::string manager) {
  if (failure_) co_return std::unexpected(*failure_);
  ++applies_;
  const auto ref = ref_of(object);
  FARHOLM_ASSERT(valid_ref(ref));
  auto found = objects_.find(ref);
  object["metadata"]["managedFields"] = managed(object, manager);
  if (found == objects_.end()) {
    object["metadata"]["uid"] = fmt::format("uid-{}", revision_ + 1);
    object["metadata"]["generation"] = 1;
    stored(object);
    found = objects_.emplace(ref, std::move(object)).first;
    co_return found->second;
  }
  json::Value merged = found->second;
  json::apply_merge_patch(merged, object);
  if (merged == found->second) co_return merged;
  if (immutable_.contains(ref)) {
    co_return fail(ErrorCode::Invalid, ref.to_string() + " is invalid: spec.selector: field is immutable");
  }
  const auto spec = [](const json::Value& value) {
    json::Value rest = value;
    rest.erase("metadata");
    rest.erase("status");
    return rest;
  };
  if (spec(merged) != spec(found->second)) {
    merged["metadata"]["generation"] = merged["metadata"]["generation"].get<std::int64_t>() + 1;
  }
  stored(merged);
  found->second = std::move(merged);
  co_return found->second;
}

io::Task<Result<void>> FakeCluster::remove(ObjectRef ref, std::string uid, Propagation) {
  if (failure_) co_return std::unexpected(*failure_);
  const auto found = objects_.find(ref);
  if (found == objects_.end()) co_return Result<void>{};
  if (!uid.empty() && found->second["metadata"]["uid"] != uid) {
    co_return fail(ErrorCode::Conflict, "the UID in the precondition does not match");
  }
  objects_.erase(found);
  changed_.notify();
  co_return Result<void>{};
}

io::Task<Result<void>> FakeCluster::watch(Selection selection,
                                          std::function<void(const WatchEvent&)> on_event) {
  std::map<ObjectRef, json::Value> seen;
  while (true) {
    if (failure_) co_return std::unexpected(*failure_);
    for (const auto& [ref, object] : objects_) {
      if (!selected(object, selection)) continue;
      auto& known = seen[ref];
      if (known == object) continue;
      const auto type = known.is_null() ? WatchEvent::Type::Added : WatchEvent::Type::Modified;
      known = object;
      on_event({.type = type, .object = object});
    }
    for (auto entry = seen.begin(); entry != seen.end();) {
      if (objects_.contains(entry->first)) {
        ++entry;
        continue;
      }
      on_event({.type = WatchEvent::Type::Deleted, .object = entry->second});
      entry = seen.erase(entry);
    }
    co_await changed_.wait();
  }
}

io::Task<Result<std::string>> FakeCluster::get_raw(std::string) {
  co_return "ok";
}

void FakeCluster::put_status(const ObjectRef& ref, json::Value status) {
  auto& object = objects_.at(ref);
  object["status"] = std::move(status);
  stored(object);
}

void FakeCluster::touch_spec(const ObjectRef& ref, const json::Value& merge_patch) {
  auto& object = objects_.at(ref);
  json::apply_merge_patch(object, merge_patch);
  for (auto& entry : object["metadata"]["managedFields"]) take_fields(entry["fieldsV1"], merge_patch);
  object["metadata"]["generation"] = object["metadata"]["generation"].get<std::int64_t>() + 1;
  stored(object);
}

void FakeCluster::erase(const ObjectRef& ref) {
  objects_.erase(ref);
  changed_.notify();
}

}  // namespace farholm::kube_client
