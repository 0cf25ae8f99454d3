// The chunked coding's decoder: one state for each place in its grammar.
#include <algorithm>

#include "net/http1_parser.h"

namespace farholm::net::http1 {
namespace {

// Of one size line with its extension, and of all trailers together.
constexpr std::size_t kOverheadBytesMax = 1 << 10;
constexpr int kSizeDigitsMax = 15;  // below 2^60

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::unexpected<Error> malformed_body(std::string what) {
  return fail(ErrorCode::BadRequest, "not a valid chunked body: " + std::move(what));
}

}  // namespace

Result<ChunkDecoder::Step> ChunkDecoder::step(std::span<const std::byte> bytes, std::size_t data_bytes_max) {
  std::size_t consumed = 0;
  while (consumed < bytes.size() && state_ != State::Finished) {
    if (state_ == State::Data) {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>({left_, bytes.size() - consumed, data_bytes_max}));
      const auto data = bytes.subspan(consumed, count);
      left_ -= count;
      if (left_ == 0) state_ = State::DataReturn;
      return Step{.consumed = consumed + count, .data = data};
    }
    FARHOLM_CHECK(take_framing(static_cast<char>(bytes[consumed])));
    ++consumed;
  }
  return Step{.consumed = consumed, .data = {}};
}

Result<void> ChunkDecoder::take_framing(char c) {
  const auto expect = [&](char wanted, State next) -> Result<void> {
    if (c != wanted) return malformed_body("a line does not end in CRLF");
    state_ = next;
    return {};
  };
  if (++overhead_bytes_ > kOverheadBytesMax)
    return malformed_body("an extension or the trailers are too long");
  switch (state_) {
    case State::Size:
      if (const int digit = hex_digit(c); digit >= 0) {
        if (++digits_ > kSizeDigitsMax) return malformed_body("a chunk's size is too large");
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return {};
      }
      if (digits_ == 0) return malformed_body("a chunk's size is missing");
      if (c == ';') {
        state_ = State::Extension;
        return {};
      }
      return expect('\r', State::SizeLineFeed);
    case State::Extension:
      if (c == '\r') {
        state_ = State::SizeLineFeed;
      } else if (c == '\n' || c == '\0') {
        return malformed_body("an extension has a LF or NUL");
      }
      return {};
    case State::SizeLineFeed:
      FARHOLM_CHECK(expect('\n', left_ == 0 ? State::TrailerStart : State::Data));
      digits_ = 0;
      overhead_bytes_ = 0;
      return {};
    case State::DataReturn:
      return expect('\r', State::DataLineFeed);
    case State::DataLineFeed:
      overhead_bytes_ = 0;
      return expect('\n', State::Size);
    case State::TrailerStart:
      state_ = c == '\r' ? State::FinalLineFeed : State::Trailer;
      if (c == '\n' || c == '\0') return malformed_body("a trailer has a LF or NUL");
      return {};
    case State::Trailer:
      if (c == '\r') state_ = State::TrailerLineFeed;
      if (c == '\n' || c == '\0') return malformed_body("a trailer has a LF or NUL");
      return {};
    case State::TrailerLineFeed:
      return expect('\n', State::TrailerStart);
    case State::FinalLineFeed:
      return expect('\n', State::Finished);
    case State::Data:
    case State::Finished:
      break;
  }
  return {};
}

}  // namespace farholm::net::http1
