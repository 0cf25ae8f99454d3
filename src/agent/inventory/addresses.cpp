// Addresses from text files alone: the kernel lists the IPv6 ones with their interfaces, but the IPv4 ones
// only as a dump of its routing trie; the routing table then says on which interface each one is.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "agent/inventory/parts.h"

namespace farholm::agent::inventory {
namespace {

constexpr std::uint64_t kTableBytesMax = 4 << 20;
constexpr std::size_t kAddressesMax = 256;
constexpr std::size_t kRoutesMax = 4096;
constexpr std::size_t kIpv6Groups = 8;

struct Route {
  std::uint32_t network = 0;
  std::uint32_t mask = 0;
  std::string interface;
};

std::vector<std::string_view> words_of(std::string_view line, std::size_t words_max) {
  std::vector<std::string_view> words;
  while (words.size() < words_max) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3)) return std::nullopt;
    const auto value = parse_number(text.substr(0, dot));
    if (!value || *value < 0 || *value > 255) return std::nullopt;
    address = (address << 8U) | static_cast<std::uint32_t>(*value);
    text.remove_prefix(part == 3 ? text.size() : dot + 1);
  }
  return address;
}

// The table prints addresses as they lie in memory.
std::uint32_t from_network_order(std::uint32_t value) {
  if constexpr (std::endian::native == std::endian::big) return value;
  return ((value & 0xFFU) << 24U) | ((value & 0xFF00U) << 8U) | ((value >> 8U) & 0xFF00U) | (value >> 24U);
}

std::vector<Route> read_routes(const Sysroot& sysroot) {
  std::vector<Route> routes;
  each_line(sysroot.file("/proc/net/route", kTableBytesMax).value_or(""), [&](std::string_view line) {
    const auto words = words_of(line, 8);
    if (words.size() < 8 || routes.size() == kRoutesMax) return;
    const auto network = parse_hex(words[1]);
    const auto mask = parse_hex(words[7]);
    // Without a mask it is the default route, which says nothing of where an address is.
    if (!network || !mask || *mask == 0) return;
    routes.push_back({.network = from_network_order(*network),
                      .mask = from_network_order(*mask),
                      .interface = clean(words[0])});
  });
  return routes;
}

std::string interface_of(std::uint32_t address, const std::vector<Route>& routes) {
  const Route* best = nullptr;
  for (const auto& route : routes) {
    if ((address & route.mask) == route.network && (best == nullptr || route.mask > best->mask))
      best = &route;
  }
  return best == nullptr ? "" : best->interface;
}

void read_ipv4(const Sysroot& sysroot, std::vector<InterfaceAddress>& addresses) {
  const auto routes = read_routes(sysroot);
  std::vector<std::uint32_t> found;
  std::optional<std::uint32_t> leaf;
  each_line(sysroot.file("/proc/net/fib_trie", kTableBytesMax).value_or(""), [&](std::string_view line) {
    const auto text = trim(line);
    if (text.starts_with("|-- ")) {
      leaf = parse_ipv4(text.substr(4));
    } else if (text == "/32 host LOCAL" && leaf && (*leaf >> 24U) != 127 && found.size() < kAddressesMax) {
      found.push_back(*leaf);
    }
  });
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  for (const auto address : found) {
    addresses.push_back({.address = fmt::format("{}.{}.{}.{}", address >> 24U, (address >> 16U) & 0xFFU,
                                                (address >> 8U) & 0xFFU, address & 0xFFU),
                         .interface = interface_of(address, routes)});
  }
}

// As RFC 5952 wants it: lower case, no leading zeros, the longest run of zeros as "::".
std::string format_ipv6(const std::array<std::uint32_t, kIpv6Groups>& groups) {
  std::size_t run_begin = kIpv6Groups;
  std::size_t run_length = 1;  // a single zero is written out
  for (std::size_t begin = 0; begin < kIpv6Groups; ++begin) {
    std::size_t length = 0;
    while (begin + length < kIpv6Groups && groups[begin + length] == 0) ++length;
    if (length > run_length) {
      run_begin = begin;
      run_length = length;
    }
  }
  std::string text;
  for (std::size_t at = 0; at < kIpv6Groups; ++at) {
    if (at == run_begin) {
      text += "::";
      at += run_length - 1;
    } else {
      if (!text.empty() && text.back() != ':') text += ':';
      text += fmt::format("{:x}", groups[at]);
    }
  }
  return text;
}

void read_ipv6(const Sysroot& sysroot, std::vector<InterfaceAddress>& addresses) {
  // include/uapi/linux/if_addr.h: temporary 0x01, failed 0x08, deprecated 0x20, tentative 0x40.
  constexpr std::uint32_t kPassing = 0x01 | 0x08 | 0x20 | 0x40;
  constexpr std::uint32_t kGlobalScope = 0;
  std::vector<InterfaceAddress> found;
  each_line(sysroot.file("/proc/net/if_inet6", kTableBytesMax).value_or(""), [&](std::string_view line) {
    const auto words = words_of(line, 6);
    if (words.size() < 6 || words[0].size() != 4 * kIpv6Groups || found.size() == kAddressesMax) return;
    const auto flags = parse_hex(words[4]);
    if (parse_hex(words[3]) != kGlobalScope || !flags || (*flags & kPassing) != 0) return;
    std::array<std::uint32_t, kIpv6Groups> groups{};
    for (std::size_t at = 0; at < kIpv6Groups; ++at) {
      const auto group = parse_hex(words[0].substr(4 * at, 4));
      if (!group) return;
      groups[at] = *group;
    }
    found.push_back({.address = format_ipv6(groups), .interface = clean(words[5])});
  });
  std::ranges::sort(found, {}, &InterfaceAddress::address);
  std::ranges::move(found, std::back_inserter(addresses));
}

}  // namespace

std::vector<InterfaceAddress> read_addresses(const Sysroot& sysroot) {
  std::vector<InterfaceAddress> addresses;
  read_ipv4(sysroot, addresses);
  read_ipv6(sysroot, addresses);
  return addresses;
}

}  // namespace farholm::agent::inventory
