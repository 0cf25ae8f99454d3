// Bytes as text: lower-case hexadecimal, base64 (RFC 4648, standard alphabet with padding), and the length of
// UTF-8. Decoders refuse anything that their encoders would not write. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace farholm {

std::string to_hex(std::span<const std::byte> bytes);
std::optional<std::vector<std::byte>> from_hex(std::string_view text);

std::string to_base64(std::span<const std::byte> bytes);
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

// At most `bytes_max` of a text, whole UTF-8 characters: for what comes from outside.
std::string cut_text(std::string text, std::size_t bytes_max);

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace farholm
