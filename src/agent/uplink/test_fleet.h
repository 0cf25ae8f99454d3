// A hub and its hosts in a simulated world, for this module's tests: real TLS, real SQLite, simulated disks,
// network and time. A host is an uplink over a site that accepts plans and says what the test tells it to.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/identity.h"
#include "agent/plan_inbox.h"
#include "agent/report.h"
#include "agent/uplink/uplink.h"
#include "hub/hub.h"
#include "hub/resources.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"
#include "net/client.h"
#include "profile/plan.h"

namespace farholm::agent {

inline constexpr const char* kState = "/state";

class CollectingSink final : public LogSink {
 public:
  void write(LogLevel, std::string_view component, std::string_view text) override {
    lines.push_back(std::string(component) + ": " + std::string(text));
  }
  std::vector<std::string> lines;
};

class TestSite final : public UplinkSite {
 public:
  TestSite(const io::World& world, Logger log, std::string machine_id)
      : root_(*trust::Root::parse(
            *io::read_file(world.files, StateFolder{kState}.root(), trust::Root::kBytesMax))),
        inbox_(world.files, world.clock, root_, StateFolder{kState}.plan(), StateFolder{kState}.good_plan(),
               log),
        machine_id_(std::move(machine_id)),
        changed_(world.loop),
        events_(world, StateFolder{kState}.events(), log) {
    EXPECT_TRUE(inbox_.load());
    events_.load();
  }

  Result<Acceptance> offer_plan(std::string_view envelope) override {
    auto acceptance = inbox_.offer(envelope);
    changed_.notify();
    return acceptance;
  }
  json::Value report() const override {
    const auto& accepted = inbox_.accepted();
    engine::Status status{.plan = accepted ? accepted->digest : "",
                          .conditions = {{"Ready", ready ? "True" : "False", "Test", "as told"}},
                          .layers = {}};
    if (accepted)
      for (const auto& layer : accepted->plan.layers)
        status.layers.push_back({.name = layer.name,
                                 .type = layer.type,
                                 .state = ready ? engine::LayerState::Healthy : engine::LayerState::Failed,
                                 .fingerprint = {},
                                 .applied = {},
                                 .message = {}});
    return make_report({.agent_version = "0.1.0",
                        .host = {},
                        .machine_id = machine_id_,
                        .plan = accepted ? &accepted->plan : nullptr,
                        .plan_digest = accepted ? accepted->digest : "",
                        .status = &status,
                        .activity = {},
                        .listeners = {},
                        .problems = {},
                        .hub_connected = {}});
  }
  io::Event& report_changed() override { return changed_; }
  void add_source(content::BlobSource& source) override { sources.push_back(&source); }
  EventJournal& events() override { return events_; }

  void become(bool is_ready) {
    ready = is_ready;
    changed_.notify();
  }
  const profile::SitePlan* plan() const { return inbox_.accepted() ? &inbox_.accepted()->plan : nullptr; }

  bool ready = true;
  std::vector<content::BlobSource*> sources;

 private:
  trust::Root root_;
  PlanInbox inbox_;
  std::string machine_id_;
  io::Event changed_;
  EventJournal events_;
};

class FleetTest : public testing::Test {
 protected:
  struct Host {
    explicit Host(io::Loop& loop) : scope(loop) {}
    std::unique_ptr<TimeKeeper> time;
    std::unique_ptr<io::sim::SimSecureChannels> channels;  // by that time
    std::unique_ptr<TestSite> site;
    std::unique_ptr<Uplink> uplink;
    io::Scope scope;
  };

  void start_hub() {
    hub::HubOptions options;
    options.authority.state.path = kState;
    options.listen = *io::parse_endpoint(":8443");
    options.advertise = {"hub"};
    auto opened = loop().run(hub::Hub::open(hub_machine_.world(), log_.named("hub"), options));
    ASSERT_TRUE(opened) << opened.error().to_string();
    hub_ = std::move(*opened);
    hub_scope_.emplace(loop());
    hub_scope_->spawn(hub_->run());
  }
  void drop_hub() {
    hub_scope_.reset();
    hub_.reset();
  }

