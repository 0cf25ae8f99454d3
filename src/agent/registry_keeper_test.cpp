// Whose is port 5000: nobody's, the site's own registry's, or another program's.
#include "agent/registry_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "agent/registry_server.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"

namespace farholm::agent {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RegistryKeeperTest : public testing::Test {
 protected:
  RegistryKeeperTest() {
    EXPECT_TRUE(machine_.files().make_directories("/state"));
    EXPECT_TRUE(machine_.files().make_directories("/other"));
    keeping_.spawn(keeper_.run("172.30.42.1"));
  }
  void pass(io::Duration duration) {
    world_.loop().run([](io::Loop& loop, io::Duration time) -> io::Task<void> { co_await loop.sleep(time); }(
                                                                world_.loop(), duration));
  }
  // The registry of a state folder, on the port.
  void serve(const std::string& folder) {
    server_ = std::make_unique<RegistryServer>(machine_.world(), log_, StateFolder{folder});
    auto listener = machine_.world().network.listen(
        {.kind = io::Endpoint::Kind::Tcp, .host = "127.0.0.1", .port = kRegistryPort, .path = {}});
    ASSERT_TRUE(listener) << listener.error().to_string();
    listener_ = std::move(*listener);
    serving_.spawn(server_->serve(*listener_));
  }
  void end_serving() {
    serving_.clear();
    listener_.reset();
    server_.reset();
  }
  std::size_t starts() { return machine_.processes().detached().size(); }

  NullSink sink_;
  Logger log_{sink_, "registry"};
  io::sim::SimWorld world_{7};
  io::sim::SimMachine& machine_ = world_.add_machine("edge-1");
  std::string told_ = "nothing yet";
  RegistryKeeper keeper_{{.world = machine_.world(),
                          .log = log_,
                          .state = {"/state"},
                          .command = {"/bin/farholm-agent", "registry"},
                          .tell = [this](std::string sentence) { told_ = std::move(sentence); }}};
  std::unique_ptr<RegistryServer> server_;
  std::unique_ptr<io::Listener> listener_;
  io::Scope serving_{world_.loop()};
  io::Scope keeping_{world_.loop()};
};

TEST_F(RegistryKeeperTest, IsStartedWhereNobodyListensAndLeftAloneWhenItServes) {
  pass(std::chrono::seconds(1));
  ASSERT_EQ(starts(), 1U);
  EXPECT_THAT(machine_.processes().detached()[0].arguments,
              testing::ElementsAre("/bin/farholm-agent", "registry", "--state", "/state", "--listen",
                                   "127.0.0.1:5000", "--listen", "172.30.42.1:5000"));
  EXPECT_FALSE(keeper_.serves());
  serve("/state");
  pass(std::chrono::minutes(10));
  EXPECT_TRUE(keeper_.serves());
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_EQ(starts(), 1U);
}

TEST_F(RegistryKeeperTest, AnotherProgramOnThePortIsNotTakenForIt) {
  serve("/other");  // speaks the same protocol, and serves another folder
  pass(std::chrono::minutes(1));
  EXPECT_FALSE(keeper_.serves());
  EXPECT_THAT(told_, HasSubstr("Port 5000 of this host is taken by another program"));
  const auto before = starts();
  end_serving();
  pass(std::chrono::seconds(10));
  EXPECT_GT(starts(), before);
  serve("/state");
  pass(std::chrono::seconds(10));
  EXPECT_TRUE(keeper_.serves());
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(RegistryKeeperTest, OneThatDoesNotStayUpIsTold) {
  pass(std::chrono::minutes(1));
  EXPECT_GT(starts(), 3U);
  EXPECT_THAT(told_, HasSubstr("/state/registry.log says why"));
}

TEST_F(RegistryKeeperTest, TheMarkIsMadeOnceAndKept) {
  pass(std::chrono::seconds(1));
  const auto mark = read_registry_mark(machine_.files(), {"/state"});
  ASSERT_TRUE(mark && *mark);
  EXPECT_THAT(**mark, SizeIs(36));
  pass(std::chrono::minutes(5));
  EXPECT_EQ(*read_registry_mark(machine_.files(), {"/state"}), *mark);
}

}  // namespace
}  // namespace farholm::agent
