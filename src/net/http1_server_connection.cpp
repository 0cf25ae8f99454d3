#include "net/http1_server_connection.h"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.h"
#include "io/scope.h"
#include "net/timed.h"

namespace farholm::net {
namespace {

// What a client may have sent ahead while its request is being answered.
constexpr std::size_t kReadAheadBytesMax = 4 << 10;
// A body that the handler did not want is read over up to this size, to keep the connection.
constexpr std::uint64_t kUnwantedBodyBytesMax = 64 << 10;
constexpr std::string_view kHttp2PrefaceLine = "PRI * HTTP/2.0\r\n";

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

io::Task<bool> true_when_set(io::Event& event) {
  co_await event.wait();
  co_return true;
}

}  // namespace

// The exchange of one request. Lives in the frame of serve_parsed().
class Http1ServerConnection::ServerExchange final : public Exchange, private BodyReader {
 public:
  ServerExchange(Http1ServerConnection& connection, http1::RequestHead head, http1::Framing framing)
      : gone(connection.server_.loop),
        body_read(connection.server_.loop),
        connection_(connection),
        server_(connection.server_),
        head_(std::move(head)),
        body_(connection.input_, framing),
        budget_(connection.server_),
        keep_alive_(http1::keeps_alive(head_.request.headers, head_.minor_version)),
        expects_continue_(head_.minor_version == 1 && !body_.finished() &&
                          head_.request.headers.has_token("Expect", "100-continue")) {
    if (body_.finished()) body_read.set();
  }

  const Request& request() const override { return head_.request; }
  const Peer& peer() const override { return connection_.peer_; }
  BodyReader& body() override { return *this; }
  io::Task<Result<std::string>> read_body(std::uint64_t limit_bytes) override;
  io::Task<Result<void>> respond(Response response) override;
  io::Task<Result<void>> begin(Response head) override;
  io::Task<Result<void>> write(std::string_view bytes) override;
  io::Task<Result<void>> end() override;
  bool answered() const override { return phase_ != Phase::Waiting; }
  io::Task<Result<std::unique_ptr<io::Stream>>> upgrade(Response head) override;

  // After the handler: what becomes of the connection.
  io::Task<Next> conclude();
  io::Task<void> handle_and_tell() {
    co_await wait_for_room(server_);
    co_await server_.handler.handle(*this);
    if (!answered()) {
      server_.log.error("the handler of {} {} gave no answer", head_.request.method, head_.request.target);
      (void)co_await respond(plain_answer(500, "the request was not answered"));
    }
  }

  io::Event gone;       // the client has left
  io::Event body_read;  // nothing more of this request will come
  io::Task<void> watcher;

 private:
  enum class Phase : std::uint8_t { Waiting, Streaming, Ended, Upgraded, Failed };

  io::Task<Result<std::size_t>> read(std::span<std::byte> into) override;
  Result<std::string> prepare_head(Response& response, bool whole);
  io::Task<Result<void>> send(std::string_view bytes);
  bool answer_has_no_body(int status) const { return has_no_body(status) || head_.request.method == "HEAD"; }

