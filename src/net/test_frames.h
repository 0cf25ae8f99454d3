// HTTP/2 frames by hand, for tests that say what no well-behaved client would. Test only.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace farholm::net::test {

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

inline std::string write_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                               std::string_view payload) {
  const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xFFU); };
  std::string bytes = {
      byte(payload.size() >> 16U), byte(payload.size() >> 8U), byte(payload.size()), byte(type),  byte(flags),
      byte(stream >> 24U),         byte(stream >> 16U),        byte(stream >> 8U),   byte(stream)};
  return bytes.append(payload);
}

// The whole frames at the front of the bytes.
inline std::vector<Frame> read_frames(std::string_view bytes) {
  const auto at = [&](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[index]));
  };
  std::vector<Frame> frames;
  while (bytes.size() >= 9) {
    const std::size_t length = (at(0) << 16U) | (at(1) << 8U) | at(2);
    if (bytes.size() < 9 + length) break;
    frames.push_back({.type = static_cast<std::uint8_t>(at(3)),
                      .flags = static_cast<std::uint8_t>(at(4)),
                      .stream = ((at(5) & 0x7FU) << 24U) | (at(6) << 16U) | (at(7) << 8U) | at(8),
                      .payload = std::string(bytes.substr(9, length))});
    bytes.remove_prefix(9 + length);
  }
  return frames;
}

// A field that is in no table (RFC 7541 §6.2.2), lengths below 127 in one byte, above in three.
inline std::string write_field(std::string_view name, std::string_view value) {
  const auto length = [](std::size_t size) {
    if (size < 127) return std::string(1, static_cast<char>(size));
    std::string bytes = "\x7F";
    for (size -= 127; size >= 128; size >>= 7U) bytes += static_cast<char>((size & 0x7FU) | 0x80U);
    return bytes += static_cast<char>(size);
  };
  return std::string(1, '\0')
      .append(length(name.size()))
      .append(name)
      .append(length(value.size()))
      .append(value);
}

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// ":method: GET", ":scheme: http", ":path: /", ":authority: a".
inline std::string get_fields() {
  return "\x82\x86\x84" + write_field(":authority", "a");
}
inline std::string post_fields() {
  return "\x83\x86\x84" + write_field(":authority", "a");
}
inline std::string opening() {
  return std::string(kPreface) + write_frame(NGHTTP2_SETTINGS, 0, 0, "");
}

// ":status" of the first answer on the stream, "" without one.
inline std::string status_of(const std::vector<Frame>& frames, std::uint32_t stream) {
  nghttp2_hd_inflater* raw = nullptr;
  if (nghttp2_hd_inflate_new(&raw) != 0) return "";
  const std::unique_ptr<nghttp2_hd_inflater, decltype(&nghttp2_hd_inflate_del)> inflater(
      raw, nghttp2_hd_inflate_del);
  std::string status;
  for (const auto& frame : frames) {
    if (frame.type != NGHTTP2_HEADERS) continue;
    std::string_view left = frame.payload;
    while (true) {
      nghttp2_nv field{};
      int flags = 0;
      const auto taken =
          nghttp2_hd_inflate_hd2(raw, &field, &flags, reinterpret_cast<const std::uint8_t*>(left.data()),
                                 left.size(), /*in_final=*/1);
      if (taken < 0) return "";
      left.remove_prefix(static_cast<std::size_t>(taken));
      const std::string_view name(reinterpret_cast<const char*>(field.name), field.namelen);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0 && name == ":status" && frame.stream == stream &&
          status.empty()) {
        status.assign(reinterpret_cast<const char*>(field.value), field.valuelen);
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
        nghttp2_hd_inflate_end_headers(raw);
        break;
      }
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left.empty()) break;
    }
  }
  return status;
}

}  // namespace farholm::net::test
