// One HTTP/2 connection of a server (RFC 9113), on nghttp2. Each stream runs a handler; what handlers write
// stays in their own frames until the peer's window takes it, and what peers send is bounded by the windows
// that we open, so a connection's memory does not depend on how much is sent. Internal to net.
#pragma once

#include <nghttp2/nghttp2.h>

#include <map>
#include <memory>
#include <vector>

#include "net/http2_stream.h"
#include "net/server_state.h"

namespace farholm::net {

class Http2ServerConnection final {
 public:
  // Server and activity outlive the connection.
  Http2ServerConnection(ServerState& server, ConnectionActivity& activity, std::unique_ptr<io::Stream> stream,
                        Peer peer);

  // Until the connection is over.
  io::Task<void> run();

 private:
  friend class Http2Stream;
  struct SessionFree {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  void make_session();
  io::Task<bool> read_frames();
  io::Task<bool> write_frames();
  io::Task<void> announce_drain();
  io::Task<bool> wait_for_bytes();
  // What nghttp2's callbacks left to be done outside of them.
  void settle();
  void wake() { wanted_.set(); }
  Http2Stream* find(std::int32_t id);

  int on_begin_headers(const nghttp2_frame& frame);
  int on_header(const nghttp2_frame& frame, std::string_view name, std::string_view value);
  int on_frame(const nghttp2_frame& frame);
  int on_data(std::int32_t id, std::string_view bytes);
  int on_stream_close(std::int32_t id, std::uint32_t error_code);

  ServerState& server_;
  ConnectionActivity& activity_;
  std::unique_ptr<io::Stream> stream_;
  Peer peer_;
  std::unique_ptr<nghttp2_session, SessionFree> session_;
  io::Event wanted_;   // something may be there to be written
  io::Event written_;  // the writer has caught up with a piece
  std::size_t head_bytes_held_ = 0;
  std::vector<std::int32_t> to_start_;
  std::vector<std::unique_ptr<Http2Stream>> to_drop_;
  std::map<std::int32_t, std::unique_ptr<Http2Stream>> streams_;
};

}  // namespace farholm::net
