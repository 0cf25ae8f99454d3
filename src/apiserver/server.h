// ApiServer: the Kubernetes-style API over a store. An HTTP handler; it owns what it serves with and borrows
// the rest. On the loop's thread.
//
//   Kinds kinds;
//   kinds.add(profile::site_kind(), &admission);
//   ApiServer server({loop, clock, entropy}, store, kinds, {.authenticators = {&certificates}, .authorizer =
//   &groups}, log); co_await server.prepare();        // namespaces and CustomResourceDefinitions are there
//   scope.spawn(server.keep_house()); // namespaces that end, events that are old
//   net::HttpServer http(loop, server, log);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apiserver/authentication.h"
#include "apiserver/authorization.h"
#include "apiserver/discovery.h"
#include "apiserver/housekeeper.h"
#include "apiserver/kinds.h"
#include "apiserver/reader.h"
#include "apiserver/request_info.h"
#include "apiserver/watcher.h"
#include "apiserver/writer.h"
#include "base/log.h"
#include "net/exchange.h"

namespace farholm::apiserver {

struct ApiServerWorld {
  io::Loop& loop;
  io::Clock& clock;
  io::Entropy& entropy;
};

struct ApiServerOptions {
  std::vector<Authenticator*> authenticators;  // asked in this order
  Authorizer* authorizer = nullptr;            // must be given
  ServerVersion version;
  // Made at start beside default and kube-system.
  std::vector<std::string> namespaces = {"farholm-unassigned"};
};

class ApiServer final : public net::HttpHandler {
 public:
  // World, store, kinds, authenticators and authorizer outlive the server.
  ApiServer(ApiServerWorld world, store::Store& store, const Kinds& kinds, ApiServerOptions options,
            Logger log);

  // Makes what must be there before anything is served.
  io::Task<Result<void>> prepare();
  // Never ends; see Housekeeper.
  io::Task<void> keep_house() { return housekeeper_.run(); }

  io::Task<void> handle(net::Exchange& exchange) override;

  Writer& writer() { return writer_; }
  Reader& reader() { return reader_; }

 private:
  struct Call;
  io::Task<object::Answer<void>> serve(Call& call);
  // What is to be done; it may look at the call until it has ended.
  object::Answer<io::Task<object::Answer<void>>> route(Call& call);
  object::Answer<net::Response> answer_on_path(Call& call) const;
  net::Response open_api_v2(const Call& call) const;
  static io::Task<object::Answer<void>> respond(Call& call, net::Response response);
  io::Task<object::Answer<void>> read(Call& call, const ServedKind& kind);
  io::Task<object::Answer<void>> write(Call& call, const ServedKind& kind);
  io::Task<object::Answer<void>> remove(Call& call, const ServedKind& kind);
  io::Task<object::Answer<void>> remove_all(Call& call, const ServedKind& kind);
  io::Task<object::Answer<void>> review(Call& call, const ServedKind& kind);
  io::Task<object::Answer<void>> review_access(Call& call);
  Attempt attempt_of(const Call& call) const;
  net::Response answer_to(const object::Failure& failure, const Call& call) const;

  ApiServerWorld world_;
  const Kinds& kinds_;
  ApiServerOptions options_;
  Logger log_;
  Discovery discovery_;
  Reader reader_;
  Writer writer_;
  Watcher watcher_;
  Housekeeper housekeeper_;
};

}  // namespace farholm::apiserver
