#include "store/resource_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace farholm::store {
namespace {

// An event's share of memory beside the bytes of its entry, roughly.
constexpr std::size_t kEventOverheadBytes = 512;

std::size_t cost_bytes(const Event& event) {
  return event.entry->bytes.size() + kEventOverheadBytes;
}

}  // namespace

EntryRef ResourceTable::get(const std::string& name_space, const std::string& name) const {
  const auto found = entries_.find({name_space, name});
  return found == entries_.end() ? nullptr : found->second;
}

Result<void> ResourceTable::check_remembered(std::int64_t revision) const {
  if (revision >= lost_revision_) return {};
  return fail(ErrorCode::Expired, fmt::format("too old resource version: {} ({})", revision, lost_revision_));
}

// For each object that changed after `revision`, what it was then (nullptr: it was not there).
ResourceTable::Entries ResourceTable::states_changed_since(std::int64_t revision) const {
  Entries states;
  for (auto event = events_.rbegin(); event != events_.rend() && (*event)->revision > revision; ++event) {
    const Key& key = (*event)->entry->key;
    states[{key.name_space, key.name}] = (*event)->previous;
  }
  return states;
}

Result<ListResult> ResourceTable::list(const ListOptions& options, std::int64_t revision) const {
  FARHOLM_CHECK(check_remembered(revision));
  const Entries changed = states_changed_since(revision);
  const Name start = options.after        ? *options.after
                     : options.name_space ? Name(*options.name_space, "")
                                          : Name();
  // No name is empty, so upper_bound of (namespace, "") is the namespace's first object.
  auto now = entries_.upper_bound(start);
  auto then = changed.upper_bound(start);
  ListResult result{.entries = {}, .revision = revision};
  while (now != entries_.end() || then != changed.end()) {
    const bool from_then = then != changed.end() && (now == entries_.end() || then->first <= now->first);
    const bool both = from_then && now != entries_.end() && then->first == now->first;
    const auto& [name, entry] = from_then ? *then : *now;
    if (from_then) ++then;
    if (!from_then || both) ++now;
    if (options.name_space && name.first != *options.name_space) {
      if (name.first > *options.name_space) break;
      continue;
    }
    if (!entry) continue;
    if (options.limit != 0 && result.entries.size() == options.limit) {
      ++result.remaining;
    } else {
      result.entries.push_back(entry);
    }
  }
  return result;
}

void ResourceTable::restore(EntryRef entry) {
  Name name(entry->key.name_space, entry->key.name);
  entries_[std::move(name)] = std::move(entry);
}

void ResourceTable::apply(EventRef event) {
  FARHOLM_ASSERT(events_.empty() || events_.back()->revision < event->revision);
  Name name(event->entry->key.name_space, event->entry->key.name);
  if (event->type == Event::Type::Deleted) {
    entries_.erase(name);
  } else {
    entries_[std::move(name)] = event->entry;
  }
  history_bytes_ += cost_bytes(*event);
  events_.push_back(std::move(event));
  while (events_.size() > 1 && (events_.size() > kHistoryEventsMax || history_bytes_ > history_bytes_max_)) {
    forget_first();
  }
}

void ResourceTable::forget_first() {
  lost_revision_ = events_.front()->revision;
  history_bytes_ -= cost_bytes(*events_.front());
  events_.pop_front();
  ++first_position_;
}

void ResourceTable::forget_until(std::int64_t revision) {
  while (!events_.empty() && events_.front()->revision <= revision) forget_first();
}

Result<std::uint64_t> ResourceTable::position_after(std::int64_t revision) const {
  FARHOLM_CHECK(check_remembered(revision));
  const auto found =
      std::upper_bound(events_.begin(), events_.end(), revision,
                       [](std::int64_t value, const EventRef& event) { return value < event->revision; });
  return first_position_ + static_cast<std::uint64_t>(found - events_.begin());
}

}  // namespace farholm::store
