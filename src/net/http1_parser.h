// HTTP/1.1 syntax (RFC 9112), strictly: whatever two readers could understand differently is refused, for
// that is what request smuggling is made of. Synchronous, over bytes that are there; no input or output.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "net/message.h"

namespace farholm::net::http1 {

struct HeadLimits {
  std::size_t bytes_max = 64 << 10;
  std::size_t headers_max = 128;
};

// The length of the head that `bytes` begins with, its empty line included; nothing while it is not complete.
// `searched` is how many bytes an earlier call has already looked at, and is brought up to date.
std::optional<std::size_t> find_head_end(std::string_view bytes, std::size_t& searched);

struct RequestHead {
  Request request;  // without body
  int minor_version = 1;
};
struct ResponseHead {
  Response response;  // without body
  int minor_version = 1;
};

// Of a whole head, as find_head_end() delimits it. The error's code is what to answer with: BadRequest, or
// RequestEntityTooLarge (431) for too many fields. Refused: bare CR or LF, obsolete folding, white space
// before a colon, empty or odd names, control characters, versions other than 1.0 and 1.1, no or more than
// one Host.
Result<RequestHead> parse_request_head(std::string_view head, const HeadLimits& limits);
Result<ResponseHead> parse_response_head(std::string_view head, const HeadLimits& limits);

// How a body is delimited (RFC 9112 §6.3).
struct Framing {
  enum class Kind : std::uint8_t { None, Length, Chunked, UntilClose };
  Kind kind = Kind::None;
  std::uint64_t length = 0;
};
// Refused: Content-Length with Transfer-Encoding, several or malformed Content-Lengths, a coding other than
// exactly "chunked", Transfer-Encoding from an HTTP/1.0 client.
Result<Framing> request_framing(const RequestHead& head);
Result<Framing> response_framing(const ResponseHead& head, std::string_view request_method);

// Whether the connection may carry another message after this one, as its sender sees it.
bool keeps_alive(const Headers& headers, int minor_version);

// Takes the chunked coding apart (RFC 9112 §7.1). Extensions and trailers are skipped, up to a limit.
class ChunkDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;         // how many of the bytes have been dealt with, data included
    std::span<const std::byte> data;  // what of them is body; empty when more bytes are needed, or at the end
  };
  // One step: gives the next piece of data, or consumes framing. Call again with what is left while it
  // consumes something and is not at the end.
  Result<Step> step(std::span<const std::byte> bytes, std::size_t data_bytes_max);
  bool finished() const { return state_ == State::Finished; }

 private:
  enum class State : std::uint8_t {
    Size,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    TrailerStart,
    Trailer,
    TrailerLineFeed,
    FinalLineFeed,
    Finished,
  };
  Result<void> take_framing(char c);

  State state_ = State::Size;
  std::uint64_t left_ = 0;
  int digits_ = 0;
  std::size_t overhead_bytes_ = 0;  // of the current size line, or of all trailers
};

// The bytes of a head, with its empty line. The caller has chosen the fields; none is added but the status
// line's reason. Names and values with control characters are a BadRequest: nothing is injected.
Result<std::string> write_request_head(const Request& request);
Result<std::string> write_response_head(const Response& response);
// "1a\r\n"
std::string write_chunk_size(std::size_t size);

}  // namespace farholm::net::http1
