#include "net/http2_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "net/http2_server_connection.h"
#include "net/timed.h"

namespace farholm::net {
namespace {

// RFC 9113 §10.5.1 counts a field as its bytes and 32 more.
constexpr std::size_t kFieldOverheadBytes = 32;

bool forbidden_in_http2(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"connection", "transfer-encoding", "keep-alive",
                                                      "upgrade", "proxy-connection"};
  return std::ranges::find(kNames, name) != kNames.end();
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lowered;
}

const std::uint8_t* octets(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

nghttp2_nv field_of(std::string_view name, std::string_view value) {
  return nghttp2_nv{.name = const_cast<std::uint8_t*>(octets(name)),
                    .value = const_cast<std::uint8_t*>(octets(value)),
                    .namelen = name.size(),
                    .valuelen = value.size(),
                    .flags = NGHTTP2_NV_FLAG_NONE};
}

std::unexpected<Error> cannot_go_on() {
  return fail(ErrorCode::ServiceUnavailable, "the answer cannot go on: the stream was closed");
}

}  // namespace

Http2Stream::Http2Stream(Http2ServerConnection& connection, std::int32_t id)
    : connection_(connection),
      id_(id),
      budget_(connection.server_),
      inbound_changed_(connection.server_.loop),
      outbound_taken_(connection.server_.loop) {
  request_.method.clear();
  request_.target.clear();
  charge(kStreamBytes);
}

Http2Stream::~Http2Stream() {
  discharge(charged_);
  if (running_) connection_.activity_.end();
}

const Peer& Http2Stream::peer() const {
  return connection_.peer_;
}

void Http2Stream::add_header(std::string_view name, std::string_view value, const ServerOptions& options) {
  const auto bytes = name.size() + value.size() + kFieldOverheadBytes;
  head_bytes_ += bytes;
  if (head_bytes_ > options.head_bytes_max || request_.headers.size() >= options.header_count_max) {
    head_too_large_ = true;
  }
  if (connection_.server_.request_bytes_held + bytes > options.request_memory_bytes_max) too_busy_ = true;
  if (head_too_large_ || too_busy_) return;
  charge(bytes);
  if (name == ":method") {
    request_.method = value;
  } else if (name == ":path") {
    request_.target = value;
  } else if (name == ":authority") {
    request_.headers.set("Host", std::string(value));
  } else if (name == "host") {
    if (!request_.headers.find("Host")) request_.headers.add("Host", std::string(value));
  } else if (!name.starts_with(':')) {
    request_.headers.add(std::string(name), std::string(value));
  }
}

void Http2Stream::charge(std::size_t bytes) {
  connection_.server_.request_bytes_held += bytes;
  charged_ += bytes;
}

void Http2Stream::discharge(std::size_t bytes) {
  connection_.server_.request_bytes_held -= bytes;
  charged_ -= bytes;
}

void Http2Stream::forget_inbound() {
  discharge(inbound_.size());
  std::string().swap(inbound_);
}

void Http2Stream::add_data(std::string_view bytes) {
  // Before start() it is kept: head and body may come in one piece.
  if (handled_) {
    nghttp2_session_consume(connection_.session_.get(), id_, bytes.size());
    return;
  }
  // What windows allow on many streams of many connections is too much together.
  auto& server = connection_.server_;
  if (server.request_bytes_held + bytes.size() > server.options.request_memory_bytes_max) {
    nghttp2_session_consume(connection_.session_.get(), id_, bytes.size());
    reset(NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  charge(bytes.size());
  inbound_ += bytes;
  inbound_changed_.notify();
}

void Http2Stream::end_data() {
  inbound_ended_ = true;
  inbound_changed_.notify();
}

void Http2Stream::start() {
  running_ = true;
  connection_.activity_.begin();
  task_ = handle();
  task_.start();
}

Response Http2Stream::answer_without_handler() const {
  if (head_too_large_) return plain_answer(431, "the request's head is too large");
  if (too_busy_) return plain_answer(503, "too many requests at once; try again later");
  connection_.server_.log.error("the handler of {} {} gave no answer", request_.method, request_.target);
  return plain_answer(500, "the request was not answered");
}

io::Task<void> Http2Stream::handle() {
  if (!head_too_large_ && !too_busy_) {
    co_await wait_for_room(connection_.server_);
    co_await connection_.server_.handler.handle(*this);
  }
  if (!answered()) (void)co_await respond(answer_without_handler());
  if (phase_ != Phase::Ended) {
    reset(NGHTTP2_INTERNAL_ERROR);
  } else if (!inbound_ended_) {
    reset(NGHTTP2_NO_ERROR);  // the answer is complete; the rest of the request is not wanted (RFC 9113 §8.1)
  }
  running_ = false;
  handled_ = true;
  connection_.activity_.end();
  if (!inbound_.empty()) nghttp2_session_consume(connection_.session_.get(), id_, inbound_.size());
  forget_inbound();
  connection_.wake();  // which also forgets this stream, once nghttp2 has
}

bool Http2Stream::close(bool orderly) {
  closed_ = true;
  if (!inbound_.empty()) nghttp2_session_consume_connection(connection_.session_.get(), inbound_.size());
  forget_inbound();
  // What is left goes within a turn of the loop; the client may ask anew at once.
  discharge(charged_);
  inbound_changed_.notify();
  outbound_taken_.notify();
  // A handler that has answered may finish what it does afterwards; any other has lost its client.
  return !running_ || !orderly || phase_ != Phase::Ended;
}

void Http2Stream::reset(std::uint32_t error_code) {
  if (phase_ != Phase::Ended) phase_ = Phase::Failed;
  if (closed_) return;
  nghttp2_submit_rst_stream(connection_.session_.get(), NGHTTP2_FLAG_NONE, id_, error_code);
  connection_.wake();
}

io::Task<Result<std::size_t>> Http2Stream::read(std::span<std::byte> into) {
  while (inbound_.empty()) {
    if (inbound_ended_) co_return std::size_t{0};
    if (closed_) co_return fail(ErrorCode::ServiceUnavailable, "the request was cut off");
    if (!co_await ends_within(
            connection_.server_.loop, connection_.server_.options.body_timeout,
            [](io::Event& changed) -> io::Task<void> { co_await changed.wait(); }(inbound_changed_))) {
      co_return fail(ErrorCode::Timeout, "the request's body did not arrive");
    }
  }
  const auto count = std::min(into.size(), inbound_.size());
  std::memcpy(into.data(), inbound_.data(), count);
  inbound_.erase(0, count);
  discharge(count);
  if (inbound_.empty()) inbound_.shrink_to_fit();
  if (!closed_) {
    nghttp2_session_consume(connection_.session_.get(), id_, count);
    connection_.wake();
  }
  co_return count;
}

io::Task<Result<std::string>> Http2Stream::read_body(std::uint64_t limit_bytes) {
  return read_body_within(connection_.server_, budget_, *this, limit_bytes);
}

Result<void> Http2Stream::submit_head(Response& head, bool with_body) {
  if (!head.headers.find("Date")) {
    head.headers.set("Date", http_date(connection_.server_.loop.clock().now()));
  }
  const std::string status = std::to_string(head.status);
  std::vector<std::pair<std::string, std::string_view>> fields;
  fields.reserve(head.headers.size());
  for (const auto& [name, value] : head.headers) {
    auto lowered = lower(name);
    if (forbidden_in_http2(lowered)) continue;
    if (nghttp2_check_header_name(octets(lowered), lowered.size()) == 0 ||
        nghttp2_check_header_value(octets(value), value.size()) == 0) {
      return fail(ErrorCode::BadRequest,
                  fmt::format("the header \"{}\" cannot be sent: a character is not allowed", name));
    }
    fields.emplace_back(std::move(lowered), value);
  }
  std::vector<nghttp2_nv> block = {field_of(":status", status)};
  for (const auto& [name, value] : fields) block.push_back(field_of(name, value));
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = provide;
  // While the request is unfinished the stream will be reset behind the answer, and nghttp2 drops a head that
  // has not left by then. An end of its own, maybe without data, tells us when it has.
  data_follows_ = with_body || !inbound_ended_;
  if (nghttp2_submit_response(connection_.session_.get(), id_, block.data(), block.size(),
                              data_follows_ ? &provider : nullptr) != 0) {
    return cannot_go_on();
  }
  connection_.wake();
  return {};
}

ssize_t Http2Stream::provide(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t length,
                             std::uint32_t* flags, nghttp2_data_source* source, void*) {
  auto& self = *static_cast<Http2Stream*>(source->ptr);
  const auto count = std::min(length, self.outbound_.size());
  if (count == 0 && !self.outbound_last_) return NGHTTP2_ERR_DEFERRED;
  if (count > 0) std::memcpy(into, self.outbound_.data(), count);
  self.outbound_.remove_prefix(count);
  if (self.outbound_.empty() && self.outbound_last_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    self.outbound_ended_ = true;
  }
  self.outbound_taken_.notify();
  return static_cast<ssize_t>(count);
}

// Gives nghttp2 a view of the bytes and waits until it has taken them all.
io::Task<Result<void>> Http2Stream::push(std::string_view bytes, bool last) {
  // Dropped in the middle, the view must not outlive the bytes, and the answer is broken.
  struct Guard {
    Http2Stream& stream;
    ~Guard() {
      if (stream.outbound_.empty()) return;
      stream.outbound_ = {};
      stream.reset(NGHTTP2_INTERNAL_ERROR);
    }
  } guard{*this};
  HeldAnswer held(connection_.server_, bytes.size(), [this] {
    cut_off_ = true;
    outbound_taken_.notify();
  });
  outbound_ = bytes;
  outbound_last_ = last;
  if (!closed_) nghttp2_session_resume_data(connection_.session_.get(), id_);
  connection_.wake();
  while (!outbound_.empty() || (last && !outbound_ended_)) {
    if (closed_) {
      phase_ = Phase::Failed;
      outbound_ = {};
      co_return cannot_go_on();
    }
    if (!co_await ends_within(
            connection_.server_.loop, connection_.server_.options.write_timeout,
            [](io::Event& taken) -> io::Task<void> { co_await taken.wait(); }(outbound_taken_))) {
      outbound_ = {};
      reset(NGHTTP2_CANCEL);
      co_return fail(ErrorCode::Timeout, "the peer has not taken anything for too long");
    }
    held.progressed();
    if (cut_off_) {
      outbound_ = {};
      reset(NGHTTP2_ENHANCE_YOUR_CALM);
      co_return fail(ErrorCode::ServiceUnavailable, "the peer does not read while others wait");
    }
  }
  co_return Result<void>{};
}

io::Task<Result<void>> Http2Stream::respond(Response response) {
  if (phase_ != Phase::Waiting) co_return fail(ErrorCode::InternalError, "the request was answered before");
  if (closed_) co_return cannot_go_on();
  const bool head_only = request_.method == "HEAD";
  const bool never_a_body = response.status == 204 || response.status == 304;
  if (!never_a_body && !(head_only && response.body.empty() && response.headers.find("Content-Length"))) {
    response.headers.set("Content-Length", std::to_string(response.body.size()));
  }
  if (head_only || never_a_body) response.body.clear();
  FARHOLM_CO_CHECK(submit_head(response, /*with_body=*/!response.body.empty()));
  phase_ = Phase::Ended;
  if (!data_follows_) co_return Result<void>{};
  co_return co_await push(response.body, /*last=*/true);
}

io::Task<Result<void>> Http2Stream::begin(Response head) {
  if (phase_ != Phase::Waiting) co_return fail(ErrorCode::InternalError, "the request was answered before");
  if (closed_) co_return cannot_go_on();
  no_body_ = request_.method == "HEAD" || head.status == 204 || head.status == 304;
  FARHOLM_CO_CHECK(submit_head(head, !no_body_));
  phase_ = Phase::Streaming;
  co_return co_await write(head.body);
}

io::Task<Result<void>> Http2Stream::write(std::string_view bytes) {
  if (phase_ != Phase::Streaming) co_return cannot_go_on();
  if (no_body_ || bytes.empty()) co_return Result<void>{};
  co_return co_await push(bytes, /*last=*/false);
}

io::Task<Result<void>> Http2Stream::end() {
  if (phase_ != Phase::Streaming) co_return cannot_go_on();
  phase_ = Phase::Ended;
  if (!data_follows_) co_return Result<void>{};
  co_return co_await push({}, /*last=*/true);
}

io::Task<Result<std::unique_ptr<io::Stream>>> Http2Stream::upgrade(Response) {
  co_return fail(ErrorCode::BadRequest, "an upgrade needs HTTP/1.1");
}

}  // namespace farholm::net
