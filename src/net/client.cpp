#include "net/client.h"

#include <fmt/format.h>

#include <vector>

#include "io/event.h"
#include "io/scope.h"
#include "net/http1_client_connection.h"

namespace farholm::net {

struct HttpClient::Impl {
  Impl(io::Loop& on, std::unique_ptr<Dialer> dials, ClientOptions with)
      : loop(on), dialer(std::move(dials)), options(std::move(with)), freed(on) {}

  struct Idle {
    std::unique_ptr<Http1ClientConnection> connection;
    io::MonotonicTime since;
  };

  http1::HeadLimits limits() const {
    return {.bytes_max = options.head_bytes_max, .headers_max = options.header_count_max};
  }
  void complete(Request& request) const;
  // The pooled connection that was used last, or null.
  std::unique_ptr<Http1ClientConnection> take_idle();

  io::Loop& loop;
  std::unique_ptr<Dialer> dialer;
  ClientOptions options;
  std::vector<Idle> idle;
  std::size_t in_use = 0;
  io::Event freed;
};

namespace {

std::string describe(const Request& request, const ClientOptions& options) {
  return fmt::format("{} {} of {}", request.method, request.target.substr(0, request.target.find('?')),
                     options.authority);
}

class EndpointDialer final : public Dialer {
 public:
  EndpointDialer(io::Network& network, io::Endpoint endpoint, io::SecureClient* tls, std::string server_name)
      : network_(network), endpoint_(std::move(endpoint)), tls_(tls), server_name_(std::move(server_name)) {}

  io::Task<Result<std::unique_ptr<io::Stream>>> dial() override {
    FARHOLM_CO_TRY(auto stream, co_await network_.connect(endpoint_));
    if (tls_ == nullptr) co_return stream;
    FARHOLM_CO_TRY(auto secured, co_await tls_->connect(std::move(stream), server_name_));
    co_return std::unique_ptr<io::Stream>(std::move(secured));
  }

 private:
  io::Network& network_;
  io::Endpoint endpoint_;
  io::SecureClient* tls_;
  std::string server_name_;
};

}  // namespace

std::unique_ptr<Dialer> make_dialer(io::Network& network, io::Endpoint endpoint, io::SecureClient* tls,
                                    std::string server_name) {
  if (server_name.empty()) server_name = endpoint.host;
  return std::make_unique<EndpointDialer>(network, std::move(endpoint), tls, std::move(server_name));
}

void HttpClient::Impl::complete(Request& request) const {
  if (!request.headers.find("Host")) request.headers.set("Host", options.authority);
  for (const auto& [name, value] : options.default_headers) {
    if (!request.headers.find(name)) request.headers.add(name, value);
  }
}

std::unique_ptr<Http1ClientConnection> HttpClient::Impl::take_idle() {
  while (!idle.empty()) {
    auto last = std::move(idle.back());
    idle.pop_back();
    if (loop.clock().monotonic() - last.since < options.idle_timeout && last.connection->quiet()) {
      return std::move(last.connection);
    }
  }
  return nullptr;
}

namespace {

// A connection in use; its place is given back with it, and the connection too when it can be used again.
template <class Impl>
class Lease {
 public:
  explicit Lease(std::shared_ptr<Impl> pool) : pool_(std::move(pool)) { ++pool_->in_use; }
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (pool_ == nullptr) return;
    --pool_->in_use;
    pool_->freed.notify();
  }
  void give_back() {
    if (connection && connection->reusable()) {
      pool_->idle.push_back({.connection = std::move(connection), .since = pool_->loop.clock().monotonic()});
    }
    connection.reset();
  }

  std::unique_ptr<Http1ClientConnection> connection;
  bool pooled = false;

 private:
  std::shared_ptr<Impl> pool_;
};

template <class Impl>
class LeasedBody final : public BodyReader {
 public:
  explicit LeasedBody(Lease<Impl> lease) : lease_(std::move(lease)) { settle(); }
  io::Task<Result<std::size_t>> read(std::span<std::byte> into) override {
    if (!lease_) co_return std::size_t{0};
    auto count = co_await lease_->connection->body().read(into);
    if (!count) {
      co_return fail_while(std::move(count).error(), "reading the body of an answer");
    }
    settle();
    co_return count;
  }

