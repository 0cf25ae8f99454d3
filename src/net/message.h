// Requests and responses as values, and bodies that are read or written piece by piece. The same for
// HTTP/1.1 and HTTP/2, server and client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "io/task.h"
#include "net/headers.h"

namespace farholm::net {

struct Request {
  std::string method = "GET";
  std::string target = "/";  // as sent, percent-encoded: "/api/v1/pods?watch=1"; see target.h
  Headers headers;
  std::string body;  // whole, where the client sends it so; a server's handler reads it from its Exchange
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// What HTTP calls the status ("Not Found"), or "".
std::string_view reason_phrase(int status);
// GET, HEAD, PUT, DELETE, OPTIONS, TRACE: doing it twice is doing it once (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method);

// A message's body as it arrives. One reader; what is not read is not taken from the network, so a slow
// reader slows its sender.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Waits for at least one byte; 0 is the end. An error when the message is cut off or malformed.
  virtual io::Task<Result<std::size_t>> read(std::span<std::byte> into) = 0;
};

// All of it; RequestEntityTooLarge when it is longer than `limit_bytes`.
io::Task<Result<std::string>> read_all(BodyReader& body, std::uint64_t limit_bytes);

}  // namespace farholm::net