  void copy_root(const std::string& machine) {
    auto& files = world_.machine(machine).files();
    ASSERT_TRUE(files.make_directories(kState));
    ASSERT_TRUE(
        io::write_file_atomically(files, StateFolder{kState}.root(), hub_->authority().root().text()));
  }

  // Starts, or starts again, the host on this machine.
  Host& start_host(const std::string& machine, const std::string& token, const std::string& machine_id) {
    if (!made_.contains(machine)) world_.add_machine(machine);
    made_.insert(machine);
    auto& box = world_.machine(machine);
    auto time = std::make_unique<TimeKeeper>(loop(), box.files(), box.clock(), StateFolder{kState}.time(),
                                             log_.named(machine));
    auto channels = std::make_unique<io::sim::SimSecureChannels>(time->clock());
    const auto world = io::with_clock(box.world(*channels), time->clock());
    UplinkOptions options{.state = {kState},
                          .hub = "hub:8443",
                          .token = token,
                          .machine_id = machine_id,
                          .sysroot = {},
                          .time = time.get(),
                          .inventory = [] { return json::Value{{"capacity", {{"cpus", 4}}}}; }};
    if (token.empty()) copy_root(machine);
    auto root = loop().run(obtain_root(world, log_, options, /*root_given=*/false));
    EXPECT_TRUE(root) << root.error().to_string();
    hosts_.erase(machine);
    auto& host = *hosts_.emplace(machine, std::make_unique<Host>(loop())).first->second;
    host.time = std::move(time);
    host.channels = std::move(channels);
    host.site = std::make_unique<TestSite>(world, log_.named(machine), machine_id);
    host.uplink = std::make_unique<Uplink>(world, log_.named(machine), *host.site, options);
    host.scope.spawn(host.uplink->run());
    return host;
  }
  void stop_host(const std::string& machine) {
    hosts_.at(machine)->scope.clear();
    hosts_.erase(machine);
  }

  // Lets simulated time pass until it is so.
  template <class Condition>
  bool comes_true(Condition condition, io::Duration patience = std::chrono::minutes(10)) {
    const auto end = world_.time().monotonic() + patience;
    while (!condition()) {
      if (world_.time().monotonic() > end) return false;
      pass(std::chrono::milliseconds(100));
    }
    return true;
  }
  void pass(io::Duration duration) {
    loop().run(
        [](io::Loop& on, io::Duration time) -> io::Task<void> { co_await on.sleep(time); }(loop(), duration));
  }

