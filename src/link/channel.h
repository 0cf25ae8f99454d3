// Frames over a stream: reads and writes whole frames, bounded. One reader and any number of writers, on the
// loop's thread.
#pragma once

#include <memory>
#include <string>

#include "io/event.h"
#include "io/stream.h"
#include "link/frame.h"

namespace farholm::link {

// What waits to be written may be so much; a peer that does not read is cut off.
inline constexpr std::size_t kUnsentBytesMax = 1 << 20;

class Channel {
 public:
  Channel(io::Loop& loop, std::unique_ptr<io::Stream> stream) : stream_(std::move(stream)), queued_(loop) {}

  // The next frame; Gone when the peer has ended the connection.
  io::Task<Result<Frame>> receive();
  // Queues a frame; pump() sends it. ServiceUnavailable when the peer does not read.
  Result<void> send(const Frame& frame);
  // Sends what is queued until the connection fails or the task is dropped.
  io::Task<Result<void>> pump();

 private:
  std::unique_ptr<io::Stream> stream_;
  Decoder decoder_;
  std::string unsent_;
  io::Event queued_;
};

}  // namespace farholm::link
