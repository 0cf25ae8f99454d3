// Group: the commits that are made durable together. Decides them one after another, each against what is
// committed and what the group has decided before it. Pure but for the Decide functions it calls. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "store/store.h"

namespace farholm::store {

class Group {
 public:
  // `committed` is what is there already, at `revision`.
  Group(const Store& committed, std::int64_t revision) : committed_(committed), revision_(revision) {}

  // All of the writes are added to the group, or none and the error says why.
  Result<std::vector<Outcome>> decide(std::span<const Write> writes);

  std::span<const EventRef> events() const { return events_; }
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  EntryRef current(const Key& key) const;
  Result<Outcome> decide(const Write& write);

  const Store& committed_;
  std::int64_t revision_;
  std::vector<EventRef> events_;
  std::size_t size_bytes_ = 0;
  std::map<Key, EntryRef> changed_;  // nullptr: removed
};

}  // namespace farholm::store
