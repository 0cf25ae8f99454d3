#include "net/server.h"

#include <algorithm>
#include <list>

#include "io/scope.h"
#include "net/http1_server_connection.h"
#include "net/http2_server_connection.h"
#include "net/server_state.h"
#include "net/timed.h"

namespace farholm::net {
namespace {

io::Task<bool> true_when_set(io::Event& event) {
  co_await event.wait();
  co_return true;
}

}  // namespace

struct HttpServer::Impl {
  Impl(io::Loop& loop, HttpHandler& handler, Logger log, ServerOptions options)
      : state{.loop = loop,
              .handler = handler,
              .log = std::move(log),
              .options = std::move(options),
              .answer_gone = io::Event(loop),
              .draining = io::Event(loop)},
        scope(loop) {}

  io::Task<void> serve_one(std::unique_ptr<io::Stream> stream, Peer peer, io::SecureServer* tls);
  io::Task<bool> converse(ConnectionActivity& activity, std::unique_ptr<io::Stream> stream, Peer peer,
                          io::SecureServer* tls);
  io::Task<Result<std::unique_ptr<io::Stream>>> secure(std::unique_ptr<io::Stream> stream, Peer& peer,
                                                       io::SecureServer& tls);
  // False when everything is busy.
  bool make_room();

  ServerState state;
  std::list<ConnectionActivity*> connections;
  io::Scope scope;  // goes first: its tasks use all of the above
};

bool HttpServer::Impl::make_room() {
  std::size_t leaving = 0;
  ConnectionActivity* oldest = nullptr;
  for (auto* connection : connections) {
    if (connection->evicted.is_set()) {
      ++leaving;
    } else if (connection->idle() && (oldest == nullptr || connection->idle_since() < oldest->idle_since())) {
      oldest = connection;
    }
  }
  if (connections.size() - leaving < state.options.connections_max) return true;
  if (oldest == nullptr) return false;
  oldest->evicted.set();
  return true;
}

io::Task<Result<std::unique_ptr<io::Stream>>> HttpServer::Impl::secure(std::unique_ptr<io::Stream> stream,
                                                                       Peer& peer, io::SecureServer& tls) {
  FARHOLM_CO_TRY(auto secured,
                 co_await io::with_deadline(state.loop, state.options.handshake_timeout,
                                            "the TLS handshake did not end", tls.accept(std::move(stream))));
  peer.certificate = secured->peer();
  peer.alpn = secured->alpn();
  for (const auto& other : state.options.other_protocols) {
    if (peer.alpn != other.alpn) continue;
    other.handler->take(std::move(secured), std::move(peer));
    co_return std::unique_ptr<io::Stream>();
  }
  co_return std::unique_ptr<io::Stream>(std::move(secured));
}

io::Task<bool> HttpServer::Impl::converse(ConnectionActivity& activity, std::unique_ptr<io::Stream> stream,
                                          Peer peer, io::SecureServer* tls) {
  if (tls != nullptr) {
    const std::string address = peer.address;
    auto secured = co_await secure(std::move(stream), peer, *tls);
    if (!secured) {
      state.log.debug("connection from {}: {}", address, secured.error().to_string());
      co_return false;
    }
    if (!*secured) co_return true;  // another protocol's now
    stream = std::move(*secured);
  }
  if (peer.alpn != "h2") {
    Http1ServerConnection connection(state, activity, std::move(stream), peer);
    if (co_await connection.run() == Http1ServerConnection::Outcome::Closed) co_return true;
    stream = connection.take_stream();
  }
  Http2ServerConnection connection(state, activity, std::move(stream), std::move(peer));
  co_await connection.run();
  co_return true;
}

io::Task<void> HttpServer::Impl::serve_one(std::unique_ptr<io::Stream> stream, Peer peer,
                                           io::SecureServer* tls) {
  ConnectionActivity activity(state.loop);
  struct Registration {
    std::list<ConnectionActivity*>& all;
    std::list<ConnectionActivity*>::iterator position;
    ~Registration() { all.erase(position); }
  } registration{.all = connections, .position = connections.insert(connections.end(), &activity)};
  co_await io::first_of<bool, bool>(state.loop, converse(activity, std::move(stream), std::move(peer), tls),
                                    true_when_set(activity.evicted));
}

HttpServer::HttpServer(io::Loop& loop, HttpHandler& handler, Logger log, ServerOptions options)
    : impl_(std::make_unique<Impl>(loop, handler, std::move(log), std::move(options))) {}
HttpServer::~HttpServer() = default;

io::Task<void> HttpServer::serve(io::Listener& listener, io::SecureServer* tls) {
  auto& state = impl_->state;
  const auto accept = [](io::Listener& from) -> io::Task<Result<io::Listener::Accepted>> {
    co_return co_await from.accept();
  };
  while (!state.draining.is_set()) {
    auto outcome = co_await io::first_of<Result<io::Listener::Accepted>, bool>(state.loop, accept(listener),
                                                                               true_when_set(state.draining));
    if (outcome.index() == 1) co_return;
    auto& accepted = std::get<0>(outcome);
    if (!accepted) {
      state.log.error("no longer accepting on {}: {}", listener.local().to_string(),
                      accepted.error().to_string());
      co_return;
    }
    serve_connection(std::move(accepted->stream), Peer{.address = std::move(accepted->peer)}, tls);
    // Where the next one waits already, the one that had to make room for this one goes first.
    co_await state.loop.yield();
  }
}

void HttpServer::serve_connection(std::unique_ptr<io::Stream> stream, Peer peer, io::SecureServer* tls) {
  if (!impl_->make_room()) {
    impl_->state.log.warning("a connection from {} was turned away: all {} are busy", peer.address,
                             impl_->state.options.connections_max);
    return;
  }
  impl_->scope.spawn(impl_->serve_one(std::move(stream), std::move(peer), tls));
}

io::Task<void> HttpServer::shutdown(io::Duration grace) {
  impl_->state.draining.set();
  (void)co_await ends_within(impl_->state.loop, grace, impl_->scope.join());
  impl_->scope.clear();
}

std::size_t HttpServer::connection_count() const {
  return impl_->connections.size();
}

}  // namespace farholm::net
