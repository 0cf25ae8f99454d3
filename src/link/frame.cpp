#include "link/frame.h"

#include <fmt/format.h>

namespace farholm::link {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr json::Limits kBodyLimits{.bytes_max = kFrameBytesMax, .depth_max = 32, .values_max = 20'000};

}  // namespace

Result<std::string> encode(const Frame& frame) {
  const std::string body = json::to_text(frame.body);
  const std::size_t length = body.size() + 1;
  if (length > kFrameBytesMax) {
    return fail(ErrorCode::RequestEntityTooLarge,
                fmt::format("a frame of {} bytes is longer than the link's {}", length, kFrameBytesMax));
  }
  std::string bytes;
  bytes.reserve(kLengthBytes + length);
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift & 0xff);
  bytes += static_cast<char>(frame.type);
  return bytes + body;
}

Result<std::optional<Frame>> Decoder::next() {
  while (buffer_.size() >= kLengthBytes) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i)
      length = length << 8 | static_cast<unsigned char>(buffer_[i]);
    if (length < 1 || length > kFrameBytesMax) {
      return fail(ErrorCode::BadRequest, fmt::format("a frame says that it is {} bytes long", length));
    }
    if (buffer_.size() < kLengthBytes + length) break;
    const auto type = static_cast<std::uint8_t>(buffer_[kLengthBytes]);
    const bool known = type >= static_cast<std::uint8_t>(FrameType::Hello) &&
                       type <= static_cast<std::uint8_t>(FrameType::Dial);
    auto body = json::parse(std::string_view(buffer_).substr(kLengthBytes + 1, length - 1), kBodyLimits);
    buffer_.erase(0, kLengthBytes + length);
    if (!known) continue;
    if (!body) return std::unexpected(std::move(body).error());
    if (!body->is_object()) return fail(ErrorCode::BadRequest, "a frame's body is no JSON object");
    return std::optional(Frame{.type = static_cast<FrameType>(type), .body = std::move(*body)});
  }
  return std::optional<Frame>();
}

}  // namespace farholm::link
