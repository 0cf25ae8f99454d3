// One HTTP/1.1 connection of a server, from its first byte to its last. Internal to net.
#pragma once

#include <memory>
#include <string>

#include "net/http1_body.h"
#include "net/server_state.h"

namespace farholm::net {

class Http1ServerConnection final {
 public:
  // Server and activity outlive the connection.
  Http1ServerConnection(ServerState& server, ConnectionActivity& activity, std::unique_ptr<io::Stream> stream,
                        Peer peer);

  // Serves request after request. Ends when the connection is over, or at HTTP/2's preface: then stream() and
  // the bytes read from it belong to whoever speaks HTTP/2.
  enum class Outcome : std::uint8_t { Closed, Http2 };
  io::Task<Outcome> run();
  std::unique_ptr<io::Stream> take_stream() { return with_what_was_read(); }

 private:
  class ServerExchange;
  enum class Next : std::uint8_t { Request, Close, CloseGently, Gone, Http2 };

  std::unique_ptr<io::Stream> with_what_was_read();
  io::Task<bool> wait_for_request();
  io::Task<Next> serve_one();
  io::Task<Next> serve_parsed(http1::RequestHead head, http1::Framing framing);
  io::Task<Next> refuse(Error error);
  io::Task<void> watch_for_end(ServerExchange& exchange);

  ServerState& server_;
  ConnectionActivity& activity_;
  std::unique_ptr<io::Stream> stream_;
  Peer peer_;
  http1::InputBuffer input_;
  bool first_ = true;
};

}  // namespace farholm::net
