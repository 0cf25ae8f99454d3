#include "store/indexed_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "store/group.h"
#include "store/memory_store.h"

namespace farholm::store {

// A watch's place in the history of its resource.
class IndexedStore::Cursor final : public Watch {
 public:
  Cursor(IndexedStore& store, Resource& resource, WatchOptions options, std::uint64_t position)
      : store_(store),
        resource_(resource),
        options_(std::move(options)),
        position_(position),
        ready_(store.loop_) {
    self_ = resource_.cursors.insert(resource_.cursors.end(), this);
  }
  ~Cursor() override { resource_.cursors.erase(self_); }

  io::Task<Result<std::vector<EventRef>>> next() override {
    const ResourceTable& table = resource_.table;
    while (true) {
      if (position_ < table.first_position()) {
        co_return fail(
            ErrorCode::Expired,
            fmt::format("the watch of {} fell behind what is remembered; list again", options_.resource));
      }
      std::vector<EventRef> events;
      while (position_ < table.end_position() && events.size() < kWatchBatchMax) {
        const EventRef& event = table.event(position_++);
        if (selects(*event)) events.push_back(event);
      }
      if (!events.empty()) co_return events;
      ready_.clear();
      co_await ready_.wait();
    }
  }

  std::int64_t progress() const override {
    const ResourceTable& table = resource_.table;
    if (position_ >= table.end_position()) return store_.revision_;
    return table.event(std::max(position_, table.first_position()))->revision - 1;
  }

  // An event was added at the end of the history.
  void notice(const Event& event) {
    if (selects(event)) {
      ready_.set();
    } else if (position_ + 1 == resource_.table.end_position()) {
      ++position_;  // what it does not select must not make it fall behind
    }
  }

 private:
  bool selects(const Event& event) const {
    const Key& key = event.entry->key;
    return event.revision > options_.after_revision &&
           (!options_.name_space || key.name_space == *options_.name_space) &&
           (!options_.name || key.name == *options_.name);
  }

  IndexedStore& store_;
  Resource& resource_;
  const WatchOptions options_;
  std::uint64_t position_;
  io::Event ready_;
  std::list<Cursor*>::iterator self_;
};

void IndexedStore::Pending::withdraw() {
  if (!position) return;
  store.queue_.erase(*position);
  position.reset();
}

IndexedStore::IndexedStore(io::Loop& loop, Recovered recovered, std::unique_ptr<Log> log)
    : loop_(loop), log_(std::move(log)), revision_(recovered.revision) {
  for (const auto& [name, changed_revision] : recovered.changed_revisions) {
    resources_.emplace(name, Resource{ResourceTable(changed_revision), {}});
  }
  for (auto& entry : recovered.entries) resource(entry->key.resource).table.restore(std::move(entry));
}

IndexedStore::~IndexedStore() {
  FARHOLM_ASSERT(queue_.empty());
  for (const auto& [name, resource] : resources_) FARHOLM_ASSERT(resource.cursors.empty());
}

IndexedStore::Resource& IndexedStore::resource(const std::string& name) {
  return resources_.try_emplace(name).first->second;
}

io::Task<void> IndexedStore::reached(std::int64_t revision) {
  while (revision_ < revision) co_await advanced_.wait();
}

EntryRef IndexedStore::get(const Key& key) const {
  const auto found = resources_.find(key.resource);
  return found == resources_.end() ? nullptr : found->second.table.get(key.name_space, key.name);
}

Result<ListResult> IndexedStore::list(std::string_view resource, const ListOptions& options) const {
  if (options.revision > revision_) {
    Error error{ErrorCode::Timeout,
                fmt::format("Too large resource version: {}, current: {}", options.revision, revision_)};
    error.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
    return std::unexpected(std::move(error));
  }
  const std::int64_t revision = options.revision == 0 ? revision_ : options.revision;
  const auto found = resources_.find(resource);
  if (found == resources_.end()) return ListResult{.entries = {}, .revision = revision};
  return found->second.table.list(options, revision);
}

std::vector<std::string> IndexedStore::resources() const {
  std::vector<std::string> names;
  for (const auto& [name, resource] : resources_) {
    if (resource.table.size() > 0 || resource.table.end_position() > 0) names.push_back(name);
  }
  return names;
}

io::Task<Result<std::vector<Outcome>>> IndexedStore::commit(std::vector<Write> writes) {
  if (writes.size() > kBatchWritesMax) {
    co_return fail(ErrorCode::RequestEntityTooLarge,
                   fmt::format("{} writes at once are more than the {} that are allowed", writes.size(),
                               kBatchWritesMax));
  }
  if (queue_.size() >= kQueuedCommitsMax) {
    co_return fail(ErrorCode::TooManyRequests, "too many writes are waiting for the disk; try again later");
  }
  Pending pending(*this);
  pending.writes = std::move(writes);
  pending.position = queue_.insert(queue_.end(), &pending);
  if (!flusher_.enqueued()) loop_.enqueue(flusher_);
  co_await pending.decided.wait();
  co_return std::move(pending.result);
}

void IndexedStore::flush() {
  Group group(*this, revision_);
  std::vector<Pending*> decided;
  while (!queue_.empty() && group.size_bytes() < kGroupBytesMax) {
    Pending& pending = *queue_.front();
    pending.withdraw();
    pending.result = group.decide(pending.writes);
    decided.push_back(&pending);
  }
  if (!queue_.empty()) loop_.enqueue(flusher_);

  if (!group.events().empty()) {
    auto durable = log_ ? log_->append(group.events()) : Result<void>{};
    if (durable) {
      for (const auto& event : group.events()) publish(event);
      advanced_.notify();
    } else {
      // What was decided behind a write that did not happen was decided wrongly, errors too.
      for (Pending* pending : decided) pending->result = std::unexpected(durable.error());
    }
  }
  for (Pending* pending : decided) pending->decided.set();
}

void IndexedStore::publish(EventRef event) {
  Resource& changed = resource(event->entry->key.resource);
  revision_ = event->revision;
  changed.table.apply(event);
  for (Cursor* cursor : changed.cursors) cursor->notice(*event);
}

Result<std::unique_ptr<Watch>> IndexedStore::watch(WatchOptions options) {
  Resource& watched = resource(options.resource);
  std::uint64_t position = watched.table.end_position();
  if (options.after_revision != 0) {
    FARHOLM_TRY(position, watched.table.position_after(options.after_revision));
  }
  return std::make_unique<Cursor>(*this, watched, std::move(options), position);
}

void IndexedStore::limit_history(const std::string& name, std::size_t bytes_max) {
  resource(name).table.limit_history(bytes_max);
}

void IndexedStore::compact(std::int64_t revision) {
  for (auto& [name, resource] : resources_) resource.table.forget_until(std::min(revision, revision_));
}

std::unique_ptr<Store> make_memory_store(io::Loop& loop) {
  return std::make_unique<IndexedStore>(loop, Recovered{}, nullptr);
}

}  // namespace farholm::store
