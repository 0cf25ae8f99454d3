#include "link/frame.h"

#include <fmt/format.h>

#include <algorithm>

namespace farholm::link {
namespace {

constexpr std::size_t kLengthBytes = 4;
// Most frames are shorter: a buffer that is not larger is kept for the next.
constexpr std::size_t kBufferKeptBytes = 4 << 10;
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

std::size_t Decoder::length() const {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    length = length << 8 | static_cast<unsigned char>(buffer_[i]);
  return length;
}

void Decoder::feed(std::span<const std::byte> bytes) {
  // A large frame gets what it needs when it is known how long it is, instead of twice as much while it
  // grows.
  if (buffer_.size() >= kLengthBytes && length() <= frame_bytes_max_)
    buffer_.reserve(std::max(kLengthBytes + length(), buffer_.size() + bytes.size()));
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void Decoder::forget(std::size_t bytes) {
  buffer_.erase(0, bytes);
  if (buffer_.size() <= kBufferKeptBytes && buffer_.capacity() > kBufferKeptBytes) buffer_.shrink_to_fit();
}

Result<Frame> parse_frame(const RawFrame& raw) {
  FARHOLM_TRY(auto body, json::parse(raw.text, kBodyLimits));
  if (!body.is_object()) return fail(ErrorCode::BadRequest, "a frame's body is no JSON object");
  return Frame{.type = raw.type, .body = std::move(body)};
}

Result<std::optional<Frame>> Decoder::next() {
  FARHOLM_TRY(const auto raw, next_raw());
  if (!raw) return std::optional<Frame>();
  FARHOLM_TRY(auto frame, parse_frame(*raw));
  return std::optional(std::move(frame));
}

Result<std::optional<RawFrame>> Decoder::next_raw() {
  while (buffer_.size() >= kLengthBytes) {
    const std::size_t bytes = length();
    if (bytes < 1 || bytes > frame_bytes_max_) {
      return fail(ErrorCode::BadRequest,
                  fmt::format("a frame says that it is {} bytes long; at most {} are taken here", bytes,
                              frame_bytes_max_));
    }
    if (buffer_.size() < kLengthBytes + bytes) break;
    const auto type = static_cast<std::uint8_t>(buffer_[kLengthBytes]);
    const bool known = type >= static_cast<std::uint8_t>(FrameType::Hello) &&
                       type <= static_cast<std::uint8_t>(FrameType::Taken);
    if (!known) {
      forget(kLengthBytes + bytes);
      continue;
    }
    RawFrame raw{.type = static_cast<FrameType>(type), .text = buffer_.substr(kLengthBytes + 1, bytes - 1)};
    forget(kLengthBytes + bytes);
    last_frame_bytes_ = bytes;
    return std::optional(std::move(raw));
  }
  return std::optional<RawFrame>();
}

}  // namespace farholm::link
