// The input side of an HTTP/1.1 connection: a small buffer, and the body that is read through it. Shared by
// server and client; internal to net.
#pragma once

#include <string>

#include "io/stream.h"
#include "net/http1_parser.h"

namespace farholm::net::http1 {

// Up to here head and body leave in one write.
constexpr std::size_t kJoinedBytesMax = 16 << 10;

// What has been read and not yet consumed. Holds no memory while it is empty and released.
class InputBuffer {
 public:
  // The stream outlives the buffer.
  explicit InputBuffer(io::Stream& stream) : stream_(stream) {}

  std::string_view bytes() const { return std::string_view(storage_).substr(begin_); }
  std::size_t size() const { return storage_.size() - begin_; }
  bool empty() const { return begin_ == storage_.size(); }
  void consume(std::size_t count);
  // Gives its memory back when it is empty.
  void release();
  std::string take();

  // Reads once, so that there are at most `size_max` bytes; 0 at the end, nothing when none are there now.
  // The buffer must not be full.
  Result<std::optional<std::size_t>> try_fill(std::size_t size_max);
  // Waits for at least one more byte; 0 at the end.
  io::Task<Result<std::size_t>> fill(std::size_t size_max);

  io::Stream& stream() { return stream_; }

 private:
  io::Stream& stream_;
  std::string storage_;
  std::size_t begin_ = 0;
};

// Reads the head that is next, waiting for it: its bytes, still in the buffer. An empty view when the stream
// ended before its first byte. RequestEntityTooLarge when it is longer than the limit.
io::Task<Result<std::string_view>> read_head(InputBuffer& input, std::size_t bytes_max);

class FramedBody final : public BodyReader {
 public:
  // The buffer outlives the body.
  FramedBody(InputBuffer& input, Framing framing)
      : input_(input),
        framing_(framing),
        finished_(framing.kind == Framing::Kind::None || is_empty(framing)) {}

  io::Task<Result<std::size_t>> read(std::span<std::byte> into) override;
  // Whether the whole body has been read, so that the next message can follow.
  bool finished() const { return finished_; }
  const Framing& framing() const { return framing_; }  // its length: what is left of it

 private:
  static bool is_empty(const Framing& framing) {
    return framing.kind == Framing::Kind::Length && framing.length == 0;
  }
  io::Task<Result<std::size_t>> read_plain(std::span<std::byte> into);
  io::Task<Result<std::size_t>> read_chunked(std::span<std::byte> into);

  InputBuffer& input_;
  Framing framing_;
  ChunkDecoder chunks_;
  bool finished_;
};

}  // namespace farholm::net::http1
