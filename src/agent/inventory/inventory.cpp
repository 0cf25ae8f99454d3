#include "agent/inventory/inventory.h"

#include <fmt/format.h>

#include "agent/inventory/parts.h"

namespace farholm::agent {
namespace {

using namespace inventory;

// What every reader of JSON keeps exactly; a sum of nonsense may be more.
constexpr std::int64_t kIntegerMax = std::int64_t{1} << 53;

json::Value capacity_of(const json::Value& whole) {
  json::Value capacity = json::Value::object();
  if (const auto* cpu = json::find_object(whole, "cpu"))
    put(capacity, "cpus", json::find_integer(*cpu, "count"));
  if (const auto* memory = json::find_object(whole, "memory")) {
    put(capacity, "memoryBytes", json::find_integer(*memory, "totalBytes"));
  }
  if (const auto* disks = json::find_array(whole, "disks")) {
    std::int64_t total = 0;
    for (const auto& disk : *disks) {
      // A stick that somebody left in the box is no capacity.
      if (!json::find_bool(disk, "removable").value_or(false)) {
        total += json::find_integer(disk, "sizeBytes").value_or(0);
      }
    }
    if (total <= kIntegerMax) capacity["diskBytes"] = total;
  }
  return capacity;
}

}  // namespace

Result<json::Value> read_inventory(io::Files& files, const std::string& sysroot_path) {
  if (!sysroot_path.empty()) {
    auto status = files.status(sysroot_path);
    if (!status) {
      return fail_while(std::move(status).error(), "looking for the sysroot: name a folder that is there");
    }
  }
  const Sysroot sysroot(files, sysroot_path);
  const auto processors = read_processors(sysroot);
  json::Value whole = json::Value::object();
  json::Value addresses = json::Value::array();
  put(whole, "hostname", read_hostname(sysroot));
  put_all(whole, "cpu", describe(processors));
  put_all(whole, "memory", read_memory(sysroot));
  put_all(whole, "disks", read_disks(sysroot));
  put_all(whole, "nics", read_network(sysroot, addresses));
  auto pci = read_pci(sysroot);
  put_all(whole, "gpus", gpus_of(pci));
  put_all(whole, "pci", std::move(pci));
  put_all(whole, "system", read_system(sysroot));
  put_all(whole, "firmware", read_firmware(sysroot));
  put_all(whole, "tpm", read_tpm(sysroot));
  put_all(whole, "virtualization", read_virtualization(sysroot, processors));
  put_all(whole, "kernel", read_kernel(sysroot));
  put_all(whole, "os", read_os(sysroot));
  put_all(whole, "cgroup", read_cgroup(sysroot));
  whole["addresses"] = std::move(addresses);
  whole["capacity"] = capacity_of(whole);
  return whole;
}

}  // namespace farholm::agent
