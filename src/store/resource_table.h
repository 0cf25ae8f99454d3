// The objects of one resource as they are now, and a bounded history of how they came to be so, from which
// earlier states are worked out and watches are fed. Part of an indexed store. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace farholm::store {

class ResourceTable {
 public:
  // Nothing is known of changes up to `lost_revision`.
  explicit ResourceTable(std::int64_t lost_revision = 0) : lost_revision_(lost_revision) {}

  EntryRef get(const std::string& name_space, const std::string& name) const;
  // Of the state at `revision`, which is not later than the newest change. Expired when the history does not
  // reach back to it.
  Result<ListResult> list(const ListOptions& options, std::int64_t revision) const;
  std::size_t size() const { return entries_.size(); }

  void restore(EntryRef entry);
  void apply(EventRef event);
  void forget_until(std::int64_t revision);
  // Of the bytes of all events; kHistoryBytesMax without.
  void limit_history(std::size_t bytes_max) { history_bytes_max_ = bytes_max; }

  // Events have positions that never change; those in [first, end) are still there.
  std::uint64_t first_position() const { return first_position_; }
  std::uint64_t end_position() const { return first_position_ + events_.size(); }
  const EventRef& event(std::uint64_t position) const { return events_[position - first_position_]; }
  // The position of the first event later than `revision`; Expired when such events may be lost.
  Result<std::uint64_t> position_after(std::int64_t revision) const;

 private:
  using Name = std::pair<std::string, std::string>;  // namespace, name
  using Entries = std::map<Name, EntryRef>;

  Entries states_changed_since(std::int64_t revision) const;
  void forget_first();
  Result<void> check_remembered(std::int64_t revision) const;

  Entries entries_;
  std::deque<EventRef> events_;
  std::uint64_t first_position_ = 0;
  std::size_t history_bytes_ = 0;
  std::size_t history_bytes_max_ = kHistoryBytesMax;
  std::int64_t lost_revision_;
};

}  // namespace farholm::store
