// Where an indexed store makes its commits durable, and reads them back when it starts. An interface, so that
// the memory store is the same code without one. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "store/store.h"

namespace farholm::store {

// What a log remembered.
struct Recovered {
  std::int64_t revision = 1;
  std::vector<EntryRef> entries;
  // For each resource the revision of the newest change to it, deletions included: a watch from there on has
  // missed nothing, although the events themselves are forgotten.
  std::map<std::string, std::int64_t> changed_revisions;
};

class Log {
 public:
  virtual ~Log() = default;
  // All events (never none, in the order of their revisions) are durable when it returns, or none is. After
  // an error that is not about space the log stays in error.
  virtual Result<void> append(std::span<const EventRef> events) = 0;
};

}  // namespace farholm::store
