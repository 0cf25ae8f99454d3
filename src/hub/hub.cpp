#include "hub/hub.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/server.h"
#include "content/blob_store.h"
#include "crypto/cipher.h"
#include "hub/catalog.h"
#include "hub/conditions.h"
#include "hub/content_handler.h"
#include "hub/gateway.h"
#include "hub/kubeconfig.h"
#include "hub/pairing_handler.h"
#include "hub/planner.h"
#include "hub/preview.h"
#include "hub/profile_admission.h"
#include "hub/reconciler.h"
#include "hub/resources.h"
#include "hub/router.h"
#include "hub/site_events.h"
#include "hub/tokens.h"
#include "net/server.h"
#include "profile/kinds.h"
#include "store/sqlite_store.h"
#include "store/storage_cipher.h"

namespace farholm::hub {
namespace {

constexpr std::chrono::hours kAdminCertificateLifetime(24 * 365);
// The server's certificate is made anew long before it ends.
constexpr std::chrono::hours kServerCertificateInterval(24 * 30);
// Hosts fetch content while operators watch: more than a small server's.
constexpr std::size_t kConnectionsMax = 4096;

bool is_address(const std::string& name) {
  return name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
}

Result<crypto::StorageKey> open_storage_key(const io::World& world, const std::string& path) {
  crypto::StorageKey key;
  FARHOLM_TRY(const auto text, io::read_file_if_exists(world.files, path, 1024));
  if (!text) {
    key = crypto::make_storage_key(world.entropy);
    FARHOLM_CHECK(io::write_file_atomically(world.files, path, to_base64(key), 0600));
    return key;
  }
  const auto bytes = from_base64(*text);
  if (!bytes || bytes->size() != key.size())
    return fail(ErrorCode::Invalid, path +
                                        " is no storage key: restore it from a backup, or the store cannot "
                                        "be read");
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

}  // namespace

class Hub::Implementation {
 public:
  Implementation(const io::World& world, Logger log, HubOptions options, std::unique_ptr<Authority> authority,
                 const crypto::StorageKey& key)
      : world_(world),
        log_(std::move(log)),
        options_(std::move(options)),
        state_(options_.authority.state),
        authority_(std::move(authority)),
        cipher_(key, world.entropy),
        version_key_(crypto::hmac_sha256(key, as_bytes("farholm/v1/sealed-version"))),
        content_(world.files, state_.content(), log_.named("content")),
        catalog_({world, authority_->root(), content_, state_.bundles(), log_.named("bundles")}) {}

  io::Task<Result<void>> start() {
    FARHOLM_CO_TRY(store_, store::open_sqlite_store(world_, {.path = state_.database(),
                                                             .cipher = cipher_,
                                                             .on_failure = [this] { store_failed_.set(); }}));
    FARHOLM_CO_CHECK(catalog_.load());
    for (const auto& folder : options_.bundle_folders) FARHOLM_CO_CHECK(co_await catalog_.import(folder));
    wire();
    FARHOLM_CO_CHECK(co_await api_->prepare());
    FARHOLM_CO_TRY(listener_, world_.network.listen(options_.listen));
    FARHOLM_CO_TRY(const auto tls, tls_options());
    FARHOLM_CO_TRY(tls_, world_.secure.make_server(tls));
    FARHOLM_CO_CHECK(write_kubeconfig());
    co_return co_await publish_root();
  }

  io::Task<void> run() {
    scope_.spawn(reconciler_->run());
    scope_.spawn(api_->keep_house());
    scope_.spawn(keep_certificate());
    scope_.spawn(http_->serve(*listener_, tls_.get()));
    co_await store_failed_.wait();
    log_.error(
        "the disk failed under the database {}: ending, because only one that is opened again tells "
        "what was kept",
        state_.database());
  }

  io::Task<void> shutdown(io::Duration grace) { co_await http_->shutdown(grace); }

  io::Endpoint local() const { return listener_->local(); }
  const Authority& authority() const { return *authority_; }
  store::Store& store() { return *store_; }

