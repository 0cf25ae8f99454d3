#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "json/json.h"

namespace farholm::json {
namespace {

// The integers that every reader of doubles tells apart (RFC 8785, 3.2.2.3; RFC 7493, 2.2).
constexpr std::int64_t kSafeIntegerMax = std::int64_t{1} << 53;
// From here on ECMAScript writes an exponent.
constexpr double kExponentFrom = 1e21;

// RFC 8785 sorts members by UTF-16 code units. That differs from the order of UTF-8 bytes only in that
// supplementary characters (lead bytes F0…F4; surrogates D800…DFFF) come before U+E000…U+FFFF (EE, EF).
unsigned utf16_rank(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return byte == 0xEE || byte == 0xEF ? byte + 0x10U : byte;
}
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_b == b.end()) return false;
  if (in_a == a.end()) return true;
  return utf16_rank(*in_a) < utf16_rank(*in_b);
}

// ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20) over the shortest digits that read back as `number`.
std::string ecmascript_number(double number) {
  if (number == 0) return "0";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(number),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view scientific(buffer.data(), end);
  const auto mark = scientific.find('e');
  std::string digits(1, scientific[0]);
  if (mark > 1) digits += scientific.substr(2, mark - 2);
  int exponent = 0;
  const char* from = scientific.data() + mark + 1;
  if (*from == '+') ++from;
  std::from_chars(from, end, exponent);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the point

  std::string text = number < 0 ? "-" : "";
  if (count <= point && point <= 21) return text + digits + std::string(point - count, '0');
  if (0 < point && point <= 21) return text + digits.substr(0, point) + "." + digits.substr(point);
  if (-6 < point && point <= 0) return text + "0." + std::string(-point, '0') + digits;
  text += digits[0];
  if (count > 1) text += "." + digits.substr(1);
  return fmt::format("{}e{}{}", text, exponent < 0 ? '-' : '+', std::abs(exponent));
}

std::unexpected<Error> unsafe_number(const Value& value) {
  return fail(
      ErrorCode::Invalid,
      fmt::format("the number {} is beyond what every reader keeps exactly (±2^53); write it as a string",
                  value.dump()));
}

Result<void> append_string(std::string& text, const Value& value) {
  try {
    // nlohmann escapes exactly what RFC 8785, 3.2.2.2, asks for, and throws at what is not UTF-8.
    text += value.dump(-1, ' ', false, Value::error_handler_t::strict);
    return {};
  } catch (const Value::exception&) {
    return fail(ErrorCode::Invalid, "a string is not valid UTF-8");
  }
}

Result<void> append_canonical(std::string& text, const Value& value) {
  switch (value.type()) {
    case Value::value_t::null:
    case Value::value_t::boolean:
      text += value.dump();
      return {};
    case Value::value_t::number_unsigned:
      if (value.get<std::uint64_t>() > static_cast<std::uint64_t>(kSafeIntegerMax))
        return unsafe_number(value);
      text += value.dump();
      return {};
    case Value::value_t::number_integer: {
      const auto number = value.get<std::int64_t>();
      if (number > kSafeIntegerMax || number < -kSafeIntegerMax) return unsafe_number(value);
      text += value.dump();
      return {};
    }
    case Value::value_t::number_float: {
      const auto number = value.get<double>();
      // Between 2^53 and 1e21 the text would read back as an integer that we refuse.
      const double size = std::abs(number);
      if (!std::isfinite(number) || (size > static_cast<double>(kSafeIntegerMax) && size < kExponentFrom)) {
        return unsafe_number(value);
      }
      text += ecmascript_number(number);
      return {};
    }
    case Value::value_t::string:
      return append_string(text, value);
    case Value::value_t::array: {
      text += '[';
      bool first = true;
      for (const auto& element : value) {
        if (!std::exchange(first, false)) text += ',';
        FARHOLM_CHECK(append_canonical(text, element));
      }
      text += ']';
      return {};
    }
    case Value::value_t::object: {
      std::vector<const std::pair<const std::string, Value>*> members;
      for (const auto& member : value.get_ref<const Value::object_t&>()) members.push_back(&member);
      std::ranges::sort(members, [](auto* a, auto* b) { return utf16_less(a->first, b->first); });
      text += '{';
      bool first = true;
      for (const auto* member : members) {
        if (!std::exchange(first, false)) text += ',';
        FARHOLM_CHECK(append_string(text, Value(member->first)));
        text += ':';
        FARHOLM_CHECK(append_canonical(text, member->second));
      }
      text += '}';
      return {};
    }
    case Value::value_t::binary:
    case Value::value_t::discarded:
      break;
  }
  return fail(ErrorCode::Invalid, "a value is of no JSON type");
}

}  // namespace

std::string to_text(const Value& value) {
  return value.dump(-1, ' ', false, Value::error_handler_t::replace);
}

std::string to_pretty_text(const Value& value) {
  return value.dump(2, ' ', false, Value::error_handler_t::replace);
}

Result<std::string> to_canonical_text(const Value& value) {
  std::string text;
  FARHOLM_CHECK(append_canonical(text, value));
  return text;
}

}  // namespace farholm::json
