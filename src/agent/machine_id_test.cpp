// Where a machine's ID comes from.
#include "agent/machine_id.h"

#include <gmock/gmock.h>

#include "agent/test_site.h"

namespace farholm::agent {
namespace {

constexpr const char* kUuid = "4C4C4544-0042-3010-8052-B4C04F563432\n";
constexpr const char* kMachineId = "0123456789abcdef0123456789abcdef\n";

class MachineIdTest : public testing::Test {
 protected:
  void give(const std::string& path, std::string_view text) {
    ASSERT_TRUE(disk_.files.make_directories(io::parent_path(path)));
    disk_.write(path, text);
  }
  std::string id(const std::string& sysroot = "") {
    const auto outcome = machine_id(disk_.files, sysroot);
    return outcome ? *outcome : std::string(reason(outcome.error().code));
  }

  test::Disk disk_;
};

TEST_F(MachineIdTest, TheProductUuidComesFirstAndIsLowerCase) {
  give("/sys/class/dmi/id/product_uuid", kUuid);
  give("/etc/machine-id", kMachineId);
  EXPECT_EQ(id(), "4c4c4544-0042-3010-8052-b4c04f563432");
}

TEST_F(MachineIdTest, TheMachineIdComesSecond) {
  give("/etc/machine-id", kMachineId);
  EXPECT_EQ(id(), "0123456789abcdef0123456789abcdef");
}

TEST_F(MachineIdTest, ABoardThatWasNeverGivenAUuidIsPassedOver) {
  give("/etc/machine-id", kMachineId);
  for (const std::string uuid :
       {"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "Not Settable!", "",
        "short", "------------"}) {
    give("/sys/class/dmi/id/product_uuid", uuid);
    EXPECT_EQ(id(), "0123456789abcdef0123456789abcdef") << uuid;
  }
}

TEST_F(MachineIdTest, ItIsLookedForBelowTheSysroot) {
  give("/etc/machine-id", kMachineId);
  give("/box/sys/class/dmi/id/product_uuid", kUuid);
  EXPECT_EQ(id("/box"), "4c4c4544-0042-3010-8052-b4c04f563432");
  EXPECT_EQ(id("/other"), "NotFound");
}

TEST_F(MachineIdTest, WithoutAnyTheMessageSaysWhatToDo) {
  const auto outcome = machine_id(disk_.files, "");
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, testing::HasSubstr("--machine-id"));
}

}  // namespace
}  // namespace farholm::agent
