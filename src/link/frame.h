// Frames of the control link, as bytes (docs/formats/link.md). The decoder takes bytes as they come and never
// holds more than one frame. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "json/json.h"

namespace farholm::link {

inline constexpr std::size_t kFrameBytesMax = 256 << 10;
inline constexpr std::string_view kAlpn = "farholm-link/1";
inline constexpr std::int64_t kVersion = 1;

enum class FrameType : std::uint8_t { Hello = 1, Welcome, Want, Status, Acknowledge, Ping, Pong, Dial };

struct Frame {
  FrameType type = FrameType::Ping;
  json::Value body = json::Value::object();
  bool operator==(const Frame&) const = default;
};

// RequestEntityTooLarge beyond the limit.
Result<std::string> encode(const Frame& frame);

class Decoder {
 public:
  // Takes bytes that arrived.
  void feed(std::span<const std::byte> bytes) {
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  // The next whole frame, or nothing yet. BadRequest for what is no frame: the connection is of no use then.
  // Frames of types that we do not know are passed over.
  Result<std::optional<Frame>> next();

 private:
  std::string buffer_;
};

}  // namespace farholm::link
