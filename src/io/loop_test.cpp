#include "io/loop.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/event.h"
#include "io/scope.h"

namespace farholm::io {
namespace {

using namespace std::chrono_literals;

// A world in which time passes only when everybody waits for it.
class ManualClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(time_.time_since_epoch()); }
  MonotonicTime monotonic() const override { return time_; }
  void advance_to(MonotonicTime time) { time_ = std::max(time_, time); }

 private:
  MonotonicTime time_;
};

class JumpingPoller final : public Poller {
 public:
  explicit JumpingPoller(ManualClock& clock) : clock_(clock) {}
  void wait(std::optional<MonotonicTime> deadline) override {
    if (deadline) clock_.advance_to(*deadline);
  }
  bool idle() const override { return true; }

 private:
  ManualClock& clock_;
};

class LoopTest : public testing::Test {
 protected:
  ManualClock clock_;
  JumpingPoller poller_{clock_};
  Loop loop_{clock_, poller_};
  std::vector<std::string> history_;

  Task<void> note_after(Duration duration, std::string what) {
    co_await loop_.sleep(duration);
    history_.push_back(std::move(what));
  }
};

TEST_F(LoopTest, TimersRunInTheOrderOfTheirTimes) {
  Scope scope(loop_);
  scope.spawn(note_after(3s, "third"));
  scope.spawn(note_after(1s, "first"));
  scope.spawn(note_after(2s, "second"));
  loop_.run();
  EXPECT_EQ(history_, (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(clock_.monotonic().time_since_epoch(), 3s);
}

TEST_F(LoopTest, DroppingATaskUnlinksItsWaits) {
  struct Witness {
    bool& destroyed;
    ~Witness() { destroyed = true; }
  };
  bool destroyed = false;
  auto task = [](Loop& loop, bool& flag) -> Task<void> {
    Witness witness{flag};
    co_await loop.sleep(1h);
  }(loop_, destroyed);
  task.start();
  EXPECT_FALSE(destroyed);
  task.reset();
  EXPECT_TRUE(destroyed);
  loop_.run();
  EXPECT_EQ(clock_.monotonic().time_since_epoch(), 0s);
}

TEST_F(LoopTest, RunGivesTheValueOfATask) {
  EXPECT_EQ(loop_.run([](Loop& loop) -> Task<int> {
    co_await loop.sleep(1s);
    co_return 42;
  }(loop_)),
            42);
}

TEST_F(LoopTest, AnEventWakesAllThatWait) {
  Event event(loop_);
  Scope scope(loop_);
  for (int i = 0; i < 3; ++i) {
    scope.spawn([](Event& on, std::vector<std::string>& history) -> Task<void> {
      co_await on.wait();
      history.push_back("woken");
    }(event, history_));
  }
  EXPECT_TRUE(history_.empty());
  event.set();
  loop_.run();
  EXPECT_EQ(history_.size(), 3U);
  EXPECT_EQ(scope.size(), 0U);
}

TEST_F(LoopTest, ADeadlineDropsTheTaskThatMissesIt) {
  auto slow = [](Loop& loop) -> Task<Result<int>> {
    co_await loop.sleep(10s);
    co_return 1;
  };
  auto result = loop_.run(with_deadline<int>(loop_, 2s, "the slow thing did not end", slow(loop_)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Timeout);
  EXPECT_EQ(clock_.monotonic().time_since_epoch(), 2s);
  auto in_time = loop_.run(with_deadline<int>(loop_, 20s, "the slow thing did not end", slow(loop_)));
  EXPECT_EQ(*in_time, 1);
}

TEST_F(LoopTest, ATaskThatNeverWaitsEndsAtOnce) {
  auto result = loop_.run(with_deadline<int>(loop_, 1s, "it", []() -> Task<Result<int>> { co_return 7; }()));
  EXPECT_EQ(*result, 7);
}

}  // namespace
}  // namespace farholm::io
