#include "io/loop.h"

#include "base/assert.h"

namespace farholm::io {

void Runnable::dequeue() {
  switch (std::exchange(queue_state_, QueueState::Idle)) {
    case QueueState::Idle:
      return;
    case QueueState::Timer:
      loop_->timers_.erase(timer_);
      return;
    case QueueState::Ready:
      (previous_ ? previous_->next_ : loop_->first_) = next_;
      (next_ ? next_->previous_ : loop_->last_) = previous_;
      previous_ = next_ = nullptr;
      --loop_->ready_count_;
      return;
  }
}

Loop::~Loop() {
  // What still waits belongs to somebody who outlives the loop: leave nothing that points here.
  while (first_ != nullptr) first_->dequeue();
  while (!timers_.empty()) timers_.begin()->second->dequeue();
}

void Loop::enqueue(Runnable& runnable) {
  runnable.dequeue();
  runnable.loop_ = this;
  runnable.queue_state_ = Runnable::QueueState::Ready;
  runnable.previous_ = last_;
  runnable.next_ = nullptr;
  (last_ ? last_->next_ : first_) = &runnable;
  last_ = &runnable;
  ++ready_count_;
}

void Loop::enqueue_at(Runnable& runnable, MonotonicTime time) {
  runnable.dequeue();
  runnable.loop_ = this;
  runnable.queue_state_ = Runnable::QueueState::Timer;
  runnable.timer_ = timers_.emplace(std::pair(time, ++sequence_), &runnable).first;
}

// One turn: what is ready now, then the timers that are due, then the outside. False when nothing is left.
bool Loop::run_some() {
  if (first_ == nullptr) {
    if (timers_.empty() && poller_.idle()) return false;
    poller_.wait(timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first.first));
  } else {
    poller_.wait(MonotonicTime::min());
  }
  const auto now = clock_.monotonic();
  while (!timers_.empty() && timers_.begin()->first.first <= now) enqueue(*timers_.begin()->second);
  // Only as many as are ready at the beginning of the turn: what they make ready waits for the next, so that
  // the outside is looked at between.
  for (std::size_t left = ready_count_; left > 0 && first_ != nullptr && !stopping_; --left) {
    Runnable& runnable = *first_;
    runnable.dequeue();
    runnable.run();
  }
  return true;
}

void Loop::run() {
  stopping_ = false;
  while (!stopping_ && run_some()) {
  }
}

void Loop::run_until(const bool& finished) {
  while (!finished) FARHOLM_ASSERT(run_some() && "the task waits for something that cannot come");
}

}  // namespace farholm::io