  Http1ServerConnection& connection_;
  ServerState& server_;
  http1::RequestHead head_;
  http1::FramedBody body_;
  BodyBudget budget_;
  Phase phase_ = Phase::Waiting;
  bool keep_alive_;
  bool expects_continue_;
  bool chunked_ = false;
  bool no_body_ = false;
  std::optional<std::uint64_t> left_;  // of an announced Content-Length
};

io::Task<Result<std::size_t>> Http1ServerConnection::ServerExchange::read(std::span<std::byte> into) {
  if (phase_ == Phase::Upgraded) co_return fail(ErrorCode::InternalError, "the connection was handed over");
  if (std::exchange(expects_continue_, false) && phase_ == Phase::Waiting) {
    FARHOLM_CO_CHECK(co_await send("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  auto count = co_await io::with_deadline(server_.loop, server_.options.body_timeout,
                                          "the request's body did not arrive", body_.read(into));
  // What is behind a body that failed cannot be told from it.
  if (!count) keep_alive_ = false;
  if (!count || body_.finished()) body_read.set();
  co_return count;
}

io::Task<Result<std::string>> Http1ServerConnection::ServerExchange::read_body(std::uint64_t limit_bytes) {
  const auto& framing = body_.framing();
  if (framing.kind == http1::Framing::Kind::Length && framing.length > limit_bytes) {
    co_return fail(ErrorCode::RequestEntityTooLarge,
                   fmt::format("the request's body is longer than the limit of {} bytes", limit_bytes));
  }
  co_return co_await read_body_within(server_, budget_, *this, limit_bytes);
}

io::Task<Result<void>> Http1ServerConnection::ServerExchange::send(std::string_view bytes) {
  HeldAnswer held(server_, bytes.size(), [this] { connection_.activity_.evicted.set(); });
  auto sent = co_await write_within(server_.loop, *connection_.stream_, as_bytes(bytes),
                                    server_.options.write_timeout, [&held] { held.progressed(); });
  if (!sent) phase_ = Phase::Failed;
  co_return sent;
}

Result<std::string> Http1ServerConnection::ServerExchange::prepare_head(Response& response, bool whole) {
  auto& headers = response.headers;
  headers.remove("Connection");
  headers.remove("Transfer-Encoding");
  no_body_ = answer_has_no_body(response.status);
  if (whole && !has_no_body(response.status)) {
    // The answer to HEAD may say how long that to GET would be.
    if (!(no_body_ && response.body.empty() && headers.find("Content-Length"))) {
      headers.set("Content-Length", std::to_string(response.body.size()));
    }
  } else if (!whole && !no_body_) {
    if (const auto length = headers.find("Content-Length")) {
      std::uint64_t announced = 0;
      std::from_chars(length->data(), length->data() + length->size(), announced);
      left_ = announced;
    } else if (head_.minor_version == 1) {
      headers.set("Transfer-Encoding", "chunked");
      chunked_ = true;
    } else {
      keep_alive_ = false;
    }
  }
  const bool unread_is_small =
      body_.finished() || (!expects_continue_ && body_.framing().kind == http1::Framing::Kind::Length &&
                           body_.framing().length <= kUnwantedBodyBytesMax);
  if (!unread_is_small || server_.draining.is_set()) keep_alive_ = false;
  if (!keep_alive_) {
    headers.set("Connection", "close");
  } else if (head_.minor_version == 0) {
    headers.set("Connection", "keep-alive");
  }
  if (!headers.find("Date")) headers.set("Date", http_date(server_.loop.clock().now()));
  return http1::write_response_head(response);
}

io::Task<Result<void>> Http1ServerConnection::ServerExchange::respond(Response response) {
  if (phase_ != Phase::Waiting) co_return fail(ErrorCode::InternalError, "the request was answered before");
  FARHOLM_CO_TRY(auto bytes, prepare_head(response, /*whole=*/true));
  phase_ = Phase::Ended;
  if (no_body_) co_return co_await send(bytes);
  if (response.body.size() <= http1::kJoinedBytesMax) {
    bytes += response.body;
    co_return co_await send(bytes);
  }
  FARHOLM_CO_CHECK(co_await send(bytes));
  co_return co_await send(response.body);
}

io::Task<Result<void>> Http1ServerConnection::ServerExchange::begin(Response head) {
  if (phase_ != Phase::Waiting) co_return fail(ErrorCode::InternalError, "the request was answered before");
  FARHOLM_CO_TRY(const auto bytes, prepare_head(head, /*whole=*/false));
  phase_ = Phase::Streaming;
  FARHOLM_CO_CHECK(co_await send(bytes));
  co_return co_await write(head.body);
}

io::Task<Result<void>> Http1ServerConnection::ServerExchange::write(std::string_view bytes) {
  if (phase_ != Phase::Streaming) co_return fail(ErrorCode::ServiceUnavailable, "the answer cannot go on");
  if (no_body_ || bytes.empty()) co_return Result<void>{};
  if (left_) {
    if (bytes.size() > *left_) co_return fail(ErrorCode::InternalError, "more than the Content-Length says");
    *left_ -= bytes.size();
  }
  // A client that reads as fast as this is written must not keep the loop from everybody else.
  co_await server_.loop.yield();
  if (!chunked_) co_return co_await send(bytes);
  std::string framed = http1::write_chunk_size(bytes.size());
  if (bytes.size() <= http1::kJoinedBytesMax) {
    framed.append(bytes).append("\r\n");
    co_return co_await send(framed);
  }
  FARHOLM_CO_CHECK(co_await send(framed));
  FARHOLM_CO_CHECK(co_await send(bytes));
  co_return co_await send("\r\n");
}

io::Task<Result<void>> Http1ServerConnection::ServerExchange::end() {
  if (phase_ != Phase::Streaming) co_return fail(ErrorCode::ServiceUnavailable, "the answer cannot go on");
  if (left_.value_or(0) != 0) co_return fail(ErrorCode::InternalError, "less than the Content-Length says");
  phase_ = Phase::Ended;
  if (chunked_) co_return co_await send("0\r\n\r\n");
  co_return Result<void>{};
}

io::Task<Result<std::unique_ptr<io::Stream>>> Http1ServerConnection::ServerExchange::upgrade(Response head) {
  if (phase_ != Phase::Waiting) co_return fail(ErrorCode::InternalError, "the request was answered before");
  FARHOLM_CO_TRY(const auto bytes, http1::write_response_head(head));
  FARHOLM_CO_CHECK(co_await send(bytes));
  phase_ = Phase::Upgraded;
  watcher.reset();  // it reads from the stream that leaves
  co_return connection_.with_what_was_read();
}

io::Task<Http1ServerConnection::Next> Http1ServerConnection::ServerExchange::conclude() {
  if (phase_ == Phase::Upgraded) co_return Next::Gone;
  if (phase_ != Phase::Ended) co_return Next::Close;
  if (!keep_alive_) co_return Next::CloseGently;
  if (!body_.finished()) {
    // Announced as small in prepare_head(). The peer has sent it, or is about to.
    auto unwanted = co_await io::with_deadline(server_.loop, server_.options.head_timeout,
                                               "the rest of a body", read_all(body_, kUnwantedBodyBytesMax));
    if (!unwanted) co_return Next::Close;
  }
  co_return Next::Request;
}

Http1ServerConnection::Http1ServerConnection(ServerState& server, ConnectionActivity& activity,
                                             std::unique_ptr<io::Stream> stream, Peer peer)
    : server_(server),
      activity_(activity),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      input_(*stream_) {}

std::unique_ptr<io::Stream> Http1ServerConnection::with_what_was_read() {
  return with_prefix(input_.take(), std::move(stream_));
}

io::Task<Http1ServerConnection::Outcome> Http1ServerConnection::run() {
  while (co_await wait_for_request()) {
    switch (co_await serve_one()) {
      case Next::Request:
        break;
      case Next::Http2:
        co_return Outcome::Http2;
      case Next::CloseGently:
        co_await close_gently(server_.loop, std::move(stream_));
        co_return Outcome::Closed;
      case Next::Close:
      case Next::Gone:
        co_return Outcome::Closed;
    }
    first_ = false;
    // A client that always has the next request ready must not keep the loop from everybody else.
    co_await server_.loop.yield();
  }
  co_return Outcome::Closed;
}

// False: nothing came in time, or no more is wanted.
io::Task<bool> Http1ServerConnection::wait_for_request() {
  if (!input_.empty()) co_return true;
  input_.release();
  if (server_.draining.is_set()) co_return false;
  const auto patience = first_ ? server_.options.head_timeout : server_.options.idle_timeout;
  auto outcome = co_await io::first_of<bool, bool>(server_.loop,
                                                   ends_within(server_.loop, patience, stream_->readable()),
                                                   true_when_set(server_.draining));
  co_return outcome.index() == 0 && std::get<0>(outcome);
}

io::Task<Http1ServerConnection::Next> Http1ServerConnection::serve_one() {
  auto head =
      co_await io::with_deadline(server_.loop, server_.options.head_timeout, "the request did not arrive",
                                 http1::read_head(input_, server_.options.head_bytes_max));
  if (!head) co_return co_await refuse(std::move(head).error());
  if (head->empty()) co_return Next::Gone;
  if (first_ && peer_.alpn.empty() && head->starts_with(kHttp2PrefaceLine)) co_return Next::Http2;
  auto parsed = http1::parse_request_head(
      *head, {.bytes_max = server_.options.head_bytes_max, .headers_max = server_.options.header_count_max});
  input_.consume(head->size());
  if (!parsed) co_return co_await refuse(std::move(parsed).error());
  const auto framing = http1::request_framing(*parsed);
  if (!framing) co_return co_await refuse(framing.error());
  const auto& headers = parsed->request.headers;
  if (headers.find("Expect") && !headers.has_token("Expect", "100-continue")) {
    co_return co_await refuse(
        Error{.code = ErrorCode::NotAcceptable, .message = "an Expect that is not known"});
  }
  activity_.begin();
  const auto next = co_await serve_parsed(std::move(*parsed), *framing);
  activity_.end();
  co_return next;
}

io::Task<Http1ServerConnection::Next> Http1ServerConnection::serve_parsed(http1::RequestHead head,
                                                                          http1::Framing framing) {
  ServerExchange exchange(*this, std::move(head), framing);
  exchange.watcher = watch_for_end(exchange);
  exchange.watcher.start();
  auto outcome = co_await io::first_of<bool, bool>(
      server_.loop,
      [](ServerExchange& of) -> io::Task<bool> {
        co_await of.handle_and_tell();
        co_return true;
      }(exchange),
      true_when_set(exchange.gone));
  exchange.watcher.reset();
  if (outcome.index() == 1) co_return Next::Gone;
  co_return co_await exchange.conclude();
}

// Notices that the client leaves while its request is being answered. What it sends instead is the next
// request, which waits; then its leaving shows only when it is written to.
io::Task<void> Http1ServerConnection::watch_for_end(ServerExchange& exchange) {
  co_await exchange.body_read.wait();
  while (input_.size() < kReadAheadBytesMax) {
    const auto count = input_.try_fill(kReadAheadBytesMax);
    if (!count || *count == std::size_t{0}) {
      exchange.gone.set();
      co_return;
    }
    if (!*count) {
      input_.release();
      co_await stream_->readable();
    }
  }
}

io::Task<Http1ServerConnection::Next> Http1ServerConnection::refuse(Error error) {
  int status = 400;
  switch (error.code) {
    case ErrorCode::Timeout:
      status = 408;
      break;
    case ErrorCode::RequestEntityTooLarge:
      status = 431;
      break;
    case ErrorCode::NotAcceptable:
      status = 417;
      break;
    case ErrorCode::ServiceUnavailable:
      co_return Next::Close;  // the connection is lost
    default:
      break;
  }
  auto answer = plain_answer(status, error.message);
  answer.headers.set("Content-Length", std::to_string(answer.body.size()));
  answer.headers.set("Connection", "close");
  auto bytes = http1::write_response_head(answer);
  FARHOLM_ASSERT(bytes);
  *bytes += answer.body;
  const auto sent =
      co_await write_within(server_.loop, *stream_, as_bytes(*bytes), server_.options.write_timeout);
  co_return sent ? Next::CloseGently : Next::Close;
}

}  // namespace farholm::net
