#include "json/yaml_scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace farholm::json {
namespace {

template <std::size_t N>
bool any_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 12> kNotJson{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

// Go's strconv.ParseInt with base 0: 0x, 0o, 0b, and 0 for octal.
std::optional<Value> integer(std::string_view text) {
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = text[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    text.remove_prefix(base == 8 && mark != 'o' && mark != 'O' ? 1 : 2);
  }
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!negative) return Value(size);
  if (size > std::uint64_t{1} << 63) return std::nullopt;
  return Value(static_cast<std::int64_t>(0 - size));
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
std::optional<Value> decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  if (!(text[0] >= '0' && text[0] <= '9') &&
      !(text[0] == '.' && text.size() > 1 && text[1] >= '0' && text[1] <= '9')) {
    return std::nullopt;
  }
  double size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (negative) size = -size;
  // Kubernetes' tools pass YAML through JSON text, where 1e3 is 1000.
  constexpr double kExactMax = 9007199254740992.0;
  if (std::abs(size) <= kExactMax && size == std::trunc(size)) return Value(static_cast<std::int64_t>(size));
  return Value(size);
}

}  // namespace

Result<Value> resolve_plain_scalar(std::string_view text) {
  if (any_of(text, kNull)) return Value(nullptr);
  if (any_of(text, kTrue)) return Value(true);
  if (any_of(text, kFalse)) return Value(false);
  if (any_of(text, kNotJson)) {
    return fail(ErrorCode::Invalid, fmt::format("{} is not a number that JSON can say; quote it", text));
  }
  const char first = text[0];
  if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') {
    std::string plain(text);
    if (first != '.') std::erase(plain, '_');
    if (auto value = integer(plain)) return std::move(*value);
    if (auto value = decimal(plain)) return std::move(*value);
  }
  return Value(text);
}

}  // namespace farholm::json
