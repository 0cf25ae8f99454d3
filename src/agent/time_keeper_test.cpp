#include "agent/time_keeper.h"

#include <gmock/gmock.h>

#include "agent/test_site.h"

namespace farholm::agent {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPath = "/state/time.json";

class TimeKeeperTest : public testing::Test {
 protected:
  TimeKeeperTest() { EXPECT_TRUE(files().make_directories("/state") && files().sync_directory("/")); }
  io::sim::SimFiles& files() { return machine_.files(); }
  std::unique_ptr<TimeKeeper> start() {
    return std::make_unique<TimeKeeper>(world_.loop(), files(), machine_.clock(), kPath,
                                        Logger(log_, "time"));
  }
  void pass(io::Duration time) {
    world_.loop().run([](io::Loop& loop, io::Duration pause) -> io::Task<void> {
      co_await loop.sleep(pause);
    }(world_.loop(), time));
  }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_ = world_.add_machine("edge");
  test::CollectingSink log_;
};

TEST_F(TimeKeeperTest, WhatTheHubSaidIsKnownAfterAPowerCut) {
  pass(hours(24 * 300));
  start()->hear(world_.time().now());
  machine_.cut_power();
  machine_.restart(io::sim::Survival::Nothing);
  machine_.clock().set_skew(-hours(24 * 365 * 50));
  pass(hours(24));
  const auto keeper = start();
  EXPECT_EQ(keeper->clock().now(), io::sim::kBeginning + hours(24 * 300));
  EXPECT_FALSE(keeper->clock().is_known());
  EXPECT_THAT(log_.lines, testing::Contains(HasSubstr("clock cannot be right: by what")));
  keeper->hear(world_.time().now());
  EXPECT_EQ(keeper->clock().now(), world_.time().now());
}

TEST_F(TimeKeeperTest, ItIsWrittenOnceAWeekAndWhenItGoesBack) {
  const auto keeper = start();
  const auto writes_of = [&](io::WallTime time) {
    const auto before = files().boundaries();
    keeper->hear(time);
    return files().boundaries() - before;
  };
  EXPECT_GT(writes_of(world_.time().now()), 0U);
  for (int day = 1; day < 7; ++day) {
    pass(hours(24));
    EXPECT_EQ(writes_of(world_.time().now()), 0U);
  }
  pass(hours(24));
  EXPECT_GT(writes_of(world_.time().now()), 0U);
  EXPECT_GT(writes_of(world_.time().now() - hours(24)), 0U);
  EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(TimeKeeperTest, AFileThatCannotBeReadIsNoFloor) {
  ASSERT_TRUE(io::write_file_atomically(files(), kPath, "garbage"));
  const auto keeper = start();
  EXPECT_EQ(keeper->clock().floor(), trust::kNeverBefore);
  EXPECT_THAT(log_.lines, testing::Contains(HasSubstr("is lost")));
}

}  // namespace
}  // namespace farholm::agent