  // What an operator does: through the API.
  json::Value ask(const std::string& method, const std::string& path, const json::Value& body = nullptr) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::P256, operator_.entropy());
    const auto chain =
        hub_->authority().issue_client({.common_name = "admin", .organizations = {"system:masters"}},
                                       key.public_key(), std::chrono::hours(1));
    io::SecureClientOptions tls_options;
    tls_options.identity = io::ChannelIdentity{.chain_pem = *chain, .key_pem = key.to_pem()};
    tls_options.trusted_pem = hub_->authority().ca_pem();
    tls_options.alpn = {"http/1.1"};
    auto world = operator_.world();
    auto tls = *world.secure.make_client(tls_options);
    net::HttpClient client(world.loop,
                           net::make_dialer(world.network, *io::parse_endpoint("hub:8443"), tls.get()),
                           {.authority = "hub:8443", .default_headers = {}});
    net::Request request{.method = method, .target = path, .headers = {}, .body = {}};
    if (!body.is_null()) {
      request.body = json::to_text(body);
      request.headers.add("Content-Type",
                          method == "PATCH" ? "application/merge-patch+json" : "application/json");
    }
    auto response = loop().run(client.send(request));
    EXPECT_TRUE(response) << response.error().to_string();
    auto value = json::parse(response->body);
    if (method != "GET") {
      EXPECT_LT(response->status, 300) << response->body;
    }
    return value ? *value : json::Value();
  }
  static std::string in_retail(const std::string& plural) {
    return "/apis/farholm.dev/v1alpha1/namespaces/retail/" + plural;
  }
  // Namespace, profile, site; a token whose hosts the site selects.
  std::string prepare_store(int hosts_max = 1) {
    ask("POST", "/api/v1/namespaces",
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "retail"}}}});
    ask("POST", "/api/v1/namespaces/retail/secrets",
        {{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"metadata", {{"name", "card"}}},
         {"stringData", {{"card", "canary-4711"}}}});
    const json::Value config{{"apiVersion", "v1"},
                             {"kind", "ConfigMap"},
                             {"metadata", {{"name", "a"}, {"namespace", "default"}}},
                             {"data", {{"number", "${number}"}, {"key", "${cardKey}"}}}};
    ask("POST", in_retail("clusterprofiles"),
        {{"apiVersion", "farholm.dev/v1alpha1"},
         {"kind", "ClusterProfile"},
         {"metadata", {{"name", "store"}}},
         {"spec",
          {{"variables",
            json::Value::array({{{"name", "number"}}, {{"name", "cardKey"}, {"sensitive", true}}})},
           {"layers", json::Value::array({{{"name", "till"},
                                           {"type", "manifests"},
                                           {"content", {{"inline", json::Value::array({config})}}}}})}}}});
    ask("POST", in_retail("sites"),
        {{"apiVersion", "farholm.dev/v1alpha1"},
         {"kind", "Site"},
         {"metadata", {{"name", "store-1"}}},
         {"spec",
          {{"profile", {{"name", "store"}}},
           {"hosts", {{"selector", {{"matchLabels", {{"store", "1"}}}}}}},
           {"variables",
            {{"number", "0042"}, {"cardKey", {{"secretRef", {{"name", "card"}, {"key", "card"}}}}}}}}}});
    ask("POST", in_retail("registrationtokens"),
        {{"apiVersion", "farholm.dev/v1alpha1"},
         {"kind", "RegistrationToken"},
         {"metadata", {{"name", "stores"}}},
         {"spec", {{"maxHosts", hosts_max}, {"hostLabels", {{"store", "1"}}}}}});
    return token_text();
  }
  std::string token_text() {
    const auto secret = ask("GET", "/api/v1/namespaces/retail/secrets/stores-token");
    const auto bytes = from_base64(json::string_or(secret["data"], "token"));
    return bytes ? std::string(as_text(*bytes)) : "";
  }

  std::vector<store::EntryRef> all(std::string_view resource) {
    return hub_->store().list(resource, {})->entries;
  }
  json::Value site() {
    const auto entry = hub_->store().get(hub::key_of(hub::kSites, "retail", "store-1"));
    return entry ? entry->value : json::Value();
  }
  static std::string condition(const json::Value& object, std::string_view type,
                               const char* field = "status") {
    const auto* conditions = json::find_path(object, {"status", "conditions"});
    if (conditions != nullptr)
      for (const auto& one : *conditions)
        if (json::string_or(one, "type") == type) return json::string_or(one, field);
    return {};
  }
  bool has_event(const std::string& reason) {
    for (const auto& event : all("/events"))
      if (json::string_or(event->value, "reason") == reason) return true;
    return false;
  }

  io::Loop& loop() { return world_.loop(); }

  CollectingSink sink_;
  Logger log_{sink_, "test"};
  io::sim::SimWorld world_{7};
  io::sim::SimMachine& hub_machine_{world_.add_machine("hub")};
  io::sim::SimMachine& operator_{world_.add_machine("operator")};
  std::unique_ptr<hub::Hub> hub_;
  std::optional<io::Scope> hub_scope_;
  std::set<std::string> made_;
  std::map<std::string, std::unique_ptr<Host>> hosts_;
};

}  // namespace farholm::agent
