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

enum class FrameType : std::uint8_t {
  Hello = 1,
  Welcome,
  Want,
  Status,
  Acknowledge,
  Ping,
  Pong,
  Dial,
  Events,
  Taken
};

struct Frame {
  FrameType type = FrameType::Ping;
  json::Value body = json::Value::object();
  bool operator==(const Frame&) const = default;
};

// One whose body has not been read: as a document it may take ten times the memory, so that who has many
// peers reads it only when it is its turn.
struct RawFrame {
  FrameType type = FrameType::Ping;
  std::string text;
};
// BadRequest for a body that is no JSON object.
Result<Frame> parse_frame(const RawFrame& raw);

// RequestEntityTooLarge beyond the limit.
Result<std::string> encode(const Frame& frame);

class Decoder {
 public:
  // Frames longer than this are none; at most kFrameBytesMax.
  explicit Decoder(std::size_t frame_bytes_max = kFrameBytesMax) : frame_bytes_max_(frame_bytes_max) {}
  // From the next frame on.
  void take_frames_of(std::size_t frame_bytes_max) { frame_bytes_max_ = frame_bytes_max; }

  // Takes bytes that arrived.
  void feed(std::span<const std::byte> bytes);
  // The next whole frame, or nothing yet. BadRequest for what is no frame: the connection is of no use then.
  // Frames of types that we do not know are passed over.
  Result<std::optional<Frame>> next();
  Result<std::optional<RawFrame>> next_raw();
  // What it costs in memory, and how long the frame was that next() gave last.
  std::size_t held_bytes() const { return buffer_.capacity(); }
  std::size_t last_frame_bytes() const { return last_frame_bytes_; }

 private:
  std::size_t length() const;
  // Drops what was read, and the memory of a large frame with it.
  void forget(std::size_t bytes);

  std::size_t frame_bytes_max_;
  std::size_t last_frame_bytes_ = 0;
  std::string buffer_;
};

}  // namespace farholm::link
