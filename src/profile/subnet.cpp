#include "profile/subnet.h"

#include <fmt/format.h>

namespace farholm::profile {

namespace {

// A decimal number of at most three digits without a leading zero; consumes it.
std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t most) {
  std::size_t digits = 0;
  std::uint32_t number = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < 3)
    number = number * 10 + static_cast<std::uint32_t>(text[digits++] - '0');
  if (digits == 0 || number > most || (digits > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

std::optional<std::uint32_t> take_ipv4(std::string_view& text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
    auto number = take_number(text, 255);
    if (!number) return std::nullopt;
    address = address << 8 | *number;
  }
  return address;
}

}  // namespace

bool Subnet::overlaps(const Subnet& other) const {
  return contains(other.base) || other.contains(base);
}

std::string Subnet::address(std::uint32_t offset) const {
  const std::uint32_t a = base + offset;
  return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

std::string Subnet::text() const {
  return fmt::format("{}/{}", address(0), prefix);
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  auto address = take_ipv4(text);
  if (!text.empty()) return std::nullopt;
  return address;
}

std::optional<Subnet> parse_subnet(std::string_view text) {
  auto base = take_ipv4(text);
  if (!base || !text.starts_with('/')) return std::nullopt;
  text.remove_prefix(1);
  auto prefix = take_number(text, 30);
  if (!prefix || *prefix < 8 || !text.empty()) return std::nullopt;
  const Subnet subnet{.base = *base, .prefix = static_cast<int>(*prefix)};
  if ((subnet.base & (subnet.size() - 1)) != 0) return std::nullopt;
  return subnet;
}

std::optional<Subnet> parse_site_subnet(std::string_view text) {
  const auto subnet = parse_subnet(text);
  return subnet && subnet->prefix >= 16 && subnet->prefix <= 26 ? subnet : std::nullopt;
}

}  // namespace farholm::profile
