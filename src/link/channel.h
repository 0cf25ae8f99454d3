// Frames over a stream: reads and writes whole frames, bounded. One reader and any number of writers, on the
// loop's thread.
#pragma once

#include <memory>
#include <string>

#include "io/clock.h"
#include "io/event.h"
#include "io/stream.h"
#include "link/frame.h"

namespace farholm::link {

struct ChannelLimits {
  std::size_t frame_bytes_max = kFrameBytesMax;  // of what is received; it stays below the link's own limit
  // What waits to be written may be so much; a peer that does not read is cut off.
  std::size_t unsent_bytes_max = 1 << 20;
  io::Duration write_timeout = std::chrono::seconds(60);  // without any progress
};

class Channel {
 public:
  Channel(io::Loop& loop, std::unique_ptr<io::Stream> stream, ChannelLimits limits = {})
      : loop_(loop),
        stream_(std::move(stream)),
        limits_(limits),
        decoder_(limits.frame_bytes_max),
        queued_(loop) {}

  // The next frame; Gone when the peer has ended the connection. Has no deadline of its own, but lets others
  // run however much the peer has to say.
  io::Task<Result<Frame>> receive();
  io::Task<Result<RawFrame>> receive_raw();
  // Another limit from the next frame on.
  void take_frames_of(std::size_t frame_bytes_max) { decoder_.take_frames_of(frame_bytes_max); }
  std::size_t last_frame_bytes() const { return decoder_.last_frame_bytes(); }  // of the one received last
  // Queues a frame; pump() sends it. ServiceUnavailable when the peer does not read.
  Result<void> send(const Frame& frame);
  // Sends what is queued until the connection fails, the peer takes nothing for too long (Timeout), or the
  // task is dropped.
  io::Task<Result<void>> pump();

 private:
  io::Loop& loop_;
  std::unique_ptr<io::Stream> stream_;
  ChannelLimits limits_;
  Decoder decoder_;
  std::string unsent_;
  io::Event queued_;
};

}  // namespace farholm::link
