// The pieces of an inventory. Each gives an object or an array (maybe empty) and never fails. Pure apart from
// what they read; one thread.
#pragma once

#include <string>
#include <vector>

#include "agent/inventory/sysroot.h"
#include "json/json.h"

namespace farholm::agent::inventory {

// /proc/cpuinfo and the topology in sysfs, read once: several pieces look at it.
struct Processors {
  std::string architecture;  // as `uname -m`; "" when it cannot be told
  std::string vendor;
  std::string model;
  std::int64_t count = 0;  // logical ones that are online
  std::int64_t sockets = 0;
  std::int64_t cores = 0;
  std::vector<std::string> flags;  // all of them, sorted
  bool has(std::string_view flag) const;
};
Processors read_processors(const Sysroot& sysroot);
json::Value describe(const Processors& processors);

json::Value read_memory(const Sysroot& sysroot);
json::Value read_disks(const Sysroot& sysroot);

// The cards with their addresses; `addresses` gets those by which others can reach the machine.
json::Value read_network(const Sysroot& sysroot, json::Value& addresses);
struct InterfaceAddress {
  std::string address;
  std::string interface;  // "" when it cannot be told
};
// Of the kernel's own tables; those of the loopback, link-local and passing ones (RFC 8981) are left out.
std::vector<InterfaceAddress> read_addresses(const Sysroot& sysroot);

// Devices that a layer may want; bridges, memory and timers are not among them.
json::Value read_pci(const Sysroot& sysroot);
json::Value gpus_of(const json::Value& pci);

json::Value read_system(const Sysroot& sysroot);  // DMI or the device tree
json::Value read_firmware(const Sysroot& sysroot);
json::Value read_tpm(const Sysroot& sysroot);
json::Value read_virtualization(const Sysroot& sysroot, const Processors& processors);
json::Value read_kernel(const Sysroot& sysroot);
json::Value read_os(const Sysroot& sysroot);
json::Value read_cgroup(const Sysroot& sysroot);
std::optional<std::string> read_hostname(const Sysroot& sysroot);

}  // namespace farholm::agent::inventory
