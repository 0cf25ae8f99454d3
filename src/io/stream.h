// A byte stream, and the network that makes them. Reads and writes never wait; readiness is awaited apart,
// so that a protocol engine can be plain synchronous code over buffers. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "io/task.h"

namespace farholm::io {

class Stream {
 public:
  virtual ~Stream() = default;  // closes
  // How many bytes were read (0: the peer has ended its direction), or nothing when none are there now.
  virtual Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) = 0;
  // How many were taken, or nothing when none can be taken now.
  virtual Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) = 0;
  // Until try_read (try_write) may succeed, or fail, or has come to the end. One waiter for each.
  virtual Task<void> readable() = 0;
  virtual Task<void> writable() = 0;
  // The peer reads the end after what was written. Reading goes on.
  virtual Result<void> shutdown_write() = 0;
};

// Where to connect or listen: "127.0.0.1:8443", "[::1]:8443", "hub.example.com:443", "unix:/run/docker.sock".
struct Endpoint {
  enum class Kind : std::uint8_t { Tcp, Unix };
  Kind kind = Kind::Tcp;
  std::string host;        // an address or, to connect, a name; empty to listen on all addresses
  std::uint16_t port = 0;  // 0 to listen: any free one
  std::string path;        // of a unix socket

  std::string to_string() const;
  bool operator==(const Endpoint&) const = default;
};
Result<Endpoint> parse_endpoint(std::string_view text);

class Listener {
 public:
  virtual ~Listener() = default;
  struct Accepted {
    std::unique_ptr<Stream> stream;
    std::string peer;  // "192.0.2.7:40112"; empty for a unix socket
  };
  // Survives what passes by itself (no descriptors left: waits and tries again).
  virtual Task<Result<Accepted>> accept() = 0;
  virtual Endpoint local() const = 0;  // with the port that was chosen
};

struct ListenOptions {
  bool free_bind = false;  // also to an address that no interface has yet (IP_FREEBIND)
};

class Network {
 public:
  virtual ~Network() = default;
  // No deadline of its own: use with_deadline. ServiceUnavailable when nobody answers.
  virtual Task<Result<std::unique_ptr<Stream>>> connect(Endpoint endpoint) = 0;
  // Conflict when the address is taken (the message says by what it can be told).
  virtual Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint, ListenOptions options = {}) = 0;
};

// Waits as often as it must. Reads at least one byte; 0 is the end.
Task<Result<std::size_t>> read_some(Stream& stream, std::span<std::byte> into);
// Writes all of them.
Task<Result<void>> write_all(Stream& stream, std::span<const std::byte> bytes);

}  // namespace farholm::io
