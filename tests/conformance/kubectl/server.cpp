// The hub's API and nothing else, over a store in memory and real HTTPS, for kubectl to talk to:
//
//   kubectl_server FOLDER
//
// writes FOLDER/admin.kubeconfig (system:masters) and FOLDER/nobody.kubeconfig (a bearer token without any
// right), prints "ready" and serves until it is ended.
#include "apiserver/server.h"

#include <cstdio>

#include "crypto/certificate.h"
#include "io/posix/posix_world.h"
#include "io/scope.h"
#include "net/server.h"
#include "net/tls.h"
#include "profile/kinds.h"
#include "store/memory_store.h"

namespace farholm {
namespace {

class StandardError final : public LogSink {
 public:
  void write(LogLevel, std::string_view component, std::string_view text) override {
    fmt::print(stderr, "{}: {}\n", component, text);
  }
};

struct Certificates {
  std::string authority;
  io::ChannelIdentity server;
  io::ChannelIdentity admin;
};

Result<Certificates> make_certificates(const io::World& world) {
  const crypto::Validity validity{world.clock.now() - std::chrono::hours(1),
                                  world.clock.now() + std::chrono::hours(24)};
  const auto authority_key = crypto::PrivateKey::generate(crypto::KeyType::P256, world.entropy);
  FARHOLM_TRY(const auto authority, crypto::make_self_signed({.subject = {"test CA", {}},
                                                              .validity = validity,
                                                              .use = crypto::CertificateUse::Authority},
                                                             authority_key, world.entropy));
  const auto issue = [&](crypto::CertificateSpec spec) -> Result<io::ChannelIdentity> {
    spec.validity = validity;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::P256, world.entropy);
    FARHOLM_TRY(const auto certificate,
                crypto::issue(spec, key.public_key(), authority, authority_key, world.entropy));
    return io::ChannelIdentity{certificate.to_pem(), key.to_pem()};
  };
  Certificates made{.authority = authority.to_pem()};
  FARHOLM_TRY(made.server, issue({.subject = {"hub", {}},
                                  .names = {.dns = {"localhost"}, .ip = {"127.0.0.1"}},
                                  .use = crypto::CertificateUse::Server}));
  FARHOLM_TRY(made.admin,
              issue({.subject = {"admin", {"system:masters"}}, .use = crypto::CertificateUse::Client}));
  return made;
}

Result<void> write_kubeconfig(io::Files& files, const std::string& path, const std::string& server,
                              const std::string& authority, json::Value user) {
  const json::Value config = {
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"current-context", "hub"},
      {"clusters",
       {{{"name", "hub"},
         {"cluster", {{"server", server}, {"certificate-authority-data", to_base64(as_bytes(authority))}}}}}},
      {"users", {{{"name", "user"}, {"user", std::move(user)}}}},
      {"contexts", {{{"name", "hub"}, {"context", {{"cluster", "hub"}, {"user", "user"}}}}}}};
  return io::write_file_atomically(files, path, json::to_text(config));
}

Result<void> serve(const std::string& folder) {
  io::posix::PosixWorld posix;
  net::TlsChannels channels(posix.loop(), posix.clock());
  const auto world = posix.world(channels);
  StandardError sink;
  const Logger log(sink, "kubectl_server");

  const auto store = store::make_memory_store(world.loop);
  apiserver::Kinds kinds;
  for (auto& kind : profile::kinds()) kinds.add(std::move(kind));
  apiserver::CertificateAuthenticator by_certificate(world.clock);
  apiserver::TokenAuthenticator by_token;
  by_token.add("nobody-token", {"nobody", {}});
  apiserver::GroupAuthorizer authorizer;
  apiserver::ApiServer api({world.loop, world.clock, world.entropy}, *store, kinds,
                           {.authenticators = {&by_certificate, &by_token}, .authorizer = &authorizer}, log);
  FARHOLM_CHECK(world.loop.run(api.prepare()));

  FARHOLM_TRY(const auto certificates, make_certificates(world));
  FARHOLM_TRY(const auto tls,
              world.secure.make_server({.identity = certificates.server,
                                        .trusted_pem = certificates.authority,
                                        .client_certificates = io::ClientCertificates::Request,
                                        .alpn = {"h2", "http/1.1"}}));
  FARHOLM_TRY(const auto address, io::parse_endpoint("127.0.0.1:0"));
  FARHOLM_TRY(const auto listener, world.network.listen(address));
  const std::string url = "https://" + listener->local().to_string();
  FARHOLM_CHECK(
      write_kubeconfig(world.files, folder + "/admin.kubeconfig", url, certificates.authority,
                       {{"client-certificate-data", to_base64(as_bytes(certificates.admin.chain_pem))},
                        {"client-key-data", to_base64(as_bytes(certificates.admin.key_pem))}}));
  FARHOLM_CHECK(write_kubeconfig(world.files, folder + "/nobody.kubeconfig", url, certificates.authority,
                                 {{"token", "nobody-token"}}));
  net::HttpServer http(world.loop, api, log);
  io::Scope scope(world.loop);
  scope.spawn(api.keep_house());
  scope.spawn(http.serve(*listener, tls.get()));
  fmt::print("ready\n");
  std::fflush(stdout);
  world.loop.run();
  return {};
}

}  // namespace
}  // namespace farholm

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: {} FOLDER\n", arguments[0]);
    return 64;
  }
  if (const auto served = farholm::serve(arguments[1]); !served) {
    fmt::print(stderr, "{}\n", served.error().to_string());
    return farholm::exit_code(served.error().code);
  }
  return 0;
}
