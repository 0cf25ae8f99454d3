#include "link/channel.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "io/memory_stream.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"

namespace farholm::link {
namespace {

using namespace std::chrono_literals;

const Frame kPing{.type = FrameType::Ping, .body = json::Value::object()};

class ChannelTest : public testing::Test {
 protected:
  ChannelTest() {
    auto [near, far] = io::make_memory_streams(world_.loop(), 1 << 20);
    peer_ = std::move(near);
    far_ = std::move(far);
  }
  // What the peer, who may be anybody, sends.
  void say(std::string_view bytes) { ASSERT_TRUE(world_.loop().run(io::write_all(*peer_, as_bytes(bytes)))); }
  void wait(io::Duration duration) {
    world_.loop().run([](io::Loop& loop, io::Duration of) -> io::Task<void> { co_await loop.sleep(of); }(
                                                              world_.loop(), duration));
  }

  io::sim::SimWorld world_{1};
  std::unique_ptr<io::Stream> peer_, far_;
};

TEST_F(ChannelTest, FramesArriveInTheirOrderAndTheEndIsSeen) {
  Channel channel(world_.loop(), std::move(far_));
  say(*encode({.type = FrameType::Hello, .body = {{"version", 1}}}) + *encode(kPing));
  peer_.reset();
  EXPECT_EQ(world_.loop().run(channel.receive())->type, FrameType::Hello);
  EXPECT_EQ(world_.loop().run(channel.receive())->type, FrameType::Ping);
  EXPECT_EQ(world_.loop().run(channel.receive()).error().code, ErrorCode::Gone);
}

TEST_F(ChannelTest, AFrameLongerThanThisEndTakesIsRefusedAtItsFirstBytes) {
  Channel channel(world_.loop(), std::move(far_), {.frame_bytes_max = 1024});
  say(*encode({.type = FrameType::Hello, .body = {{"x", std::string(900, 'x')}}}));
  EXPECT_TRUE(world_.loop().run(channel.receive()));
  say(std::string_view("\0\0\4\1", 4));
  EXPECT_EQ(world_.loop().run(channel.receive()).error().code, ErrorCode::BadRequest);
}

TEST_F(ChannelTest, TheLimitCanBeRaisedForThoseWhoHaveSaidWhoTheyAre) {
  Channel channel(world_.loop(), std::move(far_), {.frame_bytes_max = 1024});
  say(*encode(kPing));
  ASSERT_TRUE(world_.loop().run(channel.receive()));
  channel.take_frames_of(4096);
  say(*encode({.type = FrameType::Status, .body = {{"x", std::string(4000, 'x')}}}));
  EXPECT_TRUE(world_.loop().run(channel.receive()));
}

TEST_F(ChannelTest, APeerThatDoesNotReadIsCutOffAtTheLimit) {
  Channel channel(world_.loop(), std::move(far_), {.unsent_bytes_max = 100});
  Result<void> sent;
  std::size_t count = 0;
  while (sent && count < 1000) {
    sent = channel.send(kPing);
    if (sent) ++count;
  }
  EXPECT_EQ(sent.error().code, ErrorCode::ServiceUnavailable);
  EXPECT_EQ(count, 100 / encode(kPing)->size());
}

TEST_F(ChannelTest, APeerThatTakesNothingIsNotWrittenToForEver) {
  auto [near, far] = io::make_memory_streams(world_.loop(), 4);
  Channel channel(world_.loop(), std::move(far), {.write_timeout = 60s});
  ASSERT_TRUE(channel.send(kPing));
  const auto began = world_.loop().clock().monotonic();
  const auto pumped = world_.loop().run(channel.pump());
  EXPECT_EQ(pumped.error().code, ErrorCode::Timeout);
  EXPECT_GE(world_.loop().clock().monotonic() - began, 60s);
}

TEST_F(ChannelTest, APeerThatAlwaysHasMoreToSayDoesNotKeepTheLoopFromOthers) {
  Channel channel(world_.loop(), std::move(far_));
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += *encode(kPing);
  // Frames of no known type too, which are passed over.
  for (int i = 0; i < 1000; ++i) flood += std::string("\0\0\0\3\x63{}", 7);
  say(flood + *encode({.type = FrameType::Pong}));
  bool another_ran = false;
  io::Scope scope(world_.loop());
  scope.spawn([](io::Loop& loop, bool& ran) -> io::Task<void> {
    co_await loop.yield();
    ran = true;
  }(world_.loop(), another_ran));
  int received_before = 0;
  world_.loop().run([](Channel& from, const bool& ran, int& before) -> io::Task<void> {
    while (true) {
      const auto frame = co_await from.receive();
      if (!ran) ++before;
      if (!frame || frame->type == FrameType::Pong) co_return;
    }
  }(channel, another_ran, received_before));
  EXPECT_TRUE(another_ran);
  EXPECT_LE(received_before, 1);
}

}  // namespace
}  // namespace farholm::link
