#include "io/sim/sim_network.h"

#include <gtest/gtest.h>

#include <array>

#include "base/encoding.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"

namespace farholm::io::sim {
namespace {

using namespace std::chrono_literals;

class SimNetworkTest : public testing::Test {
 protected:
  struct Connected {
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;
  };

  Connected connect() {
    auto listener = *hub_.world().network.listen(kEndpoint);
    Connected connected;
    Scope scope(world_.loop());
    scope.spawn([](Listener& on, Connected& into) -> Task<void> {
      into.server = std::move((co_await on.accept())->stream);
    }(*listener, connected));
    connected.client = *world_.loop().run(site_.world().network.connect(kEndpoint));
    world_.loop().run(scope.join());
    return connected;
  }

  Result<std::string> read(Stream& stream) {
    std::string text(100, '\0');
    const auto count = world_.loop().run(read_some(stream, std::as_writable_bytes(std::span(text))));
    if (!count) return std::unexpected(count.error());
    return text.substr(0, *count);
  }
  Duration now() const { return world_.time().monotonic().time_since_epoch(); }

  const Endpoint kEndpoint{.kind = Endpoint::Kind::Tcp, .host = "hub", .port = 443, .path = {}};
  mutable SimWorld world_{1};
  SimMachine& hub_ = world_.add_machine("hub");
  SimMachine& site_ = world_.add_machine("site");
};

TEST_F(SimNetworkTest, BytesArriveInOrderAfterTheLatency) {
  world_.fabric().set_default_link({.latency = 50ms, .jitter = 10ms});
  auto [client, server] = connect();
  const auto begun = now();
  ASSERT_TRUE(client->try_write(as_bytes("one ")));
  ASSERT_TRUE(client->try_write(as_bytes("two")));
  ASSERT_TRUE(client->shutdown_write());
  std::string all;
  while (true) {
    const auto piece = *read(*server);
    if (piece.empty()) break;
    all += piece;
  }
  EXPECT_EQ(all, "one two");
  EXPECT_GE(now() - begun, 50ms);
  EXPECT_LE(now() - begun, 60ms);
}

TEST_F(SimNetworkTest, AFullBufferTakesNoMoreUntilItIsRead) {
  auto [client, server] = connect();
  const std::string much(kStreamBufferBytes, 'x');
  EXPECT_EQ(**client->try_write(as_bytes(much)), much.size());
  EXPECT_FALSE(client->try_write(as_bytes("more"))->has_value());
  ASSERT_TRUE(read(*server));
  EXPECT_TRUE(client->try_write(as_bytes("more"))->has_value());
}

TEST_F(SimNetworkTest, APartitionIsADelayUntilItHeals) {
  auto [client, server] = connect();
  world_.fabric().partition("hub", "site");
  ASSERT_TRUE(client->try_write(as_bytes("late")));
  Scope scope(world_.loop());
  scope.spawn([](SimWorld& world) -> Task<void> {
    co_await world.loop().sleep(5min);
    world.fabric().heal("hub", "site");
  }(world_));
  EXPECT_EQ(*read(*server), "late");
  EXPECT_GE(now(), 5min);
}

TEST_F(SimNetworkTest, ALongPartitionEndsTheConnection) {
  auto [client, server] = connect();
  world_.fabric().partition("hub", "site");
  ASSERT_TRUE(client->try_write(as_bytes("never")));
  EXPECT_FALSE(read(*client));
  EXPECT_GE(now(), kRetransmitTimeout);
  EXPECT_FALSE(client->try_write(as_bytes("x")));
}

TEST_F(SimNetworkTest, ConnectingIntoAPartitionTimesOutAndToNobodyIsRefused) {
  EXPECT_NE(world_.loop().run(site_.world().network.connect(kEndpoint)).error().message.find("refused"),
            std::string::npos);
  world_.fabric().partition("hub", "site");
  EXPECT_NE(world_.loop().run(site_.world().network.connect(kEndpoint)).error().message.find("timed out"),
            std::string::npos);
  EXPECT_GE(now(), kConnectTimeout);
}

TEST_F(SimNetworkTest, AMachineWithoutPowerIsSilentAndResetsWhenItIsBack) {
  auto [client, server] = connect();
  hub_.cut_power();
  ASSERT_TRUE(client->try_write(as_bytes("anybody there?")));
  Scope scope(world_.loop());
  scope.spawn([](SimWorld& world, SimMachine& hub) -> Task<void> {
    co_await world.loop().sleep(30s);
    hub.restart(Survival::Nothing);
  }(world_, hub_));
  const auto answer = read(*client);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("reset"), std::string::npos);
  EXPECT_GE(now(), 30s);
  EXPECT_FALSE(server->try_write(as_bytes("x")));
}

TEST_F(SimNetworkTest, AResetIsHeardAtBothEnds) {
  auto [client, server] = connect();
  world_.fabric().reset("site", "hub");
  EXPECT_FALSE(read(*client));
  EXPECT_FALSE(read(*server));
}

TEST_F(SimNetworkTest, AClosedStreamEndsTheOtherAndResetsWhatIsWrittenToIt) {
  auto [client, server] = connect();
  server.reset();
  EXPECT_EQ(*read(*client), "");
  ASSERT_TRUE(client->try_write(as_bytes("too late")));
  world_.loop().run();
  EXPECT_FALSE(client->try_write(as_bytes("x")));
}

TEST_F(SimNetworkTest, ALoopbackListenerHearsOnlyItsOwnMachine) {
  const Endpoint local{.kind = Endpoint::Kind::Tcp, .host = "127.0.0.1", .port = 443, .path = {}};
  auto listener = *hub_.world().network.listen(local);
  EXPECT_TRUE(world_.loop().run(hub_.world().network.connect(local)));
  EXPECT_FALSE(world_.loop().run(site_.world().network.connect(kEndpoint)));
  EXPECT_EQ(hub_.world().network.listen(local).error().code, ErrorCode::Conflict);
}

TEST_F(SimNetworkTest, SlowLinksTakeTheirTime) {
  world_.fabric().set_link("site", "hub", {.latency = 1ms, .jitter = Duration(0), .bytes_per_second = 1000});
  auto [client, server] = connect();
  const auto begun = now();
  ASSERT_TRUE(client->try_write(as_bytes(std::string(5000, 'x'))));
  ASSERT_TRUE(read(*server));
  EXPECT_GE(now() - begun, 5s);
}

TEST_F(SimNetworkTest, AClockMayBeWrong) {
  site_.clock().set_skew(-24h);
  EXPECT_EQ(hub_.clock().now() - site_.clock().now(), 24h);
  EXPECT_EQ(to_rfc3339(hub_.clock().now()), "2026-01-01T00:00:00Z");
}

}  // namespace
}  // namespace farholm::io::sim
