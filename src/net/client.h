// HttpClient: requests to one server over pooled HTTP/1.1 connections, plain, TLS or a unix socket.
// On the loop's thread. What it has handed out (an open response, a raw stream) may outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/loop.h"
#include "io/secure_channel.h"
#include "io/stream.h"
#include "net/message.h"

namespace farholm::net {

// Makes the client's connections. An interface, so that a proxy or a tunnel can stand where a socket does.
class Dialer {
 public:
  virtual ~Dialer() = default;
  virtual io::Task<Result<std::unique_ptr<io::Stream>>> dial() = 0;
};

// A TCP or unix connection, with TLS when `tls` is given (it and the network outlive the dialer).
// `server_name` is verified; "" takes the endpoint's host.
std::unique_ptr<Dialer> make_dialer(io::Network& network, io::Endpoint endpoint,
                                    io::SecureClient* tls = nullptr, std::string server_name = {});

struct ClientOptions {
  std::string authority;            // the Host header: "127.0.0.1:6443"; "localhost" on a unix socket
  Headers default_headers;          // added where a request does not have them: Authorization, User-Agent
  std::size_t connections_max = 8;  // a request waits (within its deadline) when all are in use
  std::size_t head_bytes_max = 64 << 10;
  std::size_t header_count_max = 256;
  io::Duration connect_timeout = std::chrono::seconds(10);  // including TLS
  io::Duration idle_timeout = std::chrono::seconds(60);     // a pooled connection older than this is not used
};

struct SendOptions {
  // For the whole of send(); for open() and upgrade() until the response's head is there.
  io::Duration deadline = std::chrono::seconds(30);
  std::uint64_t response_body_bytes_max = 16 << 20;  // of send()
  // Instead of Request::body: sent piece by piece, chunked unless the length is given. It outlives the call,
  // and such a request is never repeated.
  BodyReader* body = nullptr;
  std::optional<std::uint64_t> body_length;
};

// A response whose body is still arriving. Reading has no deadline. Dropped before its end, it closes the
// connection.
struct OpenResponse {
  int status = 0;
  Headers headers;
  std::unique_ptr<BodyReader> body;
};

// The raw connection behind 101 (or behind 200, as Docker's attach may answer). With any other status
// `stream` is null and `body` holds what the server said.
struct Upgraded {
  int status = 0;
  Headers headers;
  std::unique_ptr<io::Stream> stream;
  std::string body;
};

class HttpClient final {
 public:
  HttpClient(io::Loop& loop, std::unique_ptr<Dialer> dialer, ClientOptions options);
  ~HttpClient();

  // Any status is a Response; errors are of transport: ServiceUnavailable (nobody answers, cut off), Timeout,
  // RequestEntityTooLarge (the body is longer than the limit), InternalError (not HTTP). An idempotent
  // request that failed on a pooled connection before any answer is sent once more on a new one.
  io::Task<Result<Response>> send(Request request, SendOptions options = {});
  io::Task<Result<OpenResponse>> open(Request request, SendOptions options = {});
  // Sends the request as it is: the caller sets Connection, Upgrade and the like.
  io::Task<Result<Upgraded>> upgrade(Request request, SendOptions options = {});

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace farholm::net
