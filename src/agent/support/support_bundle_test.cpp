// What a stranger gets to see of a box in any state, and what nobody does.
#include "agent/support/support_bundle.h"

#include <gmock/gmock.h>

#include "agent/event_journal.h"
#include "agent/identity.h"
#include "driver/docker/fake_engine.h"
#include "io/sim/sim_world.h"

namespace farholm::agent {
namespace {

using driver::docker::ExecSpec;
using driver::docker::FakeEngine;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kKeyBody = "MC4CAQAwBQYDK2VwBCIEIDUtf4naZQdRrOV28zxSGTjPsDPzrUd0jRxPSJqOV4Fl";

class SupportBundleTest : public testing::Test {
 protected:
  SupportBundleTest() { EXPECT_TRUE(files().make_directories("/state/volumes")); }
  io::sim::SimFiles& files() { return machine_.files(); }
  void write(const std::string& path, std::string_view text) {
    EXPECT_TRUE(io::write_file_atomically(files(), path, text));
  }
  void gather() {
    found_.clear();
    for (auto& file : world_.loop().run(gather_support_files(
             machine_.world(), Logger(silence_, "support"),
             {.state = {"/state"}, .sysroot = "/sysroot", .engine = with_engine_ ? &engine_ : nullptr})))
      found_["/" + file.path.substr(file.path.find('/') + 1)] = file.content;
  }
  std::string all() const {
    std::string text;
    for (const auto& [name, content] : found_) text += name + "\n" + content + "\n";
    return text;
  }
  void add_container(const std::string& name, const std::string& role) {
    auto& container = engine_.containers[name];
    container.info.name = name;
    container.info.running = true;
    container.info.status = "running";
    container.info.labels = {{"farholm.dev/site", "uid-1"}, {"farholm.dev/role", role}};
    container.spec.labels = container.info.labels;
  }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_ = world_.add_machine("edge");
  FakeEngine engine_{world_.loop()};
  bool with_engine_ = true;
  NullSink silence_;
  std::map<std::string, std::string> found_;
};

TEST_F(SupportBundleTest, OfAnEmptyBoxItSaysWhatIsMissingAndWhy) {
  with_engine_ = false;
  gather();
  EXPECT_THAT(found_["/plan.json.missing"], HasSubstr("/state/plan.json"));
  EXPECT_THAT(found_["/status.txt.missing"], HasSubstr("is farholm-agent running"));
  EXPECT_THAT(found_["/README.txt"], HasSubstr("farholm-agent"));
}

TEST_F(SupportBundleTest, TellsWhatHappenedAndWhatTheNodesSay) {
  EventJournal events(machine_.world(), "/state/events", Logger(silence_, "events"));
  events.load();
  events.record(true, "LayerUnhealthy", "till", "no pod is ready");
  write("/state/volumes/customers.db", "not ours to look at");
  add_container("store-etcd", "etcd");
  add_container("store-worker-1-abcde", "node");
  engine_.on_exec = [](const ExecSpec& spec) {
    return driver::docker::ExecOutput{.exit_code = 0, .out = "says " + spec.command.front(), .err = {}};
  };
  gather();
  EXPECT_THAT(found_["/events.txt"], HasSubstr("till: no pod is ready"));
  EXPECT_THAT(found_["/state-folder.txt"], HasSubstr("/state/events"));
  EXPECT_THAT(found_["/state-folder.txt"], Not(HasSubstr("customers.db")));
  EXPECT_THAT(found_["/containers.txt"], HasSubstr("store-etcd"));
  EXPECT_EQ(found_["/containers/store-worker-1-abcde/journal.txt"], "says journalctl");
  EXPECT_EQ(found_["/containers/store-worker-1-abcde/cluster.txt"], "says kubectl");
  EXPECT_TRUE(found_.contains("/containers/store-etcd/log.txt"));
}

TEST_F(SupportBundleTest, NoKeyIsInItWhereverItAppears) {
  const auto identity = open_identity(files(), machine_.entropy(), "/state/identity.json");
  ASSERT_TRUE(identity);
  const std::string pem =
      std::string("-----BEGIN PRIVATE KEY-----\n") + kKeyBody + "\n-----END PRIVATE KEY-----\n";
  write("/state/cluster.json", json::to_text({{"nodes", {{{"name", "store-worker-1-abcde"}}}},
                                              {"secrets",
                                               {{"etcd", {{"keyPEM", pem}, {"certificatePEM", "public"}}},
                                                {"encryptionKey", "c2VjcmV0LXNlY3JldC1zZWNyZXQ="}}}}));
  add_container("store-worker-1-abcde", "node");
  const auto sealing = to_base64(identity->sealing.secret);
  engine_.on_exec = [&](const ExecSpec&) {
    return driver::docker::ExecOutput{
        .exit_code = 0,
        .out = "a line with " + std::string(kKeyBody) + "\nand c2VjcmV0LXNlY3JldC1zZWNyZXQ= and " + sealing +
               "\njoin with abcdef.0123456789abcdef\n-----BEGIN EC PRIVATE KEY-----\nanother one's\n",
        .err = {}};
  };
  gather();
  for (const auto& secret : {std::string(kKeyBody), std::string("c2VjcmV0LXNlY3JldC1zZWNyZXQ="), sealing,
                             std::string("abcdef.0123456789abcdef"), std::string("another one's"),
                             identity->key.to_pem().substr(30, 40)})
    EXPECT_THAT(all(), Not(HasSubstr(secret)));
  EXPECT_THAT(found_["/containers/store-worker-1-abcde/journal.txt"], HasSubstr("a line with [redacted]"));
  EXPECT_TRUE(found_.contains("/containers/store-worker-1-abcde/journal.txt")) << "a name is no secret";
}

TEST_F(SupportBundleTest, OfAnEndlessFileTheEndIsKept) {
  write("/state/registry.log", std::string(3 << 20, 'x') + "the end");
  gather();
  EXPECT_LT(found_["/registry.log"].size(), kSupportFileBytesMax + 100);
  EXPECT_THAT(found_["/registry.log"], HasSubstr("xthe end"));
}

TEST_F(SupportBundleTest, AnEngineThatHangsIsWaitedForOnlySoLong) {
  engine_.hang_after(0, /*with_effect=*/false);
  gather();
  EXPECT_THAT(found_["/engine.txt.missing"], HasSubstr("does not answer"));
  EXPECT_LT(world_.time().monotonic().time_since_epoch(), std::chrono::minutes(1));
}

TEST_F(SupportBundleTest, IsATarArchive) {
  const auto bundle = world_.loop().run(
      make_support_bundle(machine_.world(), Logger(silence_, "support"), {.state = {"/state"}}));
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->substr(257, 5), "ustar");
}

}  // namespace
}  // namespace farholm::agent
