#include "agent/inventory/inventory.h"

#include <gtest/gtest.h>

#include "agent/inventory/parts.h"
#include "agent/inventory/test_tree.h"

namespace farholm::agent::inventory {
namespace {

class InventoryTest : public testing::Test {
 protected:
  json::Value read() { return read_inventory(tree_, "").value(); }
  std::string pointer(const char* path) {
    const auto value = read();
    const json::Value::json_pointer at(path);
    return value.contains(at) ? json::to_text(value.at(at)) : "absent";
  }
  TestTree tree_;
};

TEST_F(InventoryTest, AnEmptyTreeGivesAnEmptyInventory) {
  EXPECT_EQ(json::to_text(read()), R"({"addresses":[],"capacity":{},"virtualization":{"kvm":false}})");
}

TEST_F(InventoryTest, ThreadsCoresAndSocketsAreToldApart) {
  std::string cpuinfo;
  for (int cpu = 0; cpu < 8; ++cpu) {
    cpuinfo += "processor\t: " + std::to_string(cpu) + "\nphysical id\t: " + std::to_string(cpu / 4) +
               "\ncore id\t\t: " + std::to_string(cpu % 4 / 2) + "\nflags\t\t: fpu tsc lm sse4_2 aes vmx\n\n";
  }
  tree_.texts["/proc/cpuinfo"] = cpuinfo;
  EXPECT_EQ(pointer("/cpu"),
            R"({"architecture":"x86_64","cores":4,"count":8,"flags":["aes","lm","sse4_2","vmx"],"sockets":2,)"
            R"("threadsPerCore":2,"x86_64Level":1})");
}

TEST_F(InventoryTest, SecureBootIsTheFifthByteOfItsVariable) {
  const std::string variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  tree_.texts[variable] = std::string("\x06\x00\x00\x00\x01", 5);
  EXPECT_EQ(pointer("/firmware"), R"({"secureBoot":true,"type":"UEFI"})");
  tree_.texts[variable] = std::string("\x06\x00\x00\x00\x00", 5);
  EXPECT_EQ(pointer("/firmware/secureBoot"), "false");
  tree_.texts[variable] = "\x06";
  EXPECT_EQ(pointer("/firmware"), R"({"type":"UEFI"})");
}

TEST_F(InventoryTest, TheTpmHasAVersion) {
  tree_.texts["/sys/class/tpm/tpm0/dev"] = "10:224\n";
  EXPECT_EQ(pointer("/tpm"), R"({"present":true})");
  tree_.texts["/sys/class/tpm/tpm0/tpm_version_major"] = "2\n";
  EXPECT_EQ(pointer("/tpm"), R"({"present":true,"version":"2.0"})");
  tree_.texts.erase("/sys/class/tpm/tpm0/tpm_version_major");
  tree_.texts["/sys/class/tpm/tpm0/device/caps"] = "Manufacturer: 0x49465800\nTCG version: 1.2\n";
  EXPECT_EQ(pointer("/tpm/version"), R"("1.2")");
}

TEST_F(InventoryTest, WhatNobodyFilledInIsLeftOut) {
  const std::string dmi = "/sys/class/dmi/id/";
  tree_.texts[dmi + "sys_vendor"] = "To Be Filled By O.E.M.\n";
  tree_.texts[dmi + "product_name"] = "System Product Name\n";
  tree_.texts[dmi + "product_serial"] = "0000000000\n";
  tree_.texts[dmi + "product_uuid"] = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n";
  tree_.texts[dmi + "board_vendor"] = "ASRock\n";
  tree_.texts[dmi + "board_name"] = "N100DC-ITX\n";
  EXPECT_EQ(pointer("/system"), R"({"board":"N100DC-ITX","product":"N100DC-ITX","vendor":"ASRock"})");
}

TEST_F(InventoryTest, AVirtualMachineSaysOnWhat) {
  tree_.texts["/proc/cpuinfo"] = "processor: 0\nflags: fpu hypervisor lm\n";
  EXPECT_EQ(pointer("/virtualization"), R"({"guest":true,"kvm":false})");
  tree_.texts["/sys/class/dmi/id/sys_vendor"] = "QEMU\n";
  tree_.texts["/dev/kvm"] = "";
  EXPECT_EQ(pointer("/virtualization"), R"({"guest":true,"hypervisor":"qemu","kvm":true})");
}

TEST_F(InventoryTest, OnlyDisksCountAsDisks) {
  const auto block = [&](const std::string& name, const char* size) {
    tree_.texts["/sys/block/" + name + "/size"] = size;
  };
  const auto device = [&](const std::string& name) {
    tree_.texts["/sys/block/" + name + "/device/model"] = "M\n";
  };
  for (const char* name : {"loop0", "dm-0", "md0", "zram0"}) block(name, "1000\n");
  for (const char* name : {"sr0", "mmcblk0boot0", "nvme0c0n1", "nvme0n1", "sdb"}) {
    block(name, "1000\n");
    device(name);
  }
  block("sda", "0\n");
  device("sda");
  tree_.texts["/sys/block/nvme0c0n1/hidden"] = "1\n";
  tree_.texts["/sys/block/nvme0n1/device/serial"] = "S4EWNX0R  \n";
  tree_.texts["/sys/block/sdb/device/vpd_pg80"] = std::string("\x00\x80\x00\x08", 4) + "  ABC123";
  tree_.texts["/sys/block/sdb/removable"] = "1\n";
  EXPECT_EQ(pointer("/disks"),
            R"([{"model":"M","name":"nvme0n1","serial":"S4EWNX0R","sizeBytes":512000,"transport":"nvme"},)"
            R"({"model":"M","name":"sdb","removable":true,"serial":"ABC123","sizeBytes":512000}])");
  EXPECT_EQ(pointer("/capacity/diskBytes"), "512000");
}

TEST_F(InventoryTest, BridgesOfContainersAreNotCardsButBondsAre) {
  for (const char* name : {"eth0", "eth1", "bond0", "br0", "docker0", "veth1"}) {
    tree_.texts["/sys/class/net/" + std::string(name) + "/type"] = "1\n";
  }
  tree_.texts["/sys/class/net/lo/type"] = "772\n";
  for (const char* name : {"eth0", "eth1"}) {
    tree_.texts["/sys/class/net/" + std::string(name) + "/device/vendor"] = "0x8086\n";
    tree_.links["/sys/class/net/" + std::string(name) + "/device/driver"] = "../../bus/pci/drivers/igc";
    tree_.links["/sys/class/net/bond0/lower_" + std::string(name)] = "../" + std::string(name);
  }
  tree_.links["/sys/class/net/br0/lower_bond0"] = "../bond0";
  tree_.links["/sys/class/net/docker0/lower_veth1"] = "../veth1";
  EXPECT_EQ(
      pointer("/nics"),
      R"([{"name":"bond0","virtual":true},{"name":"br0","virtual":true},{"driver":"igc","name":"eth0"},)"
      R"({"driver":"igc","name":"eth1"}])");
}

TEST_F(InventoryTest, AddressesComeFromTheKernelsTables) {
  tree_.texts["/sys/class/net/eth0/type"] = "1\n";
  tree_.texts["/sys/class/net/eth0/device/vendor"] = "0x8086\n";
  tree_.texts["/proc/net/route"] =
      "Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
      "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n"
      "eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\n"
      "docker0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0\n";
  tree_.texts["/proc/net/fib_trie"] =
      "Local:\n |-- 127.0.0.1\n /32 host LOCAL\n |-- 172.17.0.1\n /32 host LOCAL\n |-- 192.0.2.0\n /24 link "
      "UNICAST\n"
      " |-- 192.0.2.7\n /32 host LOCAL\n |-- 192.0.2.7\n /32 host LOCAL\n |-- 300.0.2.7\n /32 host LOCAL\n";
  tree_.texts["/proc/net/if_inet6"] =
      "00000000000000000000000000000001 01 80 10 80 lo\n"
      "fe800000000000000000000000000007 02 40 20 80 eth0\n"
      "20010db8000000010000000000000007 02 40 00 80 eth0\n"
      "20010db8000000010000000000000008 02 40 00 01 eth0\n"
      "20010db800000000000000000000zzzz 02 40 00 80 eth0\n";
  // The loopback's, link-local and passing addresses, and those of the bridge for containers are not told.
  EXPECT_EQ(pointer("/addresses"), R"(["192.0.2.7","2001:db8:0:1::7"])");
  EXPECT_EQ(pointer("/nics/0/addresses"), R"(["192.0.2.7","2001:db8:0:1::7"])");
}

TEST_F(InventoryTest, TextIsMadeFitToBePrintedAndSent) {
  EXPECT_EQ(clean("  a\tb\n"), "a b");
  EXPECT_EQ(clean(std::string_view("Pi\0rest", 7)), "Pi");
  EXPECT_EQ(clean("\xC3\xBC\xFF\xED\xA0\x80"), "\xC3\xBC????");
  EXPECT_EQ(clean(std::string(1000, 'x')).size(), kTextBytesMax);
  EXPECT_EQ(clean("\x1B[31mred"), "[31mred");
}

TEST_F(InventoryTest, AnAbsoluteOsReleaseLinkDoesNotLeadOutOfTheSysroot) {
  TestTree tree;
  tree.texts["/mnt/usr/lib/os-release"] = "ID=farholm\nPRETTY_NAME='It\\'s ours'\n";
  tree.texts["/mnt/etc/os-release"] = "ID=the-hosts\n";
  tree.links["/mnt/etc/os-release"] = "/usr/lib/os-release";
  EXPECT_EQ(json::to_text(read_inventory(tree, "/mnt").value()["os"]),
            R"({"id":"farholm","name":"It's ours"})");
}

}  // namespace
}  // namespace farholm::agent::inventory
