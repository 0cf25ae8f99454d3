#include <arpa/inet.h>

#include <algorithm>

#include "base/encoding.h"
#include "object/timestamp.h"
#include "object/validation.h"

namespace farholm::object {

namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_address(int family, const std::string& text) {
  unsigned char bytes[16];
  return inet_pton(family, text.c_str(), bytes) == 1 && text.find('\0') == std::string::npos;
}

bool is_cidr(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return false;
  const auto address = text.substr(0, slash);
  const auto length = text.substr(slash + 1);
  if (length.empty() || length.size() > 3 ||
      !std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  const int bits = std::stoi(length);
  return (is_address(AF_INET, address) && bits <= 32) || (is_address(AF_INET6, address) && bits <= 128);
}

// Go's time.ParseDuration: "1h30m", "1.5s", "-2ms", "0".
bool is_duration(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text == "0") return true;
  if (text.empty()) return false;
  while (!text.empty()) {
    const auto number = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto digits = text.substr(0, number);
    if (std::count(digits.begin(), digits.end(), '.') > 1 ||
        digits.find_first_of("0123456789") == digits.npos)
      return false;
    text.remove_prefix(number);
    const auto unit = text.substr(0, text.find_first_of("0123456789."));
    if (unit != "ns" && unit != "us" && unit != "µs" && unit != "ms" && unit != "s" && unit != "m" &&
        unit != "h")
      return false;
    text.remove_prefix(unit.size());
  }
  return true;
}

}  // namespace

bool in_format(const std::string& format, const std::string& text) {
  if (format == "date-time") return parse_rfc3339(text).has_value();
  if (format == "byte") return from_base64(text).has_value();
  if (format == "uuid") return is_uuid(text);
  if (format == "ipv4") return is_address(AF_INET, text);
  if (format == "ipv6") return is_address(AF_INET6, text);
  if (format == "ip") return is_address(AF_INET, text) || is_address(AF_INET6, text);
  if (format == "cidr") return is_cidr(text);
  if (format == "duration") return is_duration(text);
  return true;
}

}  // namespace farholm::object
