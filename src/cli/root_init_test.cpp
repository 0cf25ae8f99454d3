// Keys that are made once.
#include "cli/root_init.h"

#include <gmock/gmock.h>

#include "cli/key_file.h"
#include "cli/test_files.h"
#include "trust/root.h"

namespace farholm::cli {
namespace {

using testing::HasSubstr;

class RootInitTest : public testing::Test {
 protected:
  Result<std::string> init() { return root_init(desk_.world(), {.folder = "/keys", .years = 10}); }

  test::Desk desk_;
};

TEST_F(RootInitTest, MakesAKeyOfEveryRoleThatOnlyItsOwnerMayRead) {
  ASSERT_TRUE(init());
  const auto root = trust::Root::parse(desk_.read("/keys/root.json"));
  ASSERT_TRUE(root) << root.error().to_string();
  for (const auto role : trust::kRoleNames) {
    const std::string path = "/keys/" + std::string(trust::to_string(role)) + ".key";
    const auto status = desk_.files().status(path);
    ASSERT_TRUE(status) << path;
    EXPECT_EQ(status->permissions, 0600U) << path;
    const auto key = read_key(desk_.files(), path);
    ASSERT_TRUE(key) << path;
    // Each key plays its own role and no other.
    const auto envelope = trust::sign_envelope("text", "payload", {*key});
    for (const auto other : trust::kRoleNames)
      EXPECT_EQ(root->verify(other, envelope).has_value(), other == role) << path;
  }
  EXPECT_EQ(desk_.files().status("/keys").value().permissions, 0700U);
}

TEST_F(RootInitTest, SaysWhichKeysStayOfflineAndShowsNoKey) {
  const auto text = init();
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("keep these offline"));
  EXPECT_THAT(*text, HasSubstr("until 2036-01-0"));
  EXPECT_THAT(*text, testing::Not(HasSubstr("PRIVATE")));
}

TEST_F(RootInitTest, ASecondRunRefusesAndChangesNothing) {
  ASSERT_TRUE(init());
  const auto root = desk_.read("/keys/root.json");
  const auto key = desk_.read("/keys/root.key");
  const auto again = init();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::AlreadyExists);
  EXPECT_THAT(again.error().message, HasSubstr("/keys/root.json is there already"));
  EXPECT_EQ(desk_.read("/keys/root.json"), root);
  EXPECT_EQ(desk_.read("/keys/root.key"), key);
}

TEST_F(RootInitTest, AKeyThatIsThereIsNotOverwrittenAndNoOtherIsMade) {
  desk_.write("/keys/publisher.key", "precious");
  const auto outcome = init();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::AlreadyExists);
  EXPECT_THAT(outcome.error().message, HasSubstr("/keys/publisher.key"));
  EXPECT_EQ(desk_.read("/keys/publisher.key"), "precious");
  EXPECT_EQ(desk_.files().list("/keys").value().size(), 1U);
}

TEST_F(RootInitTest, AFileThatIsNoKeyIsNamedAndNotShown) {
  desk_.write("/keys/plan.key", "canary");
  const auto outcome = read_key(desk_.files(), "/keys/plan.key");
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().to_string(), HasSubstr("/keys/plan.key"));
  EXPECT_THAT(outcome.error().to_string(), testing::Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace farholm::cli
