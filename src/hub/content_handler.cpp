#include "hub/content_handler.h"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "hub/authority.h"
#include "hub/host.h"
#include "hub/responses.h"
#include "net/target.h"

namespace farholm::hub {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || at != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ByteRange> parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return std::nullopt;
  const auto first = number(header.substr(0, dash));
  const auto last = number(header.substr(dash + 1));
  if (dash == 0) {
    if (!last) return std::nullopt;
    const std::uint64_t length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  if (!first || (dash + 1 < header.size() && !last) || (last && *last < *first)) return std::nullopt;
  if (*first >= size) return ByteRange{size, 0};
  const std::uint64_t end = last ? std::min(*last, size - 1) + 1 : size;
  return ByteRange{*first, end - *first};
}

Result<std::string> host_of(const net::Peer& peer, const Directory& directory) {
  if (!peer.certificate || !peer.certificate->trusted())
    return fail(ErrorCode::Unauthorized, "This needs the client certificate of a paired host.");
  FARHOLM_TRY(const auto certificate, crypto::Certificate::from_der(as_bytes(peer.certificate->der)));
  const auto& groups = certificate.subject().organizations;
  if (std::find(groups.begin(), groups.end(), kHostsGroup) == groups.end())
    return fail(ErrorCode::Forbidden, "This is for paired hosts only.");
  const auto& uid = certificate.subject().common_name;
  const auto host = directory.by_uid(uid);
  if (host == nullptr || !may_join(host->value) ||
      status_text(host->value, "keyDigest") != certificate.public_key().digest().to_string())
    return fail(ErrorCode::Forbidden, "This host is not, or not any more, approved by this hub.");
  return uid;
}

io::Task<void> ContentHandler::handle(net::Exchange& exchange) {
  auto served = co_await serve(exchange);
  if (!served && !exchange.answered()) {
    [[maybe_unused]] const auto sent = co_await exchange.respond(error_response(served.error()));
  }
}

io::Task<Result<void>> ContentHandler::serve(net::Exchange& exchange) {
  const auto& request = exchange.request();
  FARHOLM_CO_TRY(const auto target, net::parse_target(request.target));
  if (auto host = host_of(exchange.peer(), directory_); !host)
    co_return std::unexpected(std::move(host).error());
  if (request.method != "GET" && request.method != "HEAD")
    co_return fail(ErrorCode::MethodNotAllowed, "Content is only read.");
  if (target.segments.size() != 4) co_return fail(ErrorCode::NotFound, "there is nothing at " + target.path);
  FARHOLM_CO_TRY(const auto digest, content::Digest::parse(target.segments[3]));
  if (target.segments[2] == "blobs") co_return co_await send_blob(exchange, digest);
  if (target.segments[2] != "signatures")
    co_return fail(ErrorCode::NotFound, "there is nothing at " + target.path);
  FARHOLM_CO_TRY(auto signature, store_.find_signature(digest));
  if (!signature) co_return fail(ErrorCode::NotFound, "the hub has no signature of " + digest.to_string());
  co_return co_await exchange.respond(text_response("application/json", std::move(*signature)));
}

io::Task<Result<void>> ContentHandler::send_blob(net::Exchange& exchange, content::Digest digest) {
  FARHOLM_CO_TRY(const auto size, store_.find(digest));
  if (!size) co_return fail(ErrorCode::NotFound, "the hub does not have " + digest.to_string());
  const auto range = parse_range(exchange.request().headers.get("Range"), *size);
  net::Response head{.status = 200, .headers = {}, .body = {}};
  head.headers.add("Content-Type", "application/octet-stream");
  head.headers.add("Accept-Ranges", "bytes");
  head.headers.add("ETag", "\"" + digest.to_string() + "\"");
  ByteRange part{0, *size};
  if (range) {
    part = *range;
    if (part.length == 0) {
      head.status = 416;
      head.headers.add("Content-Range", fmt::format("bytes */{}", *size));
      co_return co_await exchange.respond(std::move(head));
    }
    head.status = 206;
    head.headers.add("Content-Range",
                     fmt::format("bytes {}-{}/{}", part.first, part.first + part.length - 1, *size));
  }
  head.headers.add("Content-Length", std::to_string(part.length));
  if (exchange.request().method == "HEAD") {
    FARHOLM_CO_CHECK(co_await exchange.begin(std::move(head)));
    co_return co_await exchange.end();
  }
  FARHOLM_CO_TRY(auto reader, store_.open(digest, part.first, part.length));
  reader.read_pieces_of(content::kServedPieceBytes);
  FARHOLM_CO_CHECK(co_await exchange.begin(std::move(head)));
  while (true) {
    // One that is found damaged on the way is cut off: the host sees that it is not whole.
    FARHOLM_CO_TRY(const auto piece, reader.next());
    if (piece.empty()) break;
    FARHOLM_CO_CHECK(co_await exchange.write(as_text(piece)));
  }
  co_return co_await exchange.end();
}

}  // namespace farholm::hub
