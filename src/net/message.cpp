#include "net/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace farholm::net {
namespace {

// A piece of a body of unknown length that is read at once.
constexpr std::size_t kPieceBytes = 16 << 10;

}  // namespace

std::string_view reason_phrase(int status) {
  // RFC 9110 §15, RFC 6585.
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> kIdempotent = {"GET",    "HEAD",    "PUT",
                                                           "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

io::Task<Result<std::string>> read_all(BodyReader& body, std::uint64_t limit_bytes) {
  std::string whole;
  while (true) {
    // One byte more than the limit is asked for, so that a body of exactly the limit is seen to end.
    const auto had = whole.size();
    whole.resize(static_cast<std::size_t>(std::min<std::uint64_t>(had + kPieceBytes, limit_bytes + 1)));
    FARHOLM_CO_TRY(const auto count,
                   co_await body.read(std::as_writable_bytes(std::span(whole).subspan(had))));
    whole.resize(had + count);
    if (count == 0) co_return whole;
    if (whole.size() > limit_bytes) {
      co_return fail(ErrorCode::RequestEntityTooLarge,
                     fmt::format("the body is longer than the limit of {} bytes", limit_bytes));
    }
  }
}

}  // namespace farholm::net
