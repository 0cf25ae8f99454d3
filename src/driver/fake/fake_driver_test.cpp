#include "driver/fake/fake_driver.h"

#include <gtest/gtest.h>

namespace farholm::driver::fake {
namespace {

using namespace std::chrono_literals;

// A clock that jumps to the loop's next timer instead of waiting for it.
class JumpingWorld final : public io::Clock, public io::Poller {
 public:
  io::WallTime now() const override { return io::WallTime(time_.time_since_epoch()); }
  io::MonotonicTime monotonic() const override { return time_; }
  void wait(std::optional<io::MonotonicTime> deadline) override {
    if (deadline && *deadline > time_) time_ = *deadline;
  }
  bool idle() const override { return true; }

 private:
  io::MonotonicTime time_{};
};

class FakeDriverTest : public ::testing::Test {
 protected:
  Health health() {
    auto observation = loop_.run(driver_.observe(site_, layer_));
    return observation->health;
  }
  JumpingWorld world_;
  io::Loop loop_{world_, world_};
  FakeDriver driver_{loop_};
  SiteContext site_;
  Layer layer_{"till", "manifests", "sha256:1", json::Value::object()};
};

TEST_F(FakeDriverTest, a_layer_is_absent_until_it_is_applied_and_again_when_removed) {
  EXPECT_EQ(health(), Health::Absent);
  EXPECT_TRUE(loop_.run(driver_.apply(site_, layer_, {})));
  EXPECT_EQ(health(), Health::Healthy);
  EXPECT_TRUE(loop_.run(driver_.remove(site_, "till", {})));
  EXPECT_EQ(health(), Health::Absent);
  EXPECT_EQ(driver_.calls(), (std::vector<std::string>{"apply till sha256:1", "remove till"}));
}

TEST_F(FakeDriverTest, a_layer_with_another_fingerprint_is_drifted_and_names_what_is_there) {
  ASSERT_TRUE(loop_.run(driver_.apply(site_, layer_, {})));
  layer_.fingerprint = "sha256:2";
  auto observation = loop_.run(driver_.observe(site_, layer_));
  EXPECT_EQ(observation->health, Health::Drifted);
  EXPECT_EQ(observation->fingerprint, "sha256:1");
}

TEST_F(FakeDriverTest, an_apply_that_was_dropped_leaves_the_layer_drifted) {
  driver_.set_duration(1s);
  {
    auto task = driver_.apply(site_, layer_, {});
    task.start();
  }
  EXPECT_EQ(health(), Health::Drifted);
}

TEST_F(FakeDriverTest, a_layer_progresses_until_its_time_has_passed) {
  driver_.set_time_to_healthy(5s);
  ASSERT_TRUE(loop_.run(driver_.apply(site_, layer_, {})));
  EXPECT_EQ(health(), Health::Progressing);
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(5s); }(loop_));
  EXPECT_EQ(health(), Health::Healthy);
}

TEST_F(FakeDriverTest, a_scripted_failure_fails_as_often_as_asked) {
  driver_.fail_next("till", Error{ErrorCode::ServiceUnavailable, "the disk is full"});
  auto failed = loop_.run(driver_.apply(site_, layer_, {}));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "the disk is full");
  EXPECT_EQ(health(), Health::Drifted);
  EXPECT_TRUE(loop_.run(driver_.apply(site_, layer_, {})));
}

TEST_F(FakeDriverTest, drift_and_loss_last_until_the_next_apply) {
  ASSERT_TRUE(loop_.run(driver_.apply(site_, layer_, {})));
  driver_.drift("till", "its Deployment is gone");
  EXPECT_EQ(health(), Health::Drifted);
  ASSERT_TRUE(loop_.run(driver_.apply(site_, layer_, {})));
  driver_.lose("till");
  EXPECT_EQ(health(), Health::Absent);
  ASSERT_TRUE(loop_.run(driver_.apply(site_, layer_, {})));
  EXPECT_EQ(health(), Health::Healthy);
}

}  // namespace
}  // namespace farholm::driver::fake
