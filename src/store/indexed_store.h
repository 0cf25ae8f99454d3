// The one implementation of Store: everything in memory, and a Log that makes commits durable where there is
// one. One thread, that of the loop.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/event.h"
#include "io/loop.h"
#include "store/log.h"
#include "store/resource_table.h"
#include "store/store.h"

namespace farholm::store {

class IndexedStore final : public Store {
 public:
  // The loop outlives it. No log: nothing is kept.
  IndexedStore(io::Loop& loop, Recovered recovered, std::unique_ptr<Log> log);
  ~IndexedStore() override;

  std::int64_t revision() const override { return revision_; }
  io::Task<void> reached(std::int64_t revision) override;
  EntryRef get(const Key& key) const override;
  Result<ListResult> list(std::string_view resource, const ListOptions& options) const override;
  std::vector<std::string> resources() const override;
  io::Task<Result<std::vector<Outcome>>> commit(std::vector<Write> writes) override;
  Result<std::unique_ptr<Watch>> watch(WatchOptions options) override;
  void limit_history(const std::string& resource, std::size_t bytes_max) override;
  void compact(std::int64_t revision) override;

 private:
  class Cursor;

  // A commit that waits for its turn. Lives in the frame of commit(), so that dropping that withdraws it.
  struct Pending {
    explicit Pending(IndexedStore& owner) : store(owner), decided(owner.loop_) {}
    ~Pending() { withdraw(); }
    void withdraw();

    IndexedStore& store;
    std::vector<Write> writes;
    Result<std::vector<Outcome>> result;
    io::Event decided;
    std::optional<std::list<Pending*>::iterator> position;  // in the queue
  };

  // Decides what waits, once a turn of the loop.
  struct Flusher final : io::Runnable {
    explicit Flusher(IndexedStore& owner) : store(owner) {}
    void run() override { store.flush(); }
    IndexedStore& store;
  };

  // A resource, its objects and who watches them. Never removed.
  struct Resource {
    ResourceTable table;
    std::list<Cursor*> cursors;
  };

  void flush();
  void publish(EventRef event);
  Resource& resource(const std::string& name);

  io::Loop& loop_;
  std::unique_ptr<Log> log_;
  std::int64_t revision_;
  std::map<std::string, Resource, std::less<>> resources_;
  std::list<Pending*> queue_;
  Flusher flusher_{*this};
  io::Event advanced_{loop_};
};

}  // namespace farholm::store
