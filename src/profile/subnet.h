// IPv4 subnets: reading, overlap, addresses. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farholm::profile {

struct Subnet {
  std::uint32_t base = 0;  // host order
  int prefix = 0;          // 8…30

  std::uint32_t size() const { return 1U << (32 - prefix); }
  bool overlaps(const Subnet& other) const;
  bool contains(std::uint32_t address) const { return address - base < size(); }
  std::string address(std::uint32_t offset) const;  // "172.30.42.11"
  std::string text() const;                         // "172.30.42.0/24"
  bool operator==(const Subnet&) const = default;
};

// "a.b.c.d/n" with no host bits set and no leading zeros; nothing else.
std::optional<Subnet> parse_subnet(std::string_view text);
// One that a site may have: from /16 to /26, which has room for the addresses of docs/formats/plan.md.
std::optional<Subnet> parse_site_subnet(std::string_view text);
std::optional<std::uint32_t> parse_ipv4(std::string_view text);

}  // namespace farholm::profile
