// Store: objects under Kubernetes' rules. One revision counter, assigned in the order of commits; optimistic
// concurrency; watches from a revision; pages at a revision. Who wants to know what Farholm remembers looks
// here; `make_memory_store` (memory_store.h) and `open_sqlite_store` (sqlite_store.h) make one, and one
// conformance suite runs on both.
//
// Reads are answered from memory, at once. Writes are decided one after another on the loop's thread, against
// what is committed then (so a guaranteed update never has to be tried again), all that wait in one turn of
// the loop are made durable together, and only then are they published and acknowledged. Owned by main; used
// on the thread of its loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/task.h"
#include "json/json.h"

namespace farholm::store {

// As the request limit of Kubernetes' API server; etcd stops at 1.5 MiB by default.
inline constexpr std::size_t kObjectBytesMax = 3 << 20;
inline constexpr std::size_t kBatchWritesMax = 1024;       // in one commit()
inline constexpr std::size_t kQueuedCommitsMax = 4096;     // waiting; more are refused
inline constexpr std::size_t kGroupBytesMax = 16 << 20;    // made durable together, about
inline constexpr std::size_t kKeyPartBytesMax = 512;       // of resource, of namespace, of name
inline constexpr std::size_t kHistoryEventsMax = 8192;     // kept for each resource
inline constexpr std::size_t kHistoryBytesMax = 16 << 20;  // and no more than this, but always the newest
inline constexpr std::size_t kWatchBatchMax = 256;         // events that one next() gives

struct Key {
  std::string resource;    // "<group>/<plural>": "farholm.dev/sites"; "/secrets" of the core group
  std::string name_space;  // empty for what has no namespace
  std::string name;
  auto operator<=>(const Key&) const = default;
};

// One state of one object. Immutable and shared: watches, lists and answers refer to the same bytes.
struct Entry {
  Key key;
  std::int64_t revision = 0;          // of the write that made this state
  std::int64_t created_revision = 0;  // of the write that made the object
  json::Value value;                  // metadata.resourceVersion is `revision`: the store writes it
  std::string bytes;                  // json::to_text(value)
};
using EntryRef = std::shared_ptr<const Entry>;

struct Event {
  enum class Type : std::uint8_t { Added, Modified, Deleted };
  Type type = Type::Added;
  std::int64_t revision = 0;
  EntryRef entry;     // the new state; of a deletion the last state, with the deletion's revision
  EntryRef previous;  // the state before, so that a selector can tell who enters and who leaves; or nullptr
};
using EventRef = std::shared_ptr<const Event>;

// What a write does. A value is an object with an object `metadata`; its resourceVersion does not matter. Put
// of what is already there, byte for byte, changes nothing: no revision, no event.
struct Change {
  enum class Kind : std::uint8_t { Keep, Put, Remove };
  Kind kind = Kind::Keep;
  json::Value value;
  static Change keep() { return {}; }
  static Change put(json::Value value) { return {Kind::Put, std::move(value)}; }
  static Change remove() { return {Kind::Remove, {}}; }
};

// Looks at the object as it is at the moment of the write (nullptr: there is none) and decides. Called at
// most once, on the loop's thread, inside the commit: it must not wait, nor write to the store. An error
// refuses the whole commit and is handed to its caller unchanged.
using Decide = std::function<Result<Change>(const Entry* current)>;
struct Write {
  Key key;
  Decide decide;
};

struct Outcome {
  EntryRef entry;     // what is there now; after Remove the last state with the deletion's revision
  EntryRef previous;  // what was there; nullptr when there was nothing
  bool changed = false;
};

struct ListOptions {
  std::optional<std::string> name_space;  // only this one
  std::int64_t revision = 0;              // exactly as of then; 0: as of now
  std::size_t limit = 0;                  // 0: all
  // Behind this (name_space, name), of which a `continue` token is made.
  std::optional<std::pair<std::string, std::string>> after;
};
struct ListResult {
  std::vector<EntryRef> entries;  // by namespace, then name, as bytes
  std::int64_t revision = 0;      // which the list shows
  std::size_t remaining = 0;      // behind the last one, when a limit cut the list
};

struct WatchOptions {
  std::string resource;
  std::int64_t after_revision = 0;  // events later than this; 0: those from now on
  std::optional<std::string> name_space;
  std::optional<std::string> name;
};

// A cursor into the resource's history. Destroyed before the store.
class Watch {
 public:
  virtual ~Watch() = default;
  // The next events, in the order of their revisions; waits for at least one. Expired when the watch fell so
  // far behind that the history has lost something: list again. One waiter; dropping the task loses nothing.
  virtual io::Task<Result<std::vector<EventRef>>> next() = 0;
  // Everything up to here that this watch selects has been given by next(): what a bookmark may say.
  virtual std::int64_t progress() const = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // Of the newest commit; 1 for a store that was never written to.
  virtual std::int64_t revision() const = 0;
  // Waits until revision() is at least this. No deadline of its own: use with_deadline.
  virtual io::Task<void> reached(std::int64_t revision) = 0;

  virtual EntryRef get(const Key& key) const = 0;  // nullptr when there is none
  // Expired when the history does not reach back to options.revision; Timeout when that has not come yet.
  virtual Result<ListResult> list(std::string_view resource, const ListOptions& options) const = 0;
  // Resources that have, or had since the store was opened, an object; sorted.
  virtual std::vector<std::string> resources() const = 0;

  // All of the writes or none of them, with consecutive revisions, in order; a later write of the batch sees
  // the earlier ones. When it returns they are durable and every watch can see them. Outcomes are in the
  // order of the writes. Errors: what a Decide said; Invalid for a value without metadata or an impossible
  // key; RequestEntityTooLarge; TooManyRequests when too much is waiting; ServiceUnavailable when the disk
  // is full (nothing was applied) or fails (nothing is shown; whether it was applied is known when the store
  // is opened again, and until then every later write is refused). Dropping the task before it was decided
  // withdraws the writes.
  virtual io::Task<Result<std::vector<Outcome>>> commit(std::vector<Write> writes) = 0;

  // Expired when events after options.after_revision were lost; a quiet resource never expires.
  virtual Result<std::unique_ptr<Watch>> watch(WatchOptions options) = 0;
  // Keeps less history of a resource than kHistoryBytesMax: for one that nobody lists as it was, and whose
  // watchers can list again. What is kept beyond it is forgotten with the next write.
  virtual void limit_history(const std::string& /*resource*/, std::size_t /*bytes_max*/) {}
  // Forgets the history up to this revision; reads and watches from before it are Expired then.
  virtual void compact(std::int64_t revision) = 0;
};

// One write by a decision: the guaranteed update.
io::Task<Result<Outcome>> mutate(Store& store, Key key, Decide decide);
// AlreadyExists when there is one.
io::Task<Result<EntryRef>> create(Store& store, Key key, json::Value value);
// NotFound; Conflict unless the object is at `expected_revision` (0: whatever it is at).
io::Task<Result<EntryRef>> update(Store& store, Key key, std::int64_t expected_revision, json::Value value);

// What must hold for a removal, as Kubernetes' metav1.Preconditions.
struct Preconditions {
  std::optional<std::string> uid;  // equal to metadata.uid
  std::optional<std::int64_t> revision;
};
// Conflict with Kubernetes' words when they do not hold.
Result<void> check_preconditions(const Entry& entry, const Preconditions& preconditions);
// NotFound; gives the last state with the deletion's revision.
io::Task<Result<EntryRef>> remove(Store& store, Key key, Preconditions preconditions = {});

}  // namespace farholm::store
