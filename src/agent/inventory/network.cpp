#include <algorithm>
#include <set>

#include "agent/inventory/parts.h"

namespace farholm::agent::inventory {
namespace {

constexpr std::size_t kInterfacesMax = 4096;  // a node's pods have one each
constexpr std::size_t kCardsMax = 64;
constexpr std::size_t kReportedAddressesMax = 64;  // as EdgeHost.status.addresses
constexpr std::int64_t kEthernet = 1;              // ARPHRD_ETHER
constexpr std::int64_t kSpeedMbpsMax = 10'000'000;
constexpr std::size_t kEntriesMax = 256;  // of an interface's own folder
constexpr std::string_view kLower = "lower_";

struct Interface {
  std::string name;
  std::vector<std::string> lower;
};

// Cards, and what stands on them (bonds, bridges, VLANs): the kernel lists what an interface stands on as
// lower_<name>. Bridges and pairs of containers stand on no card; they come and go and are nobody's hardware.
std::set<std::string> interfaces_that_matter(const Sysroot& sysroot) {
  std::set<std::string> chosen;
  std::vector<Interface> others;
  for (const auto& name : sysroot.names("/sys/class/net", kInterfacesMax)) {
    const std::string folder = "/sys/class/net/" + name;
    if (sysroot.number(folder + "/type") != kEthernet) continue;
    if (sysroot.exists(folder + "/device")) {
      chosen.insert(name);
      continue;
    }
    Interface interface{.name = name, .lower = {}};
    for (const auto& entry : sysroot.names(folder, kEntriesMax)) {
      if (entry.starts_with(kLower)) interface.lower.push_back(entry.substr(kLower.size()));
    }
    if (!interface.lower.empty()) others.push_back(std::move(interface));
  }
  // A VLAN on a bridge on a bond: as often as something new is found.
  for (bool found = true; found;) {
    found = false;
    for (const auto& interface : others) {
      if (chosen.contains(interface.name)) continue;
      if (!std::ranges::any_of(interface.lower, [&](const auto& name) { return chosen.contains(name); }))
        continue;
      chosen.insert(interface.name);
      found = true;
    }
  }
  return chosen;
}

json::Value describe_interface(const Sysroot& sysroot, const std::string& name) {
  const std::string folder = "/sys/class/net/" + name;
  json::Value card = {{"name", clean(name)}};
  auto mac = sysroot.text(folder + "/address");
  if (mac && *mac != "00:00:00:00:00:00") put(card, "mac", std::move(mac));
  const auto speed = sysroot.number(folder + "/speed");  // -1 where it has none
  if (speed && *speed > 0 && *speed <= kSpeedMbpsMax) put(card, "speedMbps", speed);
  // The kernel refuses to tell while the interface is down.
  put(card, "carrier", sysroot.flag(folder + "/carrier"));
  put(card, "driver", sysroot.link_name(folder + "/device/driver"));
  if (sysroot.exists(folder + "/wireless") || sysroot.exists(folder + "/phy80211")) card["wireless"] = true;
  if (!sysroot.exists(folder + "/device")) card["virtual"] = true;
  return card;
}

}  // namespace

json::Value read_network(const Sysroot& sysroot, json::Value& addresses) {
  const auto names = interfaces_that_matter(sysroot);
  const auto found = read_addresses(sysroot);
  json::Value cards = json::Value::array();
  for (const auto& name : names) {
    if (cards.size() == kCardsMax) break;
    auto card = describe_interface(sysroot, name);
    json::Value own = json::Value::array();
    for (const auto& address : found) {
      if (address.interface == name && own.size() < kReportedAddressesMax) own.push_back(address.address);
    }
    put_all(card, "addresses", std::move(own));
    cards.push_back(std::move(card));
  }
  addresses = json::Value::array();
  for (const auto& address : found) {
    const bool reachable = address.interface.empty() || names.contains(address.interface);
    if (reachable && addresses.size() < kReportedAddressesMax) addresses.push_back(address.address);
  }
  return cards;
}

}  // namespace farholm::agent::inventory
