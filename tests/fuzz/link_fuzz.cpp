// The control link's frames and what they do to a channel and to the status that the hub keeps: never
// crashes, never holds more than a frame, and what is taken can be written and reads back the same. The first
// byte says in what pieces the rest arrives.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "base/encoding.h"
#include "io/memory_stream.h"
#include "link/channel.h"
#include "link/site_event.h"
#include "link/status_sync.h"

namespace {

using namespace farholm;

constexpr std::size_t kFrameBytesMax = 1024;
constexpr std::size_t kPieceBytesMax = 256;

class StillClock final : public io::Clock {
 public:
  io::WallTime now() const override { return {}; }
  io::MonotonicTime monotonic() const override { return {}; }
};
class NoPoller final : public io::Poller {
 public:
  void wait(std::optional<io::MonotonicTime>) override {}
  bool idle() const override { return true; }
};

// What the hub does with a host's frames, but for the store.
struct Hub {
  link::StatusReceiver receiver{nullptr};
  static bool take_events(const link::Frame& frame) {
    const auto batch = link::parse_event_batch(frame.body);
    if (!batch) return false;
    FARHOLM_ASSERT(!batch->events.empty() && batch->events.size() <= link::kEventsPerFrameMax);
    for (const auto& event : batch->events)
      FARHOLM_ASSERT(event.sequence > 0 && event.count > 0 &&
                     event.message.size() <= link::kEventMessageBytesMax);
    const auto again = link::parse_event_batch(link::to_json(*batch));
    FARHOLM_ASSERT(again && *again == *batch);
    return true;
  }
  bool take(const link::Frame& frame) {
    if (frame.type == link::FrameType::Events) return take_events(frame);
    if (frame.type != link::FrameType::Status) return true;
    const auto before = receiver.digest();
    const auto taken = receiver.take(frame.body);
    if (!taken) return false;
    if (!*taken) FARHOLM_ASSERT(receiver.digest() == before);
    if (*taken) FARHOLM_ASSERT(receiver.status().is_object());
    return true;
  }
};

void check(const link::Frame& frame) {
  const auto bytes = link::encode(frame);
  FARHOLM_ASSERT(bytes);
  link::Decoder decoder;
  decoder.feed(as_bytes(*bytes));
  const auto again = decoder.next();
  FARHOLM_ASSERT(again && *again && **again == frame);
}

void decode_in_pieces(std::string_view text, std::size_t piece) {
  link::Decoder decoder(kFrameBytesMax);
  Hub hub;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    decoder.feed(as_bytes(text.substr(at, piece)));
    while (true) {
      const auto frame = decoder.next();
      if (!frame) return;
      // Its length, its four bytes and what came behind it; small buffers are kept.
      FARHOLM_ASSERT(decoder.held_bytes() <= 2 * (kFrameBytesMax + kPieceBytesMax) + (4 << 10));
      if (!*frame) break;
      check(**frame);
      if (!hub.take(**frame)) return;
    }
  }
}

// The same over a stream; each ping is answered, as the hub does.
void receive(std::string_view text) {
  StillClock clock;
  NoPoller poller;
  io::Loop loop(clock, poller);
  auto [near, far] = io::make_memory_streams(loop, std::max<std::size_t>(text.size(), 1));
  link::Channel channel(loop, std::move(far), {.frame_bytes_max = kFrameBytesMax, .unsent_bytes_max = 64});
  if (!text.empty()) FARHOLM_ASSERT(near->try_write(as_bytes(text)));
  near.reset();
  loop.run([](link::Channel& from) -> io::Task<void> {
    Hub hub;
    while (true) {
      const auto frame = co_await from.receive();
      if (!frame || !hub.take(*frame)) co_return;
      if (frame->type == link::FrameType::Ping && !from.send({.type = link::FrameType::Pong})) co_return;
    }
  }(channel));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  decode_in_pieces(text, data[0] + std::size_t{1});
  receive(text);
  return 0;
}
