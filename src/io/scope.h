// Scope: owns coroutines that run beside their spawner. Destroying it drops all of them. Combinators that
// race tasks are here too: with_deadline, first_of. One thread.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <variant>

#include "base/result.h"
#include "io/event.h"
#include "io/loop.h"

namespace farholm::io {

class Scope {
 public:
  explicit Scope(Loop& loop) : loop_(loop), empty_(loop, true) {}
  ~Scope() { tasks_.clear(); }

  // Begins the task before it returns.
  void spawn(Task<void> task) {
    empty_.clear();
    auto& entry = tasks_.emplace_back(std::make_unique<Entry>(*this));
    entry->position = std::prev(tasks_.end());
    entry->task = run(std::move(task), *entry);
    entry->task.start();
  }

  std::size_t size() const { return tasks_.size(); }
  // Until every task has ended.
  Task<void> join() { co_await empty_.wait(); }
  // Drops every task. Not from inside of one.
  void clear() {
    tasks_.clear();
    empty_.set();
  }

 private:
  struct Entry final : Runnable {
    explicit Entry(Scope& owner) : scope(owner) {}
    // Runs after the task has ended, outside of its frame.
    void run() override {
      Scope& owner = scope;
      owner.tasks_.erase(position);  // destroys this
      if (owner.tasks_.empty()) owner.empty_.set();
    }
    Scope& scope;
    Task<void> task;
    std::list<std::unique_ptr<Entry>>::iterator position;
  };

  static Task<void> run(Task<void> task, Entry& entry) {
    co_await std::move(task);
    entry.scope.loop_.enqueue(entry);
  }

  Loop& loop_;
  Event empty_;
  std::list<std::unique_ptr<Entry>> tasks_;
};

// The result of whichever ends first; the other is dropped.
template <class A, class B>
Task<std::variant<A, B>> first_of(Loop& loop, Task<A> a, Task<B> b) {
  std::optional<A> first;
  std::optional<B> second;
  Event ended(loop);
  {
    Scope scope(loop);
    scope.spawn([](Task<A> task, std::optional<A>& into, Event& event) -> Task<void> {
      into.emplace(co_await std::move(task));
      event.set();
    }(std::move(a), first, ended));
    if (!first) {
      scope.spawn([](Task<B> task, std::optional<B>& into, Event& event) -> Task<void> {
        into.emplace(co_await std::move(task));
        event.set();
      }(std::move(b), second, ended));
    }
    co_await ended.wait();
  }
  if (first) co_return std::variant<A, B>(std::in_place_index<0>, std::move(*first));
  co_return std::variant<A, B>(std::in_place_index<1>, std::move(*second));
}

// The task's result, or Timeout with `what` in its message ("Docker Engine did not answer") once `limit` has
// passed.
template <class T>
Task<Result<T>> with_deadline(Loop& loop, Duration limit, std::string what, Task<Result<T>> task) {
  auto outcome = co_await first_of<Result<T>, bool>(loop, std::move(task),
                                                    [](Loop& on, Duration duration) -> Task<bool> {
                                                      co_await on.sleep(duration);
                                                      co_return true;
                                                    }(loop, limit));
  if (outcome.index() == 0) co_return std::move(std::get<0>(outcome));
  co_return fail(ErrorCode::Timeout,
                 std::move(what) + " within " +
                     std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) +
                     " ms");
}

}  // namespace farholm::io
