// Who may be written down as a host, and how many of them. With real agents: agent/uplink/uplink_test.cpp.
#include "hub/pairing.h"

#include <gmock/gmock.h>

#include "hub/resources.h"
#include "io/sim/sim_world.h"
#include "profile/kinds.h"
#include "store/memory_store.h"

namespace farholm::hub {
namespace {

using testing::HasSubstr;

class PairingTest : public testing::Test {
 protected:
  PairingTest() {
    EXPECT_TRUE(machine_.files().make_directories("/hub"));
    authority_ = Authority::open(machine_.world(), {.state = {.path = "/hub"}}).value();
    pairing_ = std::make_unique<Pairing>(Pairing::Parts{.world = machine_.world(),
                                                        .store = *store_,
                                                        .directory = directory_,
                                                        .authority = *authority_,
                                                        .events = events_,
                                                        .log = Logger(silence_, "pairing")});
  }

  Result<Registered> come(int number) {
    const auto text = std::to_string(number);
    Registration registration{
        .claims = {.key_digest = "sha256:" + std::string(20 - text.size(), '0') + text,
                   .sealing_key = {},
                   .machine_id = "machine-" + text,
                   .agent_version = {},
                   .inventory = {{"memory", {{"bytes", 1024}}}, {"addresses", {"192.0.2.1"}}}},
        .key = key_.public_key(),
        .token = {},
        .address = "192.0.2.1"};
    return world_.loop().run(pairing_->register_host(std::move(registration)));
  }
  void approve(const Registered& host) {
    const auto key = key_of(kHosts, host.name_space, host.name);
    const auto done = world_.loop().run(
        store::mutate(*store_, key, [](const store::Entry* current) -> Result<store::Change> {
          auto value = current->value;
          value["spec"]["approval"] = "Approved";
          return store::Change::put(std::move(value));
        }));
    EXPECT_TRUE(done);
    directory_.update(key);
  }
  json::Value status_of(const Registered& host) {
    return store_->get(key_of(kHosts, host.name_space, host.name))->value["status"];
  }

  io::sim::SimWorld world_{7};
  io::sim::SimMachine& machine_ = world_.add_machine("hub");
  std::unique_ptr<store::Store> store_ = store::make_memory_store(world_.loop());
  Directory directory_{*store_};
  apiserver::EventRecorder events_{*store_, machine_.clock(), machine_.entropy(), "farholm-hub"};
  NullSink silence_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, machine_.entropy());
  std::unique_ptr<Authority> authority_;
  std::unique_ptr<Pairing> pairing_;
};

TEST_F(PairingTest, OfAHostThatNobodyHasLetInTheInventoryIsNotKept) {
  const auto host = come(1);
  ASSERT_TRUE(host) << host.error().to_string();
  EXPECT_FALSE(host->approved);
  EXPECT_FALSE(status_of(*host).contains("inventory"));
  EXPECT_EQ(status_of(*host)["addresses"], json::Value({"192.0.2.1"}));
  approve(*host);
  ASSERT_TRUE(come(1));
  EXPECT_TRUE(status_of(*host).contains("inventory"));
}

TEST_F(PairingTest, OnlySoManyHostsMayWaitForAnOperator) {
  auto first = come(0);
  ASSERT_TRUE(first);
  for (int number = 1; number < static_cast<int>(kWaitingHostsMax); ++number) ASSERT_TRUE(come(number));
  const auto refused = come(100'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::TooManyRequests);
  EXPECT_THAT(refused.error().message, HasSubstr("registration token"));
  EXPECT_TRUE(come(5)) << "who waits already may ask again";
  approve(*first);
  EXPECT_TRUE(come(100'000));
  EXPECT_FALSE(come(100'001));
}

}  // namespace
}  // namespace farholm::hub
