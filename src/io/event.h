// Event: coroutines wait until somebody sets it. It stays set until it is cleared. One thread.
//
//   Event changed(loop);
//   co_await changed.wait();   // returns at once when set
#pragma once

#include "io/loop.h"

namespace farholm::io {

class Event {
 public:
  explicit Event(Loop& loop, bool set = false) : loop_(loop), set_(set) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  // Waiters must be gone before the event.
  ~Event() { FARHOLM_ASSERT(first_ == nullptr); }

  bool is_set() const { return set_; }
  void clear() { set_ = false; }
  void set() {
    set_ = true;
    notify();
  }
  // Wakes those that wait now, without setting it for those to come.
  void notify() {
    while (first_ != nullptr) {
      Waiter& waiter = *first_;
      waiter.unlink();
      loop_.enqueue(waiter.resumption);
    }
  }

  class Waiter {
   public:
    explicit Waiter(Event& event) : event_(&event) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { unlink(); }

    bool await_ready() const noexcept { return event_->set_; }
    void await_suspend(std::coroutine_handle<> coroutine) {
      resumption.bind(coroutine);
      linked_ = true;
      previous_ = event_->last_;
      (previous_ ? previous_->next_ : event_->first_) = this;
      event_->last_ = this;
    }
    void await_resume() const noexcept {}

   private:
    friend class Event;
    void unlink() {
      if (!std::exchange(linked_, false)) return;
      (previous_ ? previous_->next_ : event_->first_) = next_;
      (next_ ? next_->previous_ : event_->last_) = previous_;
      previous_ = next_ = nullptr;
    }
    Event* event_;
    Resumption resumption;
    Waiter* previous_ = nullptr;
    Waiter* next_ = nullptr;
    bool linked_ = false;
  };

  Waiter wait() { return Waiter(*this); }

 private:
  Loop& loop_;
  bool set_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace farholm::io
