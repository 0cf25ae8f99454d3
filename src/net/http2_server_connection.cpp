#include "net/http2_server_connection.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "io/scope.h"
#include "net/timed.h"

namespace farholm::net {
namespace {

// What a connection's streams may have sent and nobody has read yet: HTTP/2's default, as for each stream.
constexpr std::int32_t kConnectionWindowBytes = (64 << 10) - 1;
constexpr std::size_t kReadBytes = 8 << 10;
// Frames are gathered up to this size for one write.
constexpr std::size_t kWriteBytes = 16 << 10;
// Heads of requests that are being answered, all streams of a connection together.
constexpr std::size_t kHeadBytesHeldMax = 128 << 10;
// While so many frames wait to be written (answers to pings, resets), nothing more is read.
constexpr std::size_t kQueuedFramesMax = 256;
// A client that opens and resets streams (CVE-2023-44487): so many at once, and so many a second.
constexpr std::uint64_t kResetBurst = 200;
constexpr std::uint64_t kResetsPerSecond = 33;

struct CallbacksFree {
  void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
};
struct OptionFree {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

Http2ServerConnection& self_of(void* user_data) {
  return *static_cast<Http2ServerConnection*>(user_data);
}

}  // namespace

Http2ServerConnection::Http2ServerConnection(ServerState& server, ConnectionActivity& activity,
                                             std::unique_ptr<io::Stream> stream, Peer peer)
    : server_(server),
      activity_(activity),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      wanted_(server.loop),
      written_(server.loop) {}

void Http2ServerConnection::make_session() {
  nghttp2_session_callbacks* raw_callbacks = nullptr;
  FARHOLM_ASSERT(nghttp2_session_callbacks_new(&raw_callbacks) == 0);
  const std::unique_ptr<nghttp2_session_callbacks, CallbacksFree> callbacks(raw_callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      raw_callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
        return self_of(user_data).on_begin_headers(*frame);
      });
  nghttp2_session_callbacks_set_on_header_callback(
      raw_callbacks,
      [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_length,
         const std::uint8_t* value, std::size_t value_length, std::uint8_t, void* user_data) {
        return self_of(user_data).on_header(*frame, {reinterpret_cast<const char*>(name), name_length},
                                            {reinterpret_cast<const char*>(value), value_length});
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      raw_callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
        return self_of(user_data).on_frame(*frame);
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      raw_callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                        std::size_t length, void* user_data) {
        return self_of(user_data).on_data(id, {reinterpret_cast<const char*>(bytes), length});
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      raw_callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error_code, void* user_data) {
        return self_of(user_data).on_stream_close(id, error_code);
      });

  nghttp2_option* raw_option = nullptr;
  FARHOLM_ASSERT(nghttp2_option_new(&raw_option) == 0);
  const std::unique_ptr<nghttp2_option, OptionFree> option(raw_option);
  nghttp2_option_set_no_auto_window_update(raw_option, 1);
  nghttp2_option_set_max_outbound_ack(raw_option, kQueuedFramesMax * 2);
  nghttp2_option_set_stream_reset_rate_limit(raw_option, kResetBurst, kResetsPerSecond);
  nghttp2_session* session = nullptr;
  FARHOLM_ASSERT(nghttp2_session_server_new2(&session, raw_callbacks, this, raw_option) == 0);
  session_.reset(session);

  const std::array settings = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server_.options.concurrent_streams_max},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                             static_cast<std::uint32_t>(server_.options.head_bytes_max)},
      // RFC 9218: no tree of priorities, for which nghttp2 would also keep streams that have ended.
      nghttp2_settings_entry{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  FARHOLM_ASSERT(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0);
  FARHOLM_ASSERT(
      nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes) == 0);
}

io::Task<void> Http2ServerConnection::run() {
  make_session();
  {
    io::Scope scope(server_.loop);
    scope.spawn(announce_drain());
    co_await io::first_of<bool, bool>(server_.loop, read_frames(), write_frames());
  }
  streams_.clear();
  co_await close_gently(server_.loop, std::move(stream_));
}

io::Task<void> Http2ServerConnection::announce_drain() {
  co_await server_.draining.wait();
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR, nullptr,
                        0);
  wake();
}

// False when nothing is being answered and the time for that is over.
io::Task<bool> Http2ServerConnection::wait_for_bytes() {
  while (true) {
    const auto idle_for = server_.loop.clock().monotonic() - activity_.idle_since();
    const auto patience =
        activity_.idle() ? server_.options.idle_timeout - idle_for : server_.options.idle_timeout;
    if (patience <= io::Duration::zero()) co_return false;
    if (co_await ends_within(server_.loop, patience, stream_->readable())) co_return true;
  }
}

