// A host stays who it is.
#include "agent/identity.h"

#include <gmock/gmock.h>

#include "agent/test_site.h"
#include "crypto/checked_file.h"

namespace farholm::agent {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPath = "/state/identity.json";

class IdentityTest : public testing::Test {
 protected:
  Result<Identity> open() { return open_identity(disk_.files, entropy_, kPath); }

  io::sim::SimEntropy entropy_{3};
  test::Disk disk_;
};

TEST_F(IdentityTest, IsMadeOnceAndIsTheSameEverAfter) {
  const auto first = open();
  ASSERT_TRUE(first);
  EXPECT_THAT(first->key_digest(), testing::StartsWith("sha256:"));
  const auto text = disk_.read(kPath);
  const auto writes = disk_.files.boundaries();
  const auto second = open();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->key_digest(), first->key_digest());
  EXPECT_EQ(second->sealing.secret, first->sealing.secret);
  EXPECT_EQ(disk_.read(kPath), text);
  EXPECT_EQ(disk_.files.boundaries(), writes);
}

TEST_F(IdentityTest, OnlyItsOwnerMayReadIt) {
  ASSERT_TRUE(open());
  EXPECT_EQ(disk_.files.status(kPath).value().permissions, 0600U);
}

TEST_F(IdentityTest, SurvivesAPowerCutRightAfterItWasMade) {
  const auto made = open();
  ASSERT_TRUE(made);
  disk_.files.cut_power();
  disk_.files.restart(io::sim::Survival::Nothing);
  const auto again = open();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key_digest(), made->key_digest());
}

TEST_F(IdentityTest, GarbageIsRefusedWithASentenceAndIsNotReplaced) {
  ASSERT_TRUE(open());
  const auto document = json::parse(**crypto::read_checked_file(disk_.files, kPath, 1 << 20)).value();
  auto short_key = document;
  short_key["sealingKey"] = "AAAA";
  auto wrong_key = document;
  wrong_key["key"] = "canary";
  for (const auto& text : {std::string(), std::string("garbage"), std::string("{}"), json::to_text(short_key),
                           json::to_text(wrong_key)}) {
    disk_.write(kPath, text);
    const auto outcome = open();
    ASSERT_FALSE(outcome) << text;
    EXPECT_EQ(outcome.error().code, ErrorCode::Invalid);
    EXPECT_THAT(outcome.error().message, AllOf(HasSubstr(kPath), HasSubstr("restore it from a backup"),
                                               Not(HasSubstr("canary")), Not(HasSubstr("PRIVATE KEY"))));
    EXPECT_EQ(disk_.read(kPath), text);
  }
}

}  // namespace
}  // namespace farholm::agent
