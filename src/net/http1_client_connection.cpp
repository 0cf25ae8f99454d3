#include "net/http1_client_connection.h"

#include <array>

#include "base/encoding.h"
#include "io/scope.h"
#include "net/timed.h"

namespace farholm::net {
namespace {

constexpr std::size_t kPieceBytes = 16 << 10;
// A server may say "wait" (102, 103) as often as it likes, but not for ever.
constexpr int kInterimAnswersMax = 16;

// The peer's mistakes are not the caller's.
std::unexpected<Error> not_http(Error error) {
  if (error.code == ErrorCode::BadRequest || error.code == ErrorCode::RequestEntityTooLarge) {
    error.code = ErrorCode::InternalError;
  }
  return fail_while(std::move(error), "reading the server's answer");
}

}  // namespace

bool Http1ClientConnection::quiet() {
  if (!input_.empty()) return false;
  std::array<std::byte, 1> byte;
  const auto count = stream_->try_read(byte);
  return count && !*count;
}

std::unique_ptr<io::Stream> Http1ClientConnection::take_stream() {
  return with_prefix(input_.take(), std::move(stream_));
}

io::Task<Result<Response>> Http1ClientConnection::exchange(Request request, BodyReader* body,
                                                           std::optional<std::uint64_t> body_length,
                                                           http1::HeadLimits limits) {
  answer_began_ = false;
  body_.reset();
  const bool chunked = body != nullptr && !body_length;
  auto& headers = request.headers;
  headers.remove("Transfer-Encoding");
  headers.remove("Content-Length");
  if (chunked) {
    headers.set("Transfer-Encoding", "chunked");
  } else if (body != nullptr) {
    headers.set("Content-Length", std::to_string(*body_length));
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    headers.set("Content-Length", std::to_string(request.body.size()));
  }
  const std::string method = request.method;
  keep_alive_ = !headers.has_token("Connection", "close");
  auto sending = send(request, body, chunked, body_length);
  auto receiving = receive(method, limits);
  // Both at once: a server that refuses a large body answers before it has read it.
  std::optional<Result<bool>> sent;
  std::optional<Result<Response>> received;
  io::Event changed(loop_);
  {
    io::Scope scope(loop_);
    scope.spawn([](io::Task<Result<bool>> task, std::optional<Result<bool>>& into,
                   io::Event& event) -> io::Task<void> {
      into.emplace(co_await std::move(task));
      event.set();
    }(std::move(sending), sent, changed));
    scope.spawn([](io::Task<Result<Response>> task, std::optional<Result<Response>>& into,
                   io::Event& event) -> io::Task<void> {
      into.emplace(co_await std::move(task));
      event.set();
    }(std::move(receiving), received, changed));
    // An early refusal ends it; after an early success the server still wants the rest.
    const auto refused = [&] { return received && (!*received || (*received)->status >= 300); };
    while (!(sent && !*sent) && !refused() && !(sent && received)) {
      changed.clear();
      co_await changed.wait();
    }
  }
  if (!received) co_return std::unexpected(std::move(*sent).error());
  if (!sent || !*sent || !**sent) keep_alive_ = false;
  co_return std::move(*received);
}

// False when the server does not take it: what it has answered, or how it ended, is the receiver's to see.
// Errors are those of the request itself.
io::Task<Result<bool>> Http1ClientConnection::send(const Request& request, BodyReader* body, bool chunked,
                                                   std::optional<std::uint64_t> body_length) {
  FARHOLM_CO_TRY(auto bytes, http1::write_request_head(request));
  const bool joined = body == nullptr && request.body.size() <= http1::kJoinedBytesMax;
  if (joined) bytes += request.body;
  if (!co_await io::write_all(*stream_, as_bytes(bytes))) co_return false;
  if (body == nullptr) {
    co_return joined || (co_await io::write_all(*stream_, as_bytes(request.body))).has_value();
  }
  std::string piece(kPieceBytes, '\0');
  std::uint64_t left = body_length.value_or(0);
  while (true) {
    FARHOLM_CO_TRY(const auto count, co_await body->read(std::as_writable_bytes(std::span(piece))));
    if (count == 0) break;
    if (!chunked && count > left) {
      co_return fail(ErrorCode::BadRequest, "the request's body is longer than was announced");
    }
    left -= chunked ? 0 : count;
    std::string framed = chunked ? http1::write_chunk_size(count) : std::string();
    framed.append(piece, 0, count);
    if (chunked) framed += "\r\n";
    if (!co_await io::write_all(*stream_, as_bytes(framed))) co_return false;
  }
  if (left != 0) co_return fail(ErrorCode::BadRequest, "the request's body is shorter than was announced");
  if (chunked && !co_await io::write_all(*stream_, as_bytes("0\r\n\r\n"))) co_return false;
  co_return true;
}

io::Task<Result<Response>> Http1ClientConnection::receive(const std::string& method,
                                                          http1::HeadLimits limits) {
  for (int interim = 0; interim < kInterimAnswersMax; ++interim) {
    auto head = co_await http1::read_head(input_, limits.bytes_max);
    if (!input_.empty()) answer_began_ = true;
    if (!head) co_return not_http(std::move(head).error());
    if (head->empty()) {
      co_return fail(ErrorCode::ServiceUnavailable, "the server closed the connection without an answer");
    }
    auto parsed = http1::parse_response_head(*head, limits);
    input_.consume(head->size());
    if (!parsed) co_return not_http(std::move(parsed).error());
    const int status = parsed->response.status;
    if (status < 200 && status != 101) continue;
    const auto framing = http1::response_framing(*parsed, method);
    if (!framing) co_return not_http(framing.error());
    keep_alive_ = keep_alive_ && status != 101 && framing->kind != http1::Framing::Kind::UntilClose &&
                  http1::keeps_alive(parsed->response.headers, parsed->minor_version);
    body_.emplace(input_, *framing);
    co_return std::move(parsed->response);
  }
  co_return fail(ErrorCode::InternalError, "the server sent too many interim answers");
}

}  // namespace farholm::net
