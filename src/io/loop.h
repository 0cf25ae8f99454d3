// Loop: runs coroutines on one thread. It holds a queue of what is ready and a queue of timers, and asks
// its Poller for everything that comes from outside. The order in which things run is fixed by the order
// in which they became ready, so a loop over a simulated poller replays exactly.
//
// Everything that waits is a `Runnable`: an intrusive node that unlinks itself when it is destroyed. That
// is what makes dropping a Task a clean cancellation (see task.h).
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "io/clock.h"
#include "io/task.h"

namespace farholm::io {

class Loop;

// Something that the loop runs once each time it is enqueued. Not copied, not moved; may be destroyed at
// any time on the loop's thread, also while it is enqueued.
class Runnable {
 public:
  Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;
  virtual ~Runnable() { dequeue(); }
  virtual void run() = 0;

  bool enqueued() const { return queue_state_ != QueueState::Idle; }
  void dequeue();

 private:
  friend class Loop;
  enum class QueueState : std::uint8_t { Idle, Ready, Timer };
  using Timers = std::map<std::pair<MonotonicTime, std::uint64_t>, Runnable*>;

  QueueState queue_state_ = QueueState::Idle;
  Loop* loop_ = nullptr;
  Runnable* previous_ = nullptr;
  Runnable* next_ = nullptr;
  Timers::iterator timer_;
};

// What a loop waits on. `wait` returns when something was enqueued, at `deadline` at the latest.
class Poller {
 public:
  virtual ~Poller() = default;
  // No deadline: until something comes. A deadline that has passed: look, do not wait.
  virtual void wait(std::optional<MonotonicTime> deadline) = 0;
  // Whether anything from outside can still come; a loop with nothing ready, no timer and nothing awaited
  // ends.
  virtual bool idle() const = 0;
};

class Loop {
 public:
  // Both outlive the loop.
  Loop(Clock& clock, Poller& poller) : clock_(clock), poller_(poller) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  Clock& clock() { return clock_; }

  // Behind everything that is ready now. A runnable that is already enqueued is moved.
  void enqueue(Runnable& runnable);
  void enqueue_at(Runnable& runnable, MonotonicTime time);

  // Runs until `stop` or until there is nothing left that could happen.
  void run();
  // Runs one task to its end on this loop, whatever else is there running along. The task must end.
  template <class T>
  T run(Task<T> task);
  // Makes run() return after the current runnable. On the loop's thread.
  void stop() { stopping_ = true; }

  // co_await loop.sleep(5s)
  auto sleep(Duration duration);
  // co_await loop.yield(): lets everything that is ready run first.
  auto yield();

 private:
  friend class Runnable;
  bool run_some();
  void run_until(const bool& finished);

  Clock& clock_;
  Poller& poller_;
  Runnable* first_ = nullptr;
  Runnable* last_ = nullptr;
  std::size_t ready_count_ = 0;
  Runnable::Timers timers_;
  std::uint64_t sequence_ = 0;
  bool stopping_ = false;
};

// Resumes a coroutine when it is run; the awaiters below are made of it.
class Resumption final : public Runnable {
 public:
  void run() override { coroutine_.resume(); }
  void bind(std::coroutine_handle<> coroutine) { coroutine_ = coroutine; }

 private:
  std::coroutine_handle<> coroutine_;
};

inline auto Loop::sleep(Duration duration) {
  struct Awaiter {
    Loop& loop;
    Duration duration;
    Resumption resumption{};
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) {
      resumption.bind(coroutine);
      loop.enqueue_at(resumption, loop.clock_.monotonic() + duration);
    }
    void await_resume() const noexcept {}
  };
  return Awaiter{*this, duration};
}

inline auto Loop::yield() {
  struct Awaiter {
    Loop& loop;
    Resumption resumption{};
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) {
      resumption.bind(coroutine);
      loop.enqueue(resumption);
    }
    void await_resume() const noexcept {}
  };
  return Awaiter{*this};
}

namespace detail {
template <class T>
Task<void> finish(Task<T> task, std::optional<T>& value, bool& finished) {
  value.emplace(co_await std::move(task));
  finished = true;
}
inline Task<void> finish(Task<void> task, bool& finished) {
  co_await std::move(task);
  finished = true;
}
}  // namespace detail

template <class T>
T Loop::run(Task<T> task) {
  bool finished = false;
  if constexpr (std::is_void_v<T>) {
    auto runner = detail::finish(std::move(task), finished);
    runner.start();
    run_until(finished);
  } else {
    std::optional<T> value;
    auto runner = detail::finish(std::move(task), value, finished);
    runner.start();
    run_until(finished);
    return std::move(*value);
  }
}

}  // namespace farholm::io
