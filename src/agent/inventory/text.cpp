#include <fmt/format.h>

#include "agent/inventory/inventory.h"

namespace farholm::agent {
namespace {

std::string joined(const json::Value& object, std::initializer_list<const char*> members) {
  std::string text;
  for (const char* member : members) {
    const auto value = json::string_or(object, member);
    if (value.empty()) continue;
    if (!text.empty()) text += ' ';
    text += value;
  }
  return text;
}

// Two digits that people recognise: disks are sold in powers of ten, memory in powers of two.
std::string size_text(std::int64_t bytes, std::int64_t base, const char* suffix) {
  constexpr std::string_view kPrefixes = "kMGTPE";
  double value = static_cast<double>(bytes);
  std::size_t step = 0;
  while (value >= static_cast<double>(base) && step < kPrefixes.size()) {
    value /= static_cast<double>(base);
    ++step;
  }
  if (step == 0) return fmt::format("{} B", bytes);
  return fmt::format("{:.{}f} {}{}", value, value < 10 ? 1 : 0, kPrefixes[step - 1], suffix);
}

}  // namespace

std::string inventory_as_text(const json::Value& inventory) {
  std::string text;
  const auto line = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format("{:<15} {}\n", name, value);
  };
  const auto section = [&](const char* member) -> const json::Value& {
    static const json::Value kNothing = json::Value::object();
    const auto* found = json::find_object(inventory, member);
    return found == nullptr ? kNothing : *found;
  };
  const auto rows = [&](const char* member, auto describe) {
    const auto* found = json::find_array(inventory, member);
    if (found == nullptr) return;
    for (const auto& row : *found) describe(row);
  };
  line("Host", json::string_or(inventory, "hostname"));
  line("System", joined(section("system"), {"vendor", "product"}));
  line("Serial", json::string_or(section("system"), "serial"));
  const auto& cpu = section("cpu");
  line("CPU",
       fmt::format("{}x {} ({})", json::find_integer(cpu, "count").value_or(0),
                   json::string_or(cpu, "model", "unnamed"), json::string_or(cpu, "architecture", "?")));
  if (const auto bytes = json::find_integer(section("memory"), "totalBytes"))
    line("Memory", size_text(*bytes, 1024, "iB"));
  rows("disks", [&](const json::Value& disk) {
    line("Disk", fmt::format("{:<10} {:>8}  {}", json::string_or(disk, "name"),
                             size_text(json::find_integer(disk, "sizeBytes").value_or(0), 1000, "B"),
                             joined(disk, {"vendor", "model", "serial"})));
  });
  rows("nics", [&](const json::Value& nic) {
    std::string addresses;
    if (const auto* own = json::find_array(nic, "addresses")) {
      for (const auto& address : *own)
        if (address.is_string()) addresses += " " + address.get<std::string>();
    }
    const auto carrier = json::find_bool(nic, "carrier");
    line("NIC", fmt::format("{:<10} {:<17}  {}{}", json::string_or(nic, "name"), json::string_or(nic, "mac"),
                            carrier ? (*carrier ? "up" : "no carrier") : "down", addresses));
  });
  rows("gpus", [&](const json::Value& gpu) {
    line("GPU", joined(gpu, {"vendor", "device", "vendorName", "deviceName"}));
  });
  line("TPM", json::string_or(section("tpm"), "version", "none"));
  const auto secure = json::find_bool(section("firmware"), "secureBoot");
  line("Firmware", joined(section("firmware"), {"type", "vendor", "version", "date"}) +
                       (secure ? (*secure ? ", secure boot" : ", no secure boot") : ""));
  const auto& virtualization = section("virtualization");
  if (json::find_bool(virtualization, "guest").value_or(false))
    line("Virtual", "on " + json::string_or(virtualization, "hypervisor", "an unknown hypervisor"));
  line("Kernel", json::string_or(section("kernel"), "release"));
  line("OS", joined(section("os"), {"name"}));
  return text;
}

}  // namespace farholm::agent