 private:
  void wire() {
    directory_.emplace(*store_);
    events_.emplace(*store_, world_.clock, world_.entropy, "farholm-hub");
    tokens_.emplace(world_.clock, world_.entropy, authority_->root().digest());
    profiles_.emplace(ProfileAdmission::Parts{world_.clock, world_.entropy, *store_, blobs_, catalog_});
    for (auto& kind : profile::kinds()) {
      apiserver::Admission* admission = nullptr;
      if (kind.kind == "RegistrationToken") admission = &*tokens_;
      if (kind.kind == "ClusterProfile") admission = &*profiles_;
      kinds_.add(std::move(kind), admission);
    }
    previewer_.emplace(
        Previewer::Parts{world_, *store_, content_, catalog_, *authority_, version_key_, groups_});
    kinds_.add_review(profile::plan_preview_kind(), *previewer_);
    api_.emplace(apiserver::ApiServerWorld{world_.loop, world_.clock, world_.entropy}, *store_, kinds_,
                 apiserver::ApiServerOptions{.authenticators = {&certificates_},
                                             .authorizer = &groups_,
                                             .version = {},
                                             .namespaces = {std::string(profile::kUnassignedNamespace)}},
                 log_.named("api"));
    pairing_.emplace(
        Pairing::Parts{world_, *store_, *directory_, *authority_, *events_, log_.named("pairing")});
    pairing_handler_.emplace(*pairing_, *authority_);
    content_handler_.emplace(content_, *directory_);
    router_.emplace(*api_, *pairing_handler_, *content_handler_);
    site_events_.emplace(SiteEvents::Parts{world_.clock, *store_, *directory_, *events_});
    gateway_.emplace(Gateway::Parts{world_, *store_, *directory_, *site_events_, log_.named("link"),
                                    [this](const std::string& uid) { reconciler_->presence_changed(uid); }});
    planner_.emplace(Planner::Parts{world_, *store_, blobs_, *authority_, version_key_});
    reconciler_.emplace(
        Reconciler::Parts{world_, *store_, *directory_, *planner_, *gateway_, *events_, log_.named("plan")});
    net::ServerOptions server_options;
    server_options.connections_max = kConnectionsMax;
    server_options.other_protocols = {{std::string(link::kAlpn), &*gateway_}};
    http_.emplace(world_.loop, *router_, log_.named("http"), std::move(server_options));
  }

  Result<io::SecureServerOptions> tls_options() const {
    crypto::AlternativeNames names{.dns = {"localhost"}, .ip = {"127.0.0.1", "::1"}, .uri = {}};
    auto wanted = options_.advertise;
    if (!options_.listen.host.empty()) wanted.push_back(options_.listen.host);
    for (const auto& name : wanted) {
      if (name == "0.0.0.0" || name == "::") continue;
      auto& list = is_address(name) ? names.ip : names.dns;
      if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
    }
    FARHOLM_TRY(auto identity, authority_->issue_server(names));
    return io::SecureServerOptions{.identity = std::move(identity),
                                   .trusted_pem = authority_->ca_pem(),
                                   .client_certificates = io::ClientCertificates::Request,
                                   .accept_expired = true,
                                   .alpn = {"h2", "http/1.1", std::string(link::kAlpn)}};
  }

  io::Task<void> keep_certificate() {
    while (true) {
      co_await world_.loop.sleep(kServerCertificateInterval);
      const auto options = tls_options();
      auto done = options ? tls_->reload(*options) : Result<void>(std::unexpected(options.error()));
      if (!done) log_.error("the server's certificate cannot be renewed: {}", done.error().to_string());
    }
  }

  Result<void> write_kubeconfig() {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::P256, world_.entropy);
    FARHOLM_TRY(auto chain,
                authority_->issue_client(
                    {.common_name = "admin", .organizations = {std::string(apiserver::kMastersGroup)}},
                    key.public_key(), kAdminCertificateLifetime));
    std::string host = !options_.advertise.empty() ? options_.advertise.front() : options_.listen.host;
    if (host.empty() || host == "0.0.0.0" || host == "::") host = "127.0.0.1";
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    const auto server = fmt::format("https://{}:{}", host, listener_->local().port);
    return io::write_file_atomically(
        world_.files, state_.admin_kubeconfig(),
        make_kubeconfig(server, authority_->ca_pem(),
                        {.chain_pem = std::move(chain), .key_pem = key.to_pem()}),
        0600);
  }

