#include "fleet_run.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "agent/agent.h"
#include "agent/uplink/uplink.h"
#include "base/encoding.h"
#include "hub/hub.h"
#include "hub/resources.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"
#include "net/client.h"
#include "net/tls.h"

namespace farholm::sim_tests {
namespace {

using namespace std::chrono_literals;
using io::Task;

constexpr const char* kState = "/state";
constexpr const char* kAuthority = "/given/ca.pem";
constexpr const char* kAuthorityKey = "/given/ca-key.pem";
constexpr auto kPatience = 30min;

// Log lines are a part of what happened.
class HistorySink final : public LogSink {
 public:
  explicit HistorySink(io::sim::SimWorld& world) : world_(world) {}
  void write(LogLevel, std::string_view component, std::string_view text) override {
    world_.history().note(fmt::format("log at {} {}: {}",
                                      world_.time().monotonic().time_since_epoch().count(), component, text));
  }

 private:
  io::sim::SimWorld& world_;
};

class FleetRun {
 public:
  FleetRun(std::uint64_t seed, ChannelKind kind) : world_(seed), kind_(kind) {
    world_.fabric().set_default_link({.latency = 15ms, .jitter = 10ms, .loss_once_in = 40});
  }

  FleetReport run() {
    if (start_hub() && prepare() && start_agent()) live();
    on_edge_.clear();
    uplink_.reset();
    agent_.reset();
    stop_hub();
    const auto& history = world_.history();
    report_.history = history.hash();
    report_.lines = history.count();
    report_.last_lines = {history.last_lines().begin(), history.last_lines().end()};
    return std::move(report_);
  }

 private:
  io::World world_of(io::sim::SimMachine& machine, net::TlsChannels& tls) {
    return kind_ == ChannelKind::Tls ? machine.world(tls) : machine.world();
  }

  bool complain(std::string what) {
    world_.history().note(what);
    report_.complaints.push_back(std::move(what));
    return false;
  }

  // An authority with an Ed25519 key: a signature by ECDSA takes a nonce from OpenSSL (crypto/README.md), and
  // the hub would make itself a key on P-256.
  void give_authority() {
    auto& files = hub_machine_.files();
    io::sim::SimEntropy entropy(world_.seed(), "authority");
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
    const auto certificate =
        *crypto::make_self_signed({{"authority", {}},
                                   {},
                                   {io::sim::kBeginning - 1h, io::sim::kBeginning + 24h * 365},
                                   crypto::CertificateUse::LastAuthority},
                                  key, entropy);
    FARHOLM_ASSERT(files.make_directories("/given") && files.sync_directory("/"));
    FARHOLM_ASSERT(io::write_file_atomically(files, kAuthority, certificate.to_pem()));
    FARHOLM_ASSERT(io::write_file_atomically(files, kAuthorityKey, key.to_pem()));
  }

  bool start_hub() {
    if (!given_) give_authority();
    given_ = true;
    hub::HubOptions options;
    options.authority.state.path = kState;
    options.authority.ca = kAuthority;
    options.authority.ca_key = kAuthorityKey;
    options.listen = *io::parse_endpoint(":8443");
    options.advertise = {"hub"};
    auto opened = loop().run(hub::Hub::open(world_of(hub_machine_, hub_tls_), log_.named("hub"), options));
    if (!opened) return complain("the hub does not open: " + opened.error().to_string());
    hub_ = std::move(*opened);
    on_hub_.spawn(hub_->run());
    return true;
  }
  void stop_hub() {
    on_hub_.clear();
    hub_.reset();
  }

