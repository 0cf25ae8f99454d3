#include "agent/registry_server.h"

#include "agent/content_layers.h"
#include "agent/registry_keeper.h"
#include "base/encoding.h"
#include "net/target.h"

namespace farholm::agent {

RegistryServer::RegistryServer(const io::World& world, Logger log, StateFolder state)
    : world_(world),
      store_(world.files, state.content(), log),
      state_(std::move(state)),
      server_(world.loop, *this, log, {.connections_max = 128, .body_memory_bytes_max = 64 << 10}) {}

Result<const content::RegistryCatalog*> RegistryServer::catalog() {
  FARHOLM_TRY(const auto status, io::status_if_exists(world_.files, state_.images()));
  const auto modified = status ? status->modified : io::WallTime();
  if (modified != catalog_modified_) {
    FARHOLM_TRY(catalog_, read_catalog(world_.files, state_.images()));
    catalog_modified_ = modified;
  }
  return &catalog_;
}

io::Task<void> RegistryServer::handle(net::Exchange& exchange) {
  const auto target = net::parse_target(exchange.request().target);
  const auto path = target ? net::percent_decode(target->path) : std::nullopt;
  const auto known = catalog();
  if (!path || !known) {
    (void)co_await exchange.respond({.status = path ? 503 : 400, .headers = {}, .body = {}});
    co_return;
  }
  auto answer = content::answer_registry(**known, store_,
                                         {.method = exchange.request().method,
                                          .path = *path,
                                          .name_space = std::string(target->query_value("ns").value_or("")),
                                          .range = std::string(exchange.request().headers.get("Range"))});
  net::Response head{.status = answer.status, .headers = {}, .body = std::move(answer.body)};
  for (auto& [name, value] : answer.headers) head.headers.add(std::move(name), std::move(value));
  if (*path == "/v2/") {
    // By this the agent knows its own.
    if (const auto mark = read_registry_mark(world_.files, state_); mark && *mark)
      head.headers.add(std::string(kRegistryHeader), **mark);
  }
  if (!answer.blob) {
    (void)co_await exchange.respond(std::move(head));
    co_return;
  }
  auto reader = store_.open(answer.blob->digest, answer.blob->offset, answer.blob->length);
  if (!reader) {
    (void)co_await exchange.respond({.status = http_status(reader.error().code), .headers = {}, .body = {}});
    co_return;
  }
  reader->read_pieces_of(content::kServedPieceBytes);
  if (!co_await exchange.begin(std::move(head))) co_return;
  while (true) {
    const auto piece = reader->next();
    // Not ended, the answer is cut off: the client sees that it has not got the whole.
    if (!piece) co_return;
    if (piece->empty()) break;
    if (!co_await exchange.write(as_text(*piece))) co_return;
  }
  (void)co_await exchange.end();
}

}  // namespace farholm::agent
