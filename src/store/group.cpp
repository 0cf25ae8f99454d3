#include "store/group.h"

#include <fmt/format.h>

#include <algorithm>

namespace farholm::store {
namespace {

Result<void> check_key(const Key& key) {
  for (const auto* part : {&key.resource, &key.name_space, &key.name}) {
    if (part->size() > kKeyPartBytesMax || part->find('\0') != std::string::npos) {
      return fail(ErrorCode::Invalid,
                  fmt::format("a resource, namespace or name has at most {} bytes, none of "
                              "them zero",
                              kKeyPartBytesMax));
    }
  }
  if (key.resource.empty() || key.name.empty()) {
    return fail(ErrorCode::Invalid, "an object needs a resource and a name");
  }
  return {};
}

// The same value as of `revision`. The value has an object `metadata`.
EntryRef make_entry(const Key& key, json::Value value, std::int64_t revision, std::int64_t created_revision) {
  value["metadata"]["resourceVersion"] = std::to_string(revision);
  auto entry = std::make_shared<Entry>();
  entry->key = key;
  entry->revision = revision;
  entry->created_revision = created_revision;
  entry->bytes = json::to_text(value);
  entry->value = std::move(value);
  return entry;
}

bool is_same(const Entry& entry, json::Value& value) {
  value["metadata"]["resourceVersion"] = std::to_string(entry.revision);
  // Comparing values is quick, but 1 and 1.0 are equal to it.
  return value == entry.value && json::to_text(value) == entry.bytes;
}

}  // namespace

EntryRef Group::current(const Key& key) const {
  const auto found = changed_.find(key);
  return found == changed_.end() ? committed_.get(key) : found->second;
}

Result<std::vector<Outcome>> Group::decide(std::span<const Write> writes) {
  const std::size_t events_before = events_.size();
  const std::size_t bytes_before = size_bytes_;
  std::vector<Outcome> outcomes;
  for (const Write& write : writes) {
    auto outcome = decide(write);
    if (outcome) {
      outcomes.push_back(std::move(*outcome));
      continue;
    }
    // Undo, newest first, so that an object that was changed twice is as it was before the first.
    while (events_.size() > events_before) {
      changed_[events_.back()->entry->key] = events_.back()->previous;
      events_.pop_back();
      --revision_;
    }
    size_bytes_ = bytes_before;
    return std::unexpected(std::move(outcome).error());
  }
  return outcomes;
}

Result<Outcome> Group::decide(const Write& write) {
  FARHOLM_CHECK(check_key(write.key));
  const EntryRef previous = current(write.key);
  FARHOLM_TRY(Change change, write.decide(previous.get()));
  Outcome unchanged{.entry = previous, .previous = previous, .changed = false};
  const std::int64_t revision = revision_ + 1;
  EntryRef entry;
  auto type = Event::Type::Deleted;
  switch (change.kind) {
    case Change::Kind::Keep:
      return unchanged;
    case Change::Kind::Remove:
      if (!previous) return unchanged;
      entry = make_entry(write.key, previous->value, revision, previous->created_revision);
      break;
    case Change::Kind::Put:
      if (json::find_object(change.value, "metadata") == nullptr) {
        return fail(ErrorCode::Invalid, "an object needs metadata");
      }
      if (previous && is_same(*previous, change.value)) return unchanged;
      type = previous ? Event::Type::Modified : Event::Type::Added;
      entry = make_entry(write.key, std::move(change.value), revision,
                         previous ? previous->created_revision : revision);
      if (entry->bytes.size() > kObjectBytesMax) {
        return fail(ErrorCode::RequestEntityTooLarge,
                    fmt::format("the object has {} bytes; at most {} are kept", entry->bytes.size(),
                                kObjectBytesMax));
      }
      break;
  }
  revision_ = revision;
  size_bytes_ += entry->bytes.size();
  changed_[write.key] = type == Event::Type::Deleted ? nullptr : entry;
  events_.push_back(std::make_shared<const Event>(Event{type, revision, entry, previous}));
  return Outcome{.entry = std::move(entry), .previous = previous, .changed = true};
}

}  // namespace farholm::store