  json::Value ask(const std::string& method, const std::string& path, const json::Value& body = nullptr) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, operator_.entropy());
    const auto chain = hub_->authority().issue_client(
        {.common_name = "admin", .organizations = {"system:masters"}}, key.public_key(), 1h);
    auto world = world_of(operator_, operator_tls_);
    const auto tls = world.secure.make_client(
        {.identity = io::ChannelIdentity{.chain_pem = *chain, .key_pem = key.to_pem()},
         .trusted_pem = hub_->authority().ca_pem(),
         .pinned = {},
         .alpn = {"http/1.1"}});
    net::HttpClient client(world.loop,
                           net::make_dialer(world.network, *io::parse_endpoint("hub:8443"), tls->get()),
                           {.authority = "hub:8443", .default_headers = {}});
    net::Request request{.method = method, .target = path, .headers = {}, .body = {}};
    if (!body.is_null()) {
      request.body = json::to_text(body);
      request.headers.add("Content-Type",
                          method == "PATCH" ? "application/merge-patch+json" : "application/json");
    }
    const auto response = loop().run(client.send(request));
    if (!response || response->status >= 300) {
      complain(
          fmt::format("{} {}: {}", method, path, response ? response->body : response.error().to_string()));
      return nullptr;
    }
    return json::parse(response->body).value_or(nullptr);
  }
  static std::string in_retail(const std::string& plural) {
    return "/apis/farholm.dev/v1alpha1/namespaces/retail/" + plural;
  }

  bool prepare() {
    const auto kind = [](const char* name) {
      return json::Value{{"apiVersion", "farholm.dev/v1alpha1"}, {"kind", name}};
    };
    const auto create = [&](const std::string& path, json::Value object, const char* name, json::Value spec) {
      object["metadata"] = {{"name", name}};
      if (!spec.is_null()) object["spec"] = std::move(spec);
      ask("POST", path, object);
    };
    create("/api/v1/namespaces", {{"apiVersion", "v1"}, {"kind", "Namespace"}}, "retail", nullptr);
    ask("POST", "/api/v1/namespaces/retail/secrets",
        {{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"metadata", {{"name", "card"}}},
         {"stringData", {{"card", "4711"}}}});
    const json::Value config{{"apiVersion", "v1"},
                             {"kind", "ConfigMap"},
                             {"metadata", {{"name", "a"}, {"namespace", "default"}}},
                             {"data", {{"number", "${number}"}, {"key", "${cardKey}"}}}};
    create(in_retail("clusterprofiles"), kind("ClusterProfile"), "store",
           {{"variables",
             json::Value::array({{{"name", "number"}}, {{"name", "cardKey"}, {"sensitive", true}}})},
            {"layers", json::Value::array({{{"name", "till"},
                                            {"type", "manifests"},
                                            {"content", {{"inline", json::Value::array({config})}}}}})}});
    create(in_retail("sites"), kind("Site"), "store-1",
           {{"profile", {{"name", "store"}}},
            {"hosts", {{"selector", {{"matchLabels", {{"store", "1"}}}}}}},
            {"variables",
             {{"number", "0042"}, {"cardKey", {{"secretRef", {{"name", "card"}, {"key", "card"}}}}}}}});
    create(in_retail("registrationtokens"), kind("RegistrationToken"), "stores",
           {{"maxHosts", 1}, {"hostLabels", {{"store", "1"}}}});
    const auto secret = ask("GET", "/api/v1/namespaces/retail/secrets/stores-token");
    if (!secret.is_object()) return false;
    const auto bytes = from_base64(json::string_or(secret["data"], "token"));
    token_ = bytes ? std::string(as_text(*bytes)) : "";
    return report_.complaints.empty();
  }

  bool start_agent() {
    auto world = world_of(edge_machine_, edge_tls_);
    const agent::UplinkOptions options{.state = {kState},
                                       .hub = "hub:8443",
                                       .token = token_,
                                       .machine_id = "machine-1",
                                       .sysroot = {},
                                       .inventory = [] { return json::Value{{"capacity", {{"cpus", 4}}}}; }};
    const auto root = loop().run(agent::obtain_root(world, log_.named("edge"), options, false));
    if (!root) return complain("no root: " + root.error().to_string());
    agent::AgentOptions agent_options;
    agent_options.state = {kState};
    agent_options.machine_id = "machine-1";
    agent_options.simulated = true;
    auto opened = agent::Agent::open(world, log_.named("edge"), agent_options);
    if (!opened) return complain("the agent does not open: " + opened.error().to_string());
    agent_ = std::move(*opened);
    uplink_ = std::make_unique<agent::Uplink>(world, log_.named("edge"), *agent_, options);
    on_edge_.spawn(agent_->run());
    on_edge_.spawn(uplink_->run());
    return true;
  }