  // What an operator should know of the hub itself: a ConfigMap, and an Event about it while the root is
  // online.
  io::Task<Result<void>> publish_root() {
    const auto& root = authority_->root();
    const std::string message = authority_->root_online()
                                    ? "This hub made its own root, and its keys are on this machine: whoever "
                                      "has the machine has every "
                                      "site. Make a root apart with `farholm root init` before there are "
                                      "sites, and give it with --root."
                                    : "The root's key is not on this machine.";
    const json::Value data{{"rootDigest", root.digest().to_string()},
                           {"rootVersion", std::to_string(root.version())},
                           {"RootOnline", authority_->root_online() ? "True" : "False"},
                           {"message", message}};
    FARHOLM_CO_TRY(
        const auto outcome,
        co_await store::mutate(
            *store_, key_of(kConfigMaps, "kube-system", "farholm-hub"),
            [data, uid = io::random_uuid(world_.entropy),
             now = io::to_rfc3339(world_.clock.now())](const store::Entry* current) -> Result<store::Change> {
              json::Value value = current ? current->value
                                          : json::Value{{"apiVersion", "v1"},
                                                        {"kind", "ConfigMap"},
                                                        {"metadata",
                                                         {{"name", "farholm-hub"},
                                                          {"namespace", "kube-system"},
                                                          {"uid", uid},
                                                          {"creationTimestamp", now}}}};
              value["data"] = data;
              return store::Change::put(std::move(value));
            }));
    if (!authority_->root_online()) co_return Result<void>();
    log_.warning("RootOnline: {}", message);
    co_return co_await events_->record(outcome.entry->value, apiserver::EventType::Warning, "RootOnline",
                                       message);
  }

  io::World world_;
  Logger log_;
  HubOptions options_;
  StateFolder state_;
  std::unique_ptr<Authority> authority_;
  store::StorageCipher cipher_;
  std::array<std::byte, 32> version_key_;
  content::BlobStore content_;
  StoredBlobs blobs_{content_};
  Catalog catalog_;
  std::unique_ptr<store::Store> store_;
  std::optional<Directory> directory_;
  std::optional<apiserver::EventRecorder> events_;
  std::optional<TokenAdmission> tokens_;
  std::optional<ProfileAdmission> profiles_;
  std::optional<Previewer> previewer_;
  apiserver::Kinds kinds_;
  apiserver::CertificateAuthenticator certificates_{world_.clock};
  apiserver::GroupAuthorizer groups_;
  std::optional<apiserver::ApiServer> api_;
  std::optional<Pairing> pairing_;
  std::optional<PairingHandler> pairing_handler_;
  std::optional<ContentHandler> content_handler_;
  std::optional<Router> router_;
  std::unique_ptr<io::Listener> listener_;
  std::unique_ptr<io::SecureServer> tls_;
  std::optional<SiteEvents> site_events_;
  std::optional<Gateway> gateway_;
  std::optional<Planner> planner_;
  std::optional<Reconciler> reconciler_;
  std::optional<net::HttpServer> http_;
  io::Event store_failed_{world_.loop};
  io::Scope scope_{world_.loop};
};

io::Task<Result<std::unique_ptr<Hub>>> Hub::open(const io::World& world, Logger log, HubOptions options) {
  FARHOLM_CO_CHECK(io::make_durable_directories(world.files, options.authority.state.path, 0700));
  FARHOLM_CO_TRY(const auto key, open_storage_key(world, options.authority.state.storage_key()));
  FARHOLM_CO_TRY(auto authority, Authority::open(world, options.authority));
  auto implementation =
      std::make_unique<Implementation>(world, std::move(log), std::move(options), std::move(authority), key);
  FARHOLM_CO_CHECK(co_await implementation->start());
  co_return std::unique_ptr<Hub>(new Hub(std::move(implementation)));
}

Hub::Hub(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Hub::~Hub() = default;
io::Task<void> Hub::run() {
  return implementation_->run();
}
io::Task<void> Hub::shutdown(io::Duration grace) {
  return implementation_->shutdown(grace);
}
io::Endpoint Hub::local() const {
  return implementation_->local();
}
const Authority& Hub::authority() const {
  return implementation_->authority();
}
store::Store& Hub::store() {
  return implementation_->store();
}

}  // namespace farholm::hub
