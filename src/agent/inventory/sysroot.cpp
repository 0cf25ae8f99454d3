#include "agent/inventory/sysroot.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace farholm::agent::inventory {
namespace {

// The length of the UTF-8 sequence at the front (RFC 3629), 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto lead = byte(0);
  std::size_t length = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) length = 2;
  if (lead >= 0xE0 && lead < 0xF0) length = 3;
  if (lead >= 0xF0 && lead < 0xF5) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0U) != 0x80) return 0;
  }
  const bool too_long = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool too_large = lead == 0xF4 && byte(1) > 0x8F;
  return too_long || surrogate || too_large ? 0 : length;
}

}  // namespace

std::optional<std::string> Sysroot::file(const std::string& path, std::uint64_t limit_bytes) const {
  auto content = io::read_file(files_, root_ + path, limit_bytes);
  if (!content) return std::nullopt;
  return std::move(*content);
}

std::optional<std::string> Sysroot::text(const std::string& path) const {
  const auto content = file(path, kValueFileBytesMax);
  if (!content) return std::nullopt;
  auto cleaned = clean(*content);
  if (cleaned.empty()) return std::nullopt;
  return cleaned;
}

std::optional<std::int64_t> Sysroot::number(const std::string& path) const {
  const auto content = file(path, kValueFileBytesMax);
  return content ? parse_number(trim(*content)) : std::nullopt;
}

std::optional<bool> Sysroot::flag(const std::string& path) const {
  const auto value = number(path);
  if (!value || *value < 0 || *value > 1) return std::nullopt;
  return *value == 1;
}

bool Sysroot::exists(const std::string& path) const {
  const auto status = io::status_if_exists(files_, root_ + path);
  return status && status->has_value();
}

std::vector<std::string> Sysroot::names(const std::string& path, std::size_t entries_max) const {
  const auto entries = files_.list(root_ + path);
  std::vector<std::string> names;
  if (!entries) return names;
  for (const auto& entry : *entries) {
    if (names.size() == entries_max) break;
    names.push_back(entry.name);
  }
  return names;
}

std::optional<std::string> Sysroot::link(const std::string& path) const {
  auto target = files_.read_link(root_ + path);
  if (!target) return std::nullopt;
  return std::move(*target);
}

std::optional<std::string> Sysroot::link_name(const std::string& path) const {
  const auto target = link(path);
  if (!target) return std::nullopt;
  auto name = clean(std::string_view(*target).substr(target->rfind('/') + 1));
  if (name.empty()) return std::nullopt;
  return name;
}

std::string clean(std::string_view text) {
  std::string cleaned;
  while (!text.empty() && cleaned.size() < kTextBytesMax) {
    const auto length = sequence_length(text);
    if (length == 0) {
      cleaned += '?';
    } else if (length == 1) {
      // A NUL ends the texts of the device tree; other control characters are as good as a space.
      if (text.front() == '\0') break;
      const bool printable = static_cast<unsigned char>(text.front()) >= ' ' && text.front() != '\x7F';
      cleaned += printable ? text.front() : ' ';
    } else {
      if (cleaned.size() + length > kTextBytesMax) break;
      cleaned += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return std::string(trim(cleaned));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_placeholder(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](unsigned char letter) {
    return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
  });
  constexpr std::array<std::string_view, 20> kPlaceholders{"to be filled by o.e.m.",
                                                           "to be filled by oem",
                                                           "default string",
                                                           "system manufacturer",
                                                           "system product name",
                                                           "system version",
                                                           "system serial number",
                                                           "not specified",
                                                           "not applicable",
                                                           "not available",
                                                           "none",
                                                           "unknown",
                                                           "n/a",
                                                           "o.e.m.",
                                                           "oem",
                                                           "invalid",
                                                           "--",
                                                           "0123456789",
                                                           "empty",
                                                           "type1productconfigid"};
  if (std::ranges::find(kPlaceholders, lowered) != kPlaceholders.end()) return true;
  // "00000000", "FFFFFFFF-FFFF…", "....": the same letter all along.
  std::erase_if(lowered, [](char letter) { return letter == '-' || letter == ' '; });
  return lowered.empty() ||
         (lowered.size() > 1 && lowered.find_first_not_of(lowered.front()) == std::string::npos);
}

void put(json::Value& object, const char* member, std::optional<std::string> value) {
  if (value) object[member] = std::move(*value);
}
void put(json::Value& object, const char* member, std::optional<std::int64_t> value) {
  if (value) object[member] = *value;
}
void put(json::Value& object, const char* member, std::optional<bool> value) {
  if (value) object[member] = *value;
}
void put_all(json::Value& object, const char* member, json::Value container) {
  if (!container.empty()) object[member] = std::move(container);
}

}  // namespace farholm::agent::inventory