  void live() {
    if (!comes_true("the site follows its first plan", [&] { return ready_at(1); })) return;
    world_.fabric().partition("edge", "hub");
    pass(7min);
    world_.fabric().heal("edge", "hub");
    if (!comes_true("the link is back", [&] { return uplink_->connected(); })) return;
    ask("PATCH", in_retail("sites/store-1"), {{"spec", {{"variables", {{"number", "0043"}}}}}});
    if (!comes_true("the site follows its second plan", [&] { return ready_at(2); })) return;
    hub_machine_.cut_power();
    stop_hub();
    pass(3min);
    hub_machine_.restart(io::sim::Survival::TornLast);
    if (!start_hub()) return;
    if (!comes_true("the link is back after the power cut", [&] { return uplink_->connected(); })) return;
    pass(2min);
    if (!ready_at(2)) complain("the power cut changed what the hub says of the site: " + site().dump());
  }

  json::Value site() {
    const auto entry = hub_->store().get(hub::key_of(hub::kSites, "retail", "store-1"));
    return entry ? entry->value : json::Value();
  }
  // Both sides say that this generation is followed and healthy.
  bool ready_at(std::int64_t generation) {
    const auto own = agent_->report();
    const auto* plan = json::find_object(own, "plan");
    report_.generation = plan ? json::find_integer(*plan, "generation").value_or(0) : 0;
    if (report_.generation != generation || !agent_->settled()) return false;
    const auto object = site();
    const auto* followed = json::find_path(object, {"status", "plan", "generation"});
    if (followed == nullptr || *followed != generation) return false;
    const auto* conditions = json::find_path(object, {"status", "conditions"});
    if (conditions == nullptr) return false;
    for (const auto& one : *conditions)
      if (json::string_or(one, "type") == "Ready" && json::string_or(one, "status") == "True") return true;
    return false;
  }

  template <class Condition>
  bool comes_true(const char* what, Condition condition) {
    const auto end = world_.time().monotonic() + kPatience;
    while (!condition()) {
      if (world_.time().monotonic() > end)
        return complain(fmt::format("not so: {}; {} {}", what, agent_->report().dump(), site().dump()));
      pass(100ms);
    }
    return true;
  }
  void pass(io::Duration duration) {
    loop().run(
        [](io::Loop& on, io::Duration time) -> Task<void> { co_await on.sleep(time); }(loop(), duration));
  }
  io::Loop& loop() { return world_.loop(); }

  io::sim::SimWorld world_;
  const ChannelKind kind_;
  HistorySink sink_{world_};
  Logger log_{sink_, "sim"};
  io::sim::SimMachine& hub_machine_{world_.add_machine("hub")};
  io::sim::SimMachine& edge_machine_{world_.add_machine("edge")};
  io::sim::SimMachine& operator_{world_.add_machine("operator")};
  net::TlsChannels hub_tls_{world_.loop(), hub_machine_.clock()};
  net::TlsChannels edge_tls_{world_.loop(), edge_machine_.clock()};
  net::TlsChannels operator_tls_{world_.loop(), operator_.clock()};
  bool given_ = false;
  std::string token_;
  std::unique_ptr<hub::Hub> hub_;
  std::unique_ptr<agent::Agent> agent_;
  std::unique_ptr<agent::Uplink> uplink_;
  io::Scope on_hub_{world_.loop()};
  io::Scope on_edge_{world_.loop()};
  FleetReport report_;
};

}  // namespace

FleetReport run_fleet(std::uint64_t seed, ChannelKind channels) {
  return FleetRun(seed, channels).run();
}

}  // namespace farholm::sim_tests
