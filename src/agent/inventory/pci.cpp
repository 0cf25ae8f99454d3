#include <fmt/format.h>

#include <array>
#include <map>

#include "agent/inventory/parts.h"

namespace farholm::agent::inventory {
namespace {

constexpr std::size_t kDevicesMax = 4096;
constexpr std::size_t kDevicesToldMax = 128;
constexpr std::uint64_t kPciIdsBytesMax = 8 << 20;  // it is 1.4 MiB today
constexpr std::int64_t kDisplay = 0x03;  // base classes of the PCI Code and ID Assignment Specification
constexpr std::int64_t kAccelerator = 0x12;

bool is_of_interest(std::int64_t base_class) {
  constexpr std::array<std::int64_t, 5> kDull{0x05, 0x06, 0x08, 0x0A,
                                              0x11};  // memory, bridges, timers, docks, signals
  for (const auto dull : kDull) {
    if (base_class == dull) return false;
  }
  return true;
}

struct Names {
  std::string vendor;
  std::map<std::string, std::string> devices;
};

bool is_id(std::string_view text) {
  return text.size() > 4 && text.find_first_not_of("0123456789abcdef") == 4 && text[4] == ' ';
}

// "8086  Intel Corporation", and below it "\ta352  Cannon Lake PCH SATA AHCI Controller".
void look_up(const Sysroot& sysroot, std::map<std::string, Names>& wanted) {
  Names* vendor = nullptr;
  for (const std::string path : {"/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"}) {
    const auto content = sysroot.file(path, kPciIdsBytesMax);
    if (!content) continue;
    each_line(*content, [&](std::string_view line) {
      if (line.empty() || line.front() == '#' || line.starts_with("\t\t")) return;
      if (line.front() != '\t') {
        vendor = nullptr;
        if (!is_id(line)) return;  // the classes at the end, "C 00  …"
        const auto found = wanted.find(std::string(line.substr(0, 4)));
        if (found == wanted.end()) return;
        vendor = &found->second;
        vendor->vendor = clean(line.substr(5));
      } else if (vendor != nullptr && is_id(line.substr(1))) {
        const auto found = vendor->devices.find(std::string(line.substr(1, 4)));
        if (found != vendor->devices.end()) found->second = clean(line.substr(6));
      }
    });
    return;
  }
}

std::optional<std::string> id(std::optional<std::int64_t> value) {
  if (!value || *value < 0 || *value > 0xFFFF) return std::nullopt;
  return fmt::format("{:04x}", *value);
}

}  // namespace

json::Value read_pci(const Sysroot& sysroot) {
  json::Value devices = json::Value::array();
  std::map<std::string, Names> names;
  for (const auto& address : sysroot.names("/sys/bus/pci/devices", kDevicesMax)) {
    if (devices.size() == kDevicesToldMax) break;
    const std::string folder = "/sys/bus/pci/devices/" + address;
    const auto device_class = sysroot.number(folder + "/class");
    const auto vendor = id(sysroot.number(folder + "/vendor"));
    const auto device = id(sysroot.number(folder + "/device"));
    if (!device_class || *device_class < 0 || *device_class > 0xFFFFFF || !vendor || !device) continue;
    if (!is_of_interest(*device_class >> 16)) continue;
    names[*vendor].devices[*device];
    json::Value told = {{"address", clean(address)},
                        {"class", fmt::format("{:04x}", *device_class >> 8)},
                        {"vendor", *vendor},
                        {"device", *device}};
    put(told, "driver", sysroot.link_name(folder + "/driver"));
    devices.push_back(std::move(told));
  }
  if (devices.empty()) return devices;
  look_up(sysroot, names);
  for (auto& device : devices) {
    const auto& found = names[json::string_or(device, "vendor")];
    if (!found.vendor.empty()) device["vendorName"] = found.vendor;
    const auto name = found.devices.find(json::string_or(device, "device"));
    if (name != found.devices.end() && !name->second.empty()) device["deviceName"] = name->second;
  }
  return devices;
}

json::Value gpus_of(const json::Value& pci) {
  json::Value gpus = json::Value::array();
  for (const auto& device : pci) {
    const auto base_class = parse_number("0x" + json::string_or(device, "class").substr(0, 2));
    if (base_class == kDisplay || base_class == kAccelerator) gpus.push_back(device);
  }
  return gpus;
}

}  // namespace farholm::agent::inventory