io::Task<bool> Http2ServerConnection::read_frames() {
  while (true) {
    while (nghttp2_session_get_outbound_queue_size(session_.get()) > kQueuedFramesMax) {
      written_.clear();
      wake();
      co_await written_.wait();
    }
    std::optional<std::size_t> count;
    {
      // Not kept across the wait: an idle connection should be small.
      std::array<std::byte, kReadBytes> bytes;
      auto read = stream_->try_read(bytes);
      if (!read || *read == std::size_t{0}) co_return false;
      count = *read;
      if (count) {
        const auto taken = nghttp2_session_mem_recv(
            session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), *count);
        if (taken < 0) {
          // A flood, or not HTTP/2 at all (nghttp2 has queued a GOAWAY where it can say so).
          server_.log.debug("HTTP/2 from {} ended: {}", peer_.address,
                            nghttp2_strerror(static_cast<int>(taken)));
          co_return false;
        }
      }
    }
    if (count) {
      settle();
      wake();
      // A client that always has more to say must not keep the loop from everybody else.
      co_await server_.loop.yield();
    } else if (!co_await wait_for_bytes()) {
      nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
      wake();
      if (!co_await ends_within(server_.loop, server_.options.head_timeout, stream_->readable()))
        co_return false;
    }
  }
}

io::Task<bool> Http2ServerConnection::write_frames() {
  std::string gathered;
  while (true) {
    wanted_.clear();
    while (gathered.size() < kWriteBytes) {
      const std::uint8_t* bytes = nullptr;
      const auto count = nghttp2_session_mem_send(session_.get(), &bytes);
      if (count < 0) co_return false;
      if (count == 0) break;
      gathered.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
    }
    settle();
    if (!gathered.empty()) {
      const auto sent =
          co_await write_within(server_.loop, *stream_, as_bytes(gathered), server_.options.write_timeout);
      if (!sent) co_return false;
      std::string().swap(gathered);
      written_.set();
      continue;
    }
    const bool over =
        nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
    if (over || (server_.draining.is_set() && streams_.empty())) co_return true;
    co_await wanted_.wait();
  }
}

void Http2ServerConnection::settle() {
  to_drop_.clear();
  for (const auto id : std::exchange(to_start_, {})) {
    if (auto* stream = find(id)) stream->start();
  }
  std::erase_if(streams_, [&](const auto& entry) {
    const auto& stream = *entry.second;
    if (!stream.closed() || stream.running()) return false;
    head_bytes_held_ -= std::min(head_bytes_held_, stream.head_bytes());
    return true;
  });
}

Http2Stream* Http2ServerConnection::find(std::int32_t id) {
  const auto entry = streams_.find(id);
  return entry == streams_.end() ? nullptr : entry->second.get();
}

int Http2ServerConnection::on_begin_headers(const nghttp2_frame& frame) {
  if (frame.hd.type != NGHTTP2_HEADERS || frame.headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  const auto id = frame.hd.stream_id;
  // Handlers that still finish something count too, although their streams are closed.
  if (server_.draining.is_set() || head_bytes_held_ > kHeadBytesHeldMax ||
      server_.request_bytes_held + kStreamBytes > server_.options.request_memory_bytes_max ||
      streams_.size() >= std::size_t{2} * server_.options.concurrent_streams_max) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  streams_.emplace(id, std::make_unique<Http2Stream>(*this, id));
  return 0;
}

int Http2ServerConnection::on_header(const nghttp2_frame& frame, std::string_view name,
                                     std::string_view value) {
  if (frame.hd.type != NGHTTP2_HEADERS || frame.headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  if (auto* stream = find(frame.hd.stream_id)) {
    const auto before = stream->head_bytes();
    stream->add_header(name, value, server_.options);
    head_bytes_held_ += stream->head_bytes() - before;
  }
  return 0;
}

int Http2ServerConnection::on_frame(const nghttp2_frame& frame) {
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return 0;
  auto* stream = find(frame.hd.stream_id);
  if (stream == nullptr) return 0;
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) stream->end_data();
  if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    to_start_.push_back(frame.hd.stream_id);
  }
  return 0;
}

int Http2ServerConnection::on_data(std::int32_t id, std::string_view bytes) {
  if (auto* stream = find(id)) {
    stream->add_data(bytes);
  } else {
    nghttp2_session_consume(session_.get(), id, bytes.size());
  }
  return 0;
}

int Http2ServerConnection::on_stream_close(std::int32_t id, std::uint32_t error_code) {
  const auto entry = streams_.find(id);
  if (entry == streams_.end()) return 0;
  std::erase(to_start_, id);
  if (entry->second->close(error_code == NGHTTP2_NO_ERROR)) {
    head_bytes_held_ -= std::min(head_bytes_held_, entry->second->head_bytes());
    // Dropped by settle(): a handler's destructors do not run inside of nghttp2.
    to_drop_.push_back(std::move(entry->second));
    streams_.erase(entry);
  }
  return 0;
}

}  // namespace farholm::net
