// What the hub proves itself with, as it is given or made.
#include "hub/authority.h"

#include <gmock/gmock.h>

#include "io/sim/sim_world.h"
#include "trust/key_id.h"

namespace farholm::hub {
namespace {

using testing::HasSubstr;

class AuthorityTest : public testing::Test {
 protected:
  AuthorityTest() {
    EXPECT_TRUE(machine_.files().make_directories("/hub"));
    write("/ours.pem", ours_);
    write("/theirs.pem", theirs_);
  }

  void write(const std::string& path, const crypto::PrivateKey& key) {
    EXPECT_TRUE(io::write_file_atomically(machine_.files(), path, key.public_key().to_pem()));
  }
  auto open(const std::string& publisher) {
    return Authority::open(machine_.world(), {.state = {.path = "/hub"}, .publisher = publisher});
  }

  io::sim::SimWorld world_{5};
  io::sim::SimMachine& machine_ = world_.add_machine("hub");
  crypto::PrivateKey ours_ = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, machine_.entropy());
  crypto::PrivateKey theirs_ = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, machine_.entropy());
};

TEST_F(AuthorityTest, ARootOfOurOwnNamesThePublisherAndSaysThatItIsOnline) {
  const auto authority = open("/ours.pem");
  ASSERT_TRUE(authority) << authority.error().to_string();
  EXPECT_TRUE((*authority)->root_online());
  EXPECT_TRUE((*authority)
                  ->root()
                  .role(trust::RoleName::Publisher)
                  .key_ids.contains(trust::key_id(ours_.public_key())));
}

TEST_F(AuthorityTest, TheSamePublisherAgainOrNoneIsRightAtTheNextStart) {
  const auto first = open("/ours.pem");
  ASSERT_TRUE(first);
  for (const char* publisher : {"/ours.pem", ""}) {
    const auto next = open(publisher);
    ASSERT_TRUE(next) << next.error().to_string();
    EXPECT_EQ((*next)->root().digest(), (*first)->root().digest());
  }
}

TEST_F(AuthorityTest, AnotherPublisherThanTheRootsIsRefusedAndSaysWhatToDo) {
  const auto first = open("/ours.pem");
  ASSERT_TRUE(first);
  const auto refused = open("/theirs.pem");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::BadRequest);
  EXPECT_THAT(refused.error().message, HasSubstr("/theirs.pem is no publisher of this hub's root"));
  EXPECT_THAT(refused.error().message, HasSubstr("--root"));
}

}  // namespace
}  // namespace farholm::hub
