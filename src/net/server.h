// HttpServer: accepts connections, speaks HTTP/1.1 and HTTP/2 on them (ALPN, or prior knowledge by the
// preface), and runs a handler for each request. Bounded: connections, heads, bodies held at once, time.
// On the loop's thread. Destroying it drops every connection and every handler.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/clock.h"
#include "io/loop.h"
#include "net/exchange.h"

namespace farholm::net {

// Takes the connections that agreed, by ALPN, on a protocol that is not HTTP (the link's), so that one port
// serves both. They count no longer against the server's limits.
class ProtocolHandler {
 public:
  virtual ~ProtocolHandler() = default;
  virtual void take(std::unique_ptr<io::SecureStream> stream, Peer peer) = 0;
};

struct OtherProtocol {
  std::string alpn;
  ProtocolHandler* handler = nullptr;  // outlives the server
};

struct ServerOptions {
  std::size_t connections_max = 256;  // the one that has been idle longest makes room for a new one
  std::size_t head_bytes_max = 64 << 10;
  std::size_t header_count_max = 128;
  // Of all bodies that read_body() holds at once, and of all HTTP/2 requests that are being answered (their
  // heads, handlers, streams, and what came of their bodies and was not read yet): together with what the
  // connections themselves cost, 64 clients that send without end stay below 16 MiB
  // (bench/hostile_clients_run).
  std::uint64_t body_memory_bytes_max = 3584 << 10;
  std::uint64_t request_memory_bytes_max = 4 << 20;
  // Of answers that wait for who does not read them; beyond it the one that has waited longest is cut off.
  std::uint64_t answer_memory_bytes_max = 4 << 20;
  std::uint32_t concurrent_streams_max = 100;  // on one HTTP/2 connection
  io::Duration handshake_timeout = std::chrono::seconds(10);
  io::Duration head_timeout = std::chrono::seconds(10);   // from a head's first byte to its last
  io::Duration body_timeout = std::chrono::seconds(60);   // for read_body()
  io::Duration idle_timeout = std::chrono::seconds(120);  // between requests
  io::Duration write_timeout = std::chrono::seconds(60);  // without any progress
  std::vector<OtherProtocol> other_protocols;             // their names are in the SecureServer's list too
};

class HttpServer final {
 public:
  // All outlive the server.
  HttpServer(io::Loop& loop, HttpHandler& handler, Logger log, ServerOptions options = {});
  ~HttpServer();

  // Accepts until it is dropped or shutdown() begins; run it in a Scope that dies before the listener and the
  // channel. Plain when `tls` is null. Several may run at once.
  io::Task<void> serve(io::Listener& listener, io::SecureServer* tls = nullptr);
  // Serves one connection that is there already (the link's sessions, an inherited socket, a test's pair).
  // Returns at once; the server owns it.
  void serve_connection(std::unique_ptr<io::Stream> stream, Peer peer, io::SecureServer* tls = nullptr);

  // Stops accepting, tells clients (GOAWAY, Connection: close), waits for running handlers for at most
  // `grace`, then drops what is left.
  io::Task<void> shutdown(io::Duration grace);

  std::size_t connection_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace farholm::net
