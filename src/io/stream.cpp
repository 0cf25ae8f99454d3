#include "io/stream.h"

#include <fmt/format.h>

#include <charconv>

namespace farholm::io {

std::string Endpoint::to_string() const {
  if (kind == Kind::Unix) return "unix:" + path;
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    const auto path = text.substr(kUnix.size());
    if (path.empty()) return fail(ErrorCode::BadRequest, "unix: needs the path of a socket behind it");
    return Endpoint{.kind = Endpoint::Kind::Unix, .host = {}, .port = 0, .path = std::string(path)};
  }
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon != std::string_view::npos) {
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc{} && end == digits.data() + digits.size()) {
      auto host = text.substr(0, colon);
      const bool bracketed = host.starts_with('[') && host.ends_with(']');
      if (bracketed) host = host.substr(1, host.size() - 2);
      if (bracketed || host.find(':') == std::string_view::npos) {
        return Endpoint{.kind = Endpoint::Kind::Tcp, .host = std::string(host), .port = port, .path = {}};
      }
    }
  }
  return fail(ErrorCode::BadRequest,
              fmt::format("\"{}\" is not an address: write ADDRESS:PORT, [IPV6]:PORT or unix:PATH", text));
}

Task<Result<std::size_t>> read_some(Stream& stream, std::span<std::byte> into) {
  while (true) {
    FARHOLM_CO_TRY(const auto count, stream.try_read(into));
    if (count) co_return *count;
    co_await stream.readable();
  }
}

Task<Result<void>> write_all(Stream& stream, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    FARHOLM_CO_TRY(const auto count, stream.try_write(bytes));
    if (count) {
      bytes = bytes.subspan(*count);
    } else {
      co_await stream.writable();
    }
  }
  co_return Result<void>{};
}

}  // namespace farholm::io
