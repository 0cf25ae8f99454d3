#include "sim/hub_machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/certificate.h"
#include "io/scope.h"
#include "net/client.h"
#include "object/metadata.h"

namespace farholm::sim {
namespace {

constexpr const char* kAuthority = "/given/ca.pem";
constexpr const char* kAuthorityKey = "/given/ca-key.pem";
constexpr auto kDecade = std::chrono::hours(24 * 3650);
constexpr auto kPatience = std::chrono::seconds(20);
// Far beyond what a fleet of this size needs.
constexpr std::uint64_t kDiskBytesMax = 512 << 20;
// Half a day of starts in vain, one after the other: longer than any trouble lasts that may keep it from
// starting.
constexpr std::uint64_t kStartsMax = 8640;

}  // namespace

HubMachine::HubMachine(io::sim::SimWorld& world, Ledger& ledger, News& news, bool aloud)
    : world_(world),
      ledger_(ledger),
      news_(news),
      sink_(world, "hub", aloud),
      machine_(world.add_machine("hub")),
      operator_(world.add_machine("operator")),
      program_(world.loop(), machine_, [this] { return run(); }) {
  give_authority();
}

// An authority with an Ed25519 key: a signature by ECDSA takes a nonce from OpenSSL (crypto/README.md), and
// the hub would make itself a key on P-256.
void HubMachine::give_authority() {
  auto& files = machine_.files();
  io::sim::SimEntropy entropy(world_.seed(), "authority");
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
  const auto certificate =
      *crypto::make_self_signed({{"authority", {}},
                                 {},
                                 {io::sim::kBeginning - std::chrono::hours(1), io::sim::kBeginning + kDecade},
                                 crypto::CertificateUse::LastAuthority},
                                key, entropy);
  FARHOLM_ASSERT(files.make_directories("/given") && files.sync_directory("/"));
  FARHOLM_ASSERT(io::write_file_atomically(files, kAuthority, certificate.to_pem()));
  FARHOLM_ASSERT(io::write_file_atomically(files, kAuthorityKey, key.to_pem()));
}

io::Task<void> HubMachine::run() {
  hub::HubOptions options;
  options.authority.state.path = "/state";
  options.authority.ca = kAuthority;
  options.authority.ca_key = kAuthorityKey;
  options.listen = *io::parse_endpoint(":8443");
  options.advertise = {"hub"};
  auto opened = co_await hub::Hub::open(machine_.world(), log_, options);
  if (!opened) co_return log_.error("the hub does not start: {}", opened.error().to_string());
  struct Known {
    hub::Hub*& place;
    ~Known() { place = nullptr; }
  } known{hub_};
  hub_ = opened->get();
  if (admin_.key_pem.empty()) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, operator_.entropy());
    auto chain = hub_->authority().issue_client({.common_name = "admin", .organizations = {"system:masters"}},
                                                key.public_key(), kDecade);
    FARHOLM_ASSERT(chain);
    admin_ = {.chain_pem = *chain, .key_pem = key.to_pem()};
    authorities_ = hub_->authority().ca_pem();
  }
  io::Scope beside(world_.loop());
  beside.spawn(follow_events());
  co_await hub_->run();
}

io::Task<void> HubMachine::follow_events() {
  constexpr const char* kEvents = "/events";
  auto& store = hub_->store();
  const auto listed = store.list(kEvents, {});
  FARHOLM_ASSERT(listed);
  auto entries = listed->entries;
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry->created_revision; });
  for (const auto& entry : entries) news_.at_hub(entry->value, entry->created_revision);
  auto watch = store.watch({.resource = kEvents, .after_revision = listed->revision});
  FARHOLM_ASSERT(watch);
  while (true) {
    const auto events = co_await (*watch)->next();
    if (!events) co_return;  // the hub has ended
    for (const auto& event : *events)
      if (event->type != store::Event::Type::Deleted)
        news_.at_hub(event->entry->value, event->entry->created_revision);
  }
}

io::Task<Result<json::Value>> HubMachine::ask(std::string method, std::string path, json::Value body) {
  if (admin_.key_pem.empty()) co_return fail(ErrorCode::ServiceUnavailable, "the hub never started");
  auto world = operator_.world();
  FARHOLM_CO_TRY(const auto channel,
                 world.secure.make_client(
                     {.identity = admin_, .trusted_pem = authorities_, .pinned = {}, .alpn = {"http/1.1"}}));
  net::HttpClient client(world.loop,
                         net::make_dialer(world.network, *io::parse_endpoint("hub:8443"), channel.get()),
                         {.authority = "hub:8443", .default_headers = {}});
  net::Request request{.method = method, .target = path, .headers = {}, .body = {}};
  if (!body.is_null()) {
    request.body = json::to_text(body);
    request.headers.add("Content-Type",
                        method == "PATCH" ? "application/merge-patch+json" : "application/json");
  }
  net::SendOptions options;
  options.deadline = kPatience;
  FARHOLM_CO_TRY(const auto response, co_await client.send(request, options));
  if (response.status >= 300)
    co_return fail(response.status >= 500 ? ErrorCode::ServiceUnavailable : ErrorCode::Invalid,
                   response.body);
  co_return json::parse(response.body);
}

io::Task<Result<json::Value>> HubMachine::write(std::string method, std::string path, json::Value body) {
  std::string place = path;
  if (method == "POST") place += "/" + json::string_or(body["metadata"], "name");
  if (const auto known = acknowledged_.find(place); known != acknowledged_.end()) known->second.spec.reset();
  FARHOLM_CO_TRY(auto object, co_await ask(method, path, std::move(body)));
  const auto& metadata = object["metadata"];
  const auto plural =
      place.substr(0, place.rfind('/')).substr(place.substr(0, place.rfind('/')).rfind('/') + 1);
  acknowledged_[place] = {.key = {"farholm.dev/" + plural, json::string_or(metadata, "namespace"),
                                  json::string_or(metadata, "name")},
                          .revision = std::stoll(json::string_or(metadata, "resourceVersion")),
                          .spec = object["spec"]};
  co_return object;
}

void HubMachine::check() {
  ledger_.check(Invariant::LimitsHold, machine_.files().used_bytes() <= kDiskBytesMax,
                [&] { return fmt::format("hub: {} bytes are on the disk", machine_.files().used_bytes()); });
  if (hub_ != nullptr) started_ = program_.starts();
  ledger_.check(Invariant::HubKeepsWhatItAcknowledged, program_.starts() - started_ < kStartsMax,
                [] { return "it does not start any more"; });
  if (hub_ == nullptr || !machine_.files().powered()) return;
  for (const auto& [path, expected] : acknowledged_) {
    const auto entry = hub_->store().get(expected.key);
    ledger_.check(Invariant::HubKeepsWhatItAcknowledged,
                  entry && entry->revision >= expected.revision &&
                      (!expected.spec || entry->value["spec"] == *expected.spec),
                  [&, &name = path] {
                    return fmt::format("{} is {}", name, entry ? entry->bytes : "not there any more");
                  });
  }
}

}  // namespace farholm::sim