 private:
  void settle() {
    if (!lease_->connection->body().finished()) return;
    lease_->give_back();
    lease_.reset();
  }
  std::optional<Lease<Impl>> lease_;
};

template <class Impl>
io::Task<Result<std::unique_ptr<Http1ClientConnection>>> connect(std::shared_ptr<Impl> pool) {
  FARHOLM_CO_TRY(auto stream,
                 co_await io::with_deadline(pool->loop, pool->options.connect_timeout,
                                            fmt::format("{} could not be reached", pool->options.authority),
                                            pool->dialer->dial()));
  co_return std::make_unique<Http1ClientConnection>(pool->loop, std::move(stream));
}

template <class Impl>
io::Task<Result<Lease<Impl>>> acquire(std::shared_ptr<Impl> pool, bool fresh) {
  while (pool->in_use >= pool->options.connections_max) co_await pool->freed.wait();
  Lease<Impl> lease(pool);
  if (!fresh) lease.connection = pool->take_idle();
  lease.pooled = lease.connection != nullptr;
  if (!lease.pooled) {
    FARHOLM_CO_TRY(lease.connection, co_await connect(pool));
  }
  co_return lease;
}

template <class Impl>
io::Task<Result<OpenResponse>> open_response(std::shared_ptr<Impl> pool, Request request,
                                             SendOptions options) {
  pool->complete(request);
  for (bool fresh = false;; fresh = true) {
    auto lease = co_await acquire(pool, fresh);
    if (!lease) co_return fail_while(std::move(lease).error(), describe(request, pool->options));
    auto& connection = *lease->connection;
    auto head = co_await connection.exchange(request, options.body, options.body_length, pool->limits());
    if (!head) {
      // A pooled connection may have been closed by the server in the very moment that it was used.
      const bool again = lease->pooled && !connection.answer_began() && options.body == nullptr &&
                         is_idempotent(request.method) && head.error().code == ErrorCode::ServiceUnavailable;
      if (again) continue;
      co_return fail_while(std::move(head).error(), describe(request, pool->options));
    }
    OpenResponse response{.status = head->status, .headers = std::move(head->headers), .body = nullptr};
    response.body = std::make_unique<LeasedBody<Impl>>(std::move(*lease));
    co_return response;
  }
}

template <class Impl>
io::Task<Result<Response>> send_whole(std::shared_ptr<Impl> pool, Request request, SendOptions options) {
  FARHOLM_CO_TRY(auto open, co_await open_response(std::move(pool), std::move(request), options));
  FARHOLM_CO_TRY(auto body, co_await read_all(*open.body, options.response_body_bytes_max));
  co_return Response{.status = open.status, .headers = std::move(open.headers), .body = std::move(body)};
}

template <class Impl>
io::Task<Result<Upgraded>> upgrade_raw(std::shared_ptr<Impl> pool, Request request, SendOptions options) {
  pool->complete(request);
  auto connection = co_await connect(pool);
  if (!connection) co_return fail_while(std::move(connection).error(), describe(request, pool->options));
  auto head = co_await (*connection)->exchange(request, options.body, options.body_length, pool->limits());
  if (!head) co_return fail_while(std::move(head).error(), describe(request, pool->options));
  Upgraded upgraded{
      .status = head->status, .headers = std::move(head->headers), .stream = nullptr, .body = {}};
  using Kind = http1::Framing::Kind;
  const auto kind = (*connection)->body().framing().kind;
  const bool raw = upgraded.status == 101 || (upgraded.status == 200 && kind == Kind::UntilClose) ||
                   (upgraded.status == 200 && request.method == "CONNECT");
  if (raw) {
    upgraded.stream = (*connection)->take_stream();
  } else {
    FARHOLM_CO_TRY(upgraded.body, co_await read_all((*connection)->body(), options.response_body_bytes_max));
  }
  co_return upgraded;
}

}  // namespace

HttpClient::HttpClient(io::Loop& loop, std::unique_ptr<Dialer> dialer, ClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(dialer), std::move(options))) {}
HttpClient::~HttpClient() {
  impl_->idle.clear();
}

io::Task<Result<Response>> HttpClient::send(Request request, SendOptions options) {
  auto what = describe(request, impl_->options) + " did not end";
  return io::with_deadline(impl_->loop, options.deadline, std::move(what),
                           send_whole(impl_, std::move(request), options));
}

io::Task<Result<OpenResponse>> HttpClient::open(Request request, SendOptions options) {
  auto what = describe(request, impl_->options) + " was not answered";
  return io::with_deadline(impl_->loop, options.deadline, std::move(what),
                           open_response(impl_, std::move(request), options));
}

io::Task<Result<Upgraded>> HttpClient::upgrade(Request request, SendOptions options) {
  auto what = describe(request, impl_->options) + " was not answered";
  return io::with_deadline(impl_->loop, options.deadline, std::move(what),
                           upgrade_raw(impl_, std::move(request), options));
}

}  // namespace farholm::net
