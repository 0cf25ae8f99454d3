// One request and its answer, as a server's handler sees them, whatever version of HTTP carries them.
//
// The handler is a coroutine. It is *dropped* at whatever it awaits when the client goes away, when the
// server shuts down, and when the connection fails; so it holds nothing that must be finished by hand. What
// has to be completed once begun (a commit) belongs to a task that somebody else owns.
// A handler that ends without having answered has failed: 500 is sent for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/secure_channel.h"
#include "net/message.h"

namespace farholm::net {

struct Peer {
  std::string address;                         // "192.0.2.7:40112"; "" for a unix socket
  std::optional<io::ChannelPeer> certificate;  // look at its trust
  std::string alpn;
};

// Kubernetes' limit on bodies.
inline constexpr std::uint64_t kBodyBytesMax = 3U << 20U;

class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const Request& request() const = 0;  // its `body` is empty
  virtual const Peer& peer() const = 0;

  // The body piece by piece. Sends "100 Continue" before the first byte where the client waits for it.
  virtual BodyReader& body() = 0;
  // The whole body, within the server's time for it. RequestEntityTooLarge beyond the limit; TooManyRequests
  // when the bodies that the server holds at once would be more than its budget.
  virtual io::Task<Result<std::string>> read_body(std::uint64_t limit_bytes = kBodyBytesMax) = 0;

  // A whole answer. Content-Length and Date are added. Once, and not together with begin().
  virtual io::Task<Result<void>> respond(Response response) = 0;

  // An answer in pieces: begin (its `body` goes out with the head), write as often as needed, end. Each is
  // handed to the network at once and returns when the network (or the peer's window) has taken it. Not
  // ended, the answer is cut off so that the client can tell. Errors: the client is gone, or has not taken
  // anything for the server's write_timeout.
  virtual io::Task<Result<void>> begin(Response head) = 0;
  virtual io::Task<Result<void>> write(std::string_view bytes) = 0;
  virtual io::Task<Result<void>> end() = 0;
  // Whether respond() or begin() has been called.
  virtual bool answered() const = 0;

  // Sends the head (101, or 200 for CONNECT) and hands the raw connection over, with what has already been
  // read from it in front; the HTTP connection ends with it. The stream may outlive the exchange.
  // BadRequest on HTTP/2.
  virtual io::Task<Result<std::unique_ptr<io::Stream>>> upgrade(Response head) = 0;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Exchanges of several connections and streams run at once, interleaved at co_await.
  virtual io::Task<void> handle(Exchange& exchange) = 0;
};

}  // namespace farholm::net
