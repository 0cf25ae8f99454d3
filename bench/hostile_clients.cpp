// The server that bench/hostile_clients_run attacks: one HttpServer, as the hub and the registry have it, on
// a plain and on a TLS port of the loopback. It prints the two ports, reads every body and answers, until it
// is ended. A process of its own, so that what is measured is the server's memory and not the clients'.
#include <fmt/format.h>

#include <cstdio>

#include "base/encoding.h"
#include "io/posix/posix_world.h"
#include "io/scope.h"
#include "net/server.h"

namespace farholm {
namespace {

class Reader final : public net::HttpHandler {
 public:
  io::Task<void> handle(net::Exchange& exchange) override {
    auto body = co_await exchange.read_body();
    (void)co_await exchange.respond(
        {.status = body ? 200 : http_status(body.error().code), .headers = {}, .body = "read\n"});
  }
};

int serve(const std::string& certificate_path, const std::string& key_path) {
  io::posix::PosixWorld world;
  constexpr std::uint64_t kPemBytesMax = 64 << 10;
  auto& files = world.world().files;
  auto certificate = io::read_file(files, certificate_path, kPemBytesMax);
  auto key = io::read_file(files, key_path, kPemBytesMax);
  auto plain = world.network().listen({.host = "127.0.0.1"}, {});
  auto secure = world.network().listen({.host = "127.0.0.1"}, {});
  if (!certificate || !key || !plain || !secure) {
    fmt::print(stderr, "cannot read the certificate or the key, or cannot listen\n");
    return 1;
  }
  auto tls = net::TlsContext::make_server(
      world.world().clock,
      {.identity = {.chain_pem = *certificate, .key_pem = *key}, .alpn = {"h2", "http/1.1"}});
  if (!tls) {
    fmt::print(stderr, "{}\n", tls.error().to_string());
    return 1;
  }
  NullSink sink;
  Reader reader;
  net::HttpServer server(world.loop(), reader, Logger(sink, "bench"));
  io::Scope scope(world.loop());
  scope.spawn(server.serve(**plain));
  scope.spawn(server.serve(**secure, tls->get()));
  fmt::print("{} {}\n", (*plain)->local().port, (*secure)->local().port);
  (void)std::fflush(stdout);
  world.loop().run(scope.join());
  return 0;
}

}  // namespace
}  // namespace farholm

int main(int count, char** arguments) {
  if (count != 3) {
    fmt::print(stderr, "usage: {} CERTIFICATE KEY\n", arguments[0]);
    return 64;
  }
  return farholm::serve(arguments[1], arguments[2]);
}
