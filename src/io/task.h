// Task<T>: a coroutine that has not begun. `co_await task` runs it to its end and gives its value.
//
// Ownership is cancellation: a Task owns its frame, and a frame owns the Tasks that it awaits. Destroying a
// Task that is suspended destroys the whole chain below it; every wait in it unlinks itself from the loop
// in its destructor. There is no cancellation token and no callback after death. Whatever a coroutine holds
// is released by ordinary destructors, so a coroutine's locals must be safe to destroy at any co_await.
//
// One thread: a Task is created, resumed and destroyed on the thread of its loop. Exceptions do not leave a
// coroutine: errors are Results, an escaped exception is a bug and stops the program.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace farholm::io {

template <class T = void>
class Task;

namespace detail {

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
    auto continuation = finished.promise().continuation;
    return continuation ? continuation : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;

  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;

  Task() = default;
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { reset(); }

  // Not `handle_ != nullptr`: that would ask std::expected's comparison about a Task<Result<T>>.
  bool valid() const noexcept { return static_cast<bool>(handle_); }
  bool done() const noexcept { return handle_ && handle_.done(); }

  // Drops the coroutine, and with it everything that it waits for. Never from inside of it.
  void reset() noexcept {
    if (auto handle = std::exchange(handle_, nullptr)) handle.destroy();
  }

  // For executors: begins the coroutine; `continuation` is resumed when it ends.
  void start(std::coroutine_handle<> continuation = nullptr) {
    FARHOLM_ASSERT(handle_ && !handle_.done());
    handle_.promise().continuation = continuation;
    handle_.resume();
  }
  // For executors: the value of a task that is done().
  T take() {
    FARHOLM_ASSERT(done());
    return handle_.promise().take();
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle.promise().continuation = awaiting;
        return handle;
      }
      T await_resume() { return handle.promise().take(); }
    };
    FARHOLM_ASSERT(valid());
    return Awaiter{handle_};
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace detail

}  // namespace farholm::io
