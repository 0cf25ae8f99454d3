#include "agent/agent.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/bundle_images.h"
#include "agent/content_layers.h"
#include "agent/control_server.h"
#include "agent/gatekeeper.h"
#include "agent/identity.h"
#include "agent/journal.h"
#include "agent/machine_id.h"
#include "agent/registry_keeper.h"
#include "agent/report.h"
#include "agent/site_runner.h"
#include "agent/state_claim.h"
#include "content/layout_source.h"
#include "driver/docker/capabilities.h"
#include "driver/docker/docker_client.h"
#include "driver/kubernetes/kubernetes_driver.h"
#include "driver/manifests/manifests_driver.h"
#include "driver/simulated/simulated_driver.h"
#include "kube_client/api_cluster.h"

namespace farholm::agent {
namespace {

constexpr std::size_t kProblemsMax = 16;
constexpr const char* kEnginePidFile = "/run/docker.pid";

// The root that this host trusts: the one in the state folder, or a newer one that it leads to, or the first.
Result<trust::Root> open_root(io::Files& files, const StateFolder& state, const std::string& given_path) {
  FARHOLM_TRY(const auto kept, io::read_file_if_exists(files, state.root(), trust::Root::kBytesMax));
  if (given_path.empty()) {
    if (kept) return trust::Root::parse(*kept);
    return fail(ErrorCode::BadRequest, "this host has no root yet: give it one with --root root.json");
  }
  FARHOLM_TRY(const auto given_text, io::read_file(files, given_path, trust::Root::kBytesMax));
  auto given = trust::Root::parse(given_text);
  if (!given) return fail_while(std::move(given).error(), "reading " + given_path);
  if (kept) {
    FARHOLM_TRY(auto trusted, trust::Root::parse(*kept));
    if (trusted.digest() == given->digest()) return trusted;
    auto next = trust::next_root(trusted, given_text);
    if (!next) {
      return fail(
          ErrorCode::Forbidden,
          fmt::format(
              "this host belongs to another root than {} ({}): a host changes roots only by a rotation "
              "that its own root signed, or with an empty state folder",
              given_path, next.error().message));
    }
    given = std::move(next);
  }
  FARHOLM_CHECK(io::write_file_atomically(files, state.root(), given_text));
  return given;
}

}  // namespace

class Agent::Implementation {
 public:
  Implementation(const io::World& world, Logger log, AgentOptions options, std::unique_ptr<io::File> lock,
                 trust::Root root, Identity identity, std::string machine)
      : world_(world),
        log_(std::move(log)),
        options_(std::move(options)),
        lock_(std::move(lock)),
        root_(std::move(root)),
        identity_(std::move(identity)),
        machine_id_(std::move(machine)),
        inbox_(world.files, world.clock, root_, options_.state.plan(), options_.state.good_plan(),
               log_.named("plan")),
        journal_(world.files, options_.state.journal(), log_.named("journal")),
        events_(world, options_.state.events(), log_.named("events"), options_.simulated),
        gatekeeper_(world, options_.state.hold()),
        store_(world.files, options_.state.content(), log_.named("content")),
        layers_({.world = world,
                 .log = log_.named("content"),
                 .root = root_,
                 .identity = identity_,
                 .store = store_,
                 .catalog_path = options_.state.images()}),
        images_(layers_, fmt::format("127.0.0.1:{}", kRegistryPort)),
        cluster_state_(world.files, options_.state.cluster()),
        local_host_(world.files, world.network, options_.sysroot + "/proc", kEnginePidFile),
        registry_(
            {.world = world,
             .log = log_.named("registry"),
             .state = options_.state,
             .command = options_.registry_command,
             .tell = [this](std::string trouble) { runner_->set_trouble("registry", std::move(trouble)); }}),
        manifests_(world.loop, [this] { return cluster(); }),
        report_changed_(world.loop),
        scope_(world.loop) {}

  Result<void> start() {
    FARHOLM_CHECK(inbox_.load());
    FARHOLM_CHECK(journal_.load(layers_of_plans()));
    events_.load();
    inbox_.remember(journal_.state().accepted);
    note_accepted();
    for (const auto& folder : options_.content_folders) {
      FARHOLM_TRY(const auto layouts, content::find_layouts(world_.files, folder));
      for (const auto& layout : layouts) {
        folders_.push_back(std::make_unique<content::LayoutSource>(world_.files, layout));
      }
      if (layouts.empty()) folders_.push_back(std::make_unique<content::LayoutSource>(world_.files, folder));
    }
    update_sources();
    std::map<std::string, driver::Driver*> drivers = options_.drivers;
    if (options_.simulated) {
      FARHOLM_TRY(simulated_, driver::simulated::SimulatedDriver::open(world_.loop, world_.files,
                                                                       options_.state.simulation()));
      drivers = {{"kubernetes", simulated_.get()}, {"manifests", simulated_.get()}};
      log_.warning("this site is simulated: no container runs here, only what would run is remembered");
    } else if (drivers.empty()) {
      FARHOLM_CHECK(open_kubernetes());
      drivers = {{"kubernetes", kubernetes_.get()}, {"manifests", &manifests_}};
    }
    runner_ = std::make_unique<SiteRunner>(
        SiteRunner::Parts{.world = world_,
                          .log = log_.named("site"),
                          .journal = journal_,
                          .events = events_,
                          .layers = layers_,
                          .drivers = std::move(drivers),
                          .keep_as_good = [this] { return inbox_.keep_as_good(); },
                          .gate =
                              [this](const profile::SitePlan& plan) {
                                tell_clock_trouble();
                                return gatekeeper_.gate(plan.maintenance);
                              }});
    control_ = std::make_unique<ControlServer>(
        world_, log_.named("control"),
        ControlServer::Answers{
            .report = [this] { return local_report(); },
            .offer_plan = [this](std::string_view envelope) { return offer_by_hand(envelope); },
            .retry_plan = [this] { return runner_->retry(); },
            .look_again = [this] { runner_->gate_changed(); }});
    events_.record(false, "AgentStarted", "", fmt::format("the agent {} has started", kVersion));
    if (known_plan()) follow(*known_plan());
    return {};
  }

  // Where the accepted plan was lost, the site goes on with the last good one until it is sent again.
  const std::optional<KnownPlan>& known_plan() const {
    return inbox_.accepted() ? inbox_.accepted() : inbox_.good();
  }

  // What may run here, as far as the plans tell.
  std::vector<engine::AppliedLayer> layers_of_plans() const {
    std::vector<engine::AppliedLayer> layers;
    for (const auto* known : {&inbox_.good(), &inbox_.accepted()}) {
      if (!*known) continue;
      for (const auto& layer : (*known)->plan.layers)
        if (std::ranges::find(layers, layer.name, &engine::AppliedLayer::name) == layers.end())
          layers.push_back({.name = layer.name, .type = layer.type, .fingerprint = {}});
    }
    return layers;
  }

  Result<void> open_kubernetes() {
    FARHOLM_TRY(const auto endpoint, io::parse_endpoint(options_.docker_endpoint));
    docker_ = std::make_unique<driver::docker::DockerClient>(world_.loop, world_.network, endpoint);
    auto capabilities =
        driver::docker::probe_capabilities(world_.files, options_.sysroot + "/proc", kEnginePidFile);
    driver::kubernetes::KubernetesDriverOptions kubernetes;
    kubernetes.volumes_folder = options_.state.volumes();
    kubernetes.nameservers = options_.nameservers;
    if (capabilities) {
      if (!capabilities->missing.empty()) {
        log_.info("this host cannot give the capabilities {}: nodes do without",
                  fmt::join(capabilities->missing, ", "));
      }
    } else {
      log_.warning("cannot tell which capabilities this host has: {}", capabilities.error().to_string());
    }
    kubernetes_ = std::make_unique<driver::kubernetes::KubernetesDriver>(
        driver::kubernetes::KubernetesDriver::Parts{.loop = world_.loop,
                                                    .entropy = world_.entropy,
                                                    .engine = *docker_,
                                                    .images = images_,
                                                    .state = cluster_state_,
                                                    .host = local_host_},
        std::move(kubernetes));
    return {};
  }

  io::Task<void> run() {
    auto listener = world_.network.listen(
        {.kind = io::Endpoint::Kind::Unix, .host = {}, .port = 0, .path = options_.state.socket()});
    if (listener) {
      door_ = std::move(*listener);
      scope_.spawn(control_->serve(*door_));
    } else {
      log_.warning("no local status: {}", listener.error().to_string());
    }
    scope_.spawn(pass_on_changes());
    co_await runner_->run();
  }

  Result<Acceptance> offer(std::string_view envelope) {
    auto acceptance = inbox_.offer(envelope);
    // What a full disk kept away is over when a plan can be kept.
    if (acceptance && !std::exchange(plan_trouble_, "").empty()) runner_->set_trouble("plan", "");
    if (!acceptance && acceptance.error().code == ErrorCode::ServiceUnavailable) {
      plan_trouble_ = "a plan cannot be kept: " + acceptance.error().to_string();
      runner_->set_trouble("plan", plan_trouble_);
    } else if (!acceptance) {
      refuse(reason(acceptance.error().code), acceptance.error().to_string());
    } else if (acceptance->verdict.refused()) {
      refuse(trust::to_string(acceptance->verdict.kind), acceptance->verdict.message);
    } else if (acceptance->verdict.kind == trust::PlanVerdict::Kind::Accept) {
      note_accepted();
      const auto& plan = inbox_.accepted()->plan;
      events_.record(false, "PlanAccepted", "",
                     fmt::format("plan ({}, {}), revision {} of {}", plan.epoch, plan.generation,
                                 plan.revision, plan.profile));
      follow(*inbox_.accepted());
    }
    return acceptance;
  }

  void add_source(content::BlobSource& source) {
    first_sources_.push_back(&source);
    update_sources();
  }

  io::Task<Result<std::string>> fetch_small(std::string digest, std::uint64_t limit_bytes) {
    return layers_.fetch_small(std::move(digest), limit_bytes);
  }

  json::Value report() const {
    ReportParts parts{.agent_version = std::string(kVersion),
                      .host = host_.name,
                      .machine_id = machine_id_,
                      .plan = known_plan() ? &known_plan()->plan : nullptr,
                      .plan_digest = known_plan() ? known_plan()->digest : "",
                      .status = &runner_->status(),
                      .activity = runner_->activity(),
                      .listeners = listeners(),
                      .problems = problems_,
                      .hub_connected = {},
                      .simulated = options_.simulated};
    parts.problems.insert(parts.problems.end(), layers_.problems().begin(), layers_.problems().end());
    // The hub shows the last one where its plan is not followed.
    if (!plan_trouble_.empty()) parts.problems.push_back(plan_trouble_);
    return make_report(parts);
  }

  bool settled() const {
    // It may still be that of the plan before.
    if (known_plan() && runner_->status().plan != known_plan()->digest) return false;
    const auto is = [this](std::string_view type) {
      const auto& conditions = runner_->status().conditions;
      const auto found = std::ranges::find(conditions, type, &engine::Condition::type);
      return found != conditions.end() && found->status == "True";
    };
    return is("Ready") && !is("Progressing");
  }

  io::Event& report_changed() { return report_changed_; }
  void set_hub(std::function<bool()> connected) { hub_connected_ = std::move(connected); }
  EventJournal& events() { return events_; }

 private:
  Result<std::string> offer_by_hand(std::string_view envelope) {
    FARHOLM_TRY(const auto acceptance, offer(envelope));
    if (acceptance.verdict.refused()) {
      return fail(ErrorCode::Forbidden,
                  fmt::format("the plan is refused ({}): {}", trust::to_string(acceptance.verdict.kind),
                              acceptance.verdict.message));
    }
    const bool known = acceptance.verdict.kind == trust::PlanVerdict::Kind::AlreadyAccepted;
    if (known && runner_->gave_up()) {
      return fmt::format("gave up generation {} of {} before; `farholm-agent retry` tries it again\n",
                         acceptance.plan->generation, acceptance.plan->site_name);
    }
    return fmt::format("{} generation {} of {}\n", known ? "already follows" : "accepted",
                       acceptance.plan->generation, acceptance.plan->site_name);
  }

  // For those at the site. The hub knows by itself whether it is connected.
  json::Value local_report() const {
    auto result = report();
    if (hub_connected_) result["hubConnected"] = hub_connected_();
    return result;
  }

  // What this site listens on at this moment.
  std::vector<std::string> listeners() const {
    std::vector<std::string> lines;
    if (registry_.serves()) {
      lines.push_back(fmt::format("127.0.0.1:{} site registry", kRegistryPort));
      if (known_plan()) lines.push_back(fmt::format("{}:{} site registry", bridge_address(), kRegistryPort));
    }
    if (!kubernetes_) return lines;
    for (const auto& listener : kubernetes_->listeners())
      lines.push_back(fmt::format("{}:{} {}", listener.address, listener.port, listener.name));
    return lines;
  }

  // The bridge is the subnet's first address (docs/formats/plan.md).
  std::string bridge_address() const {
    const auto& subnet = known_plan()->plan.subnet;
    return subnet.substr(0, subnet.rfind('.')) + ".1";
  }

  void update_sources() {
    auto sources = first_sources_;
    for (const auto& folder : folders_) sources.push_back(folder.get());
    layers_.set_sources(std::move(sources));
  }

  void follow(const KnownPlan& accepted) {
    const auto& plan = accepted.plan;
    // Which of the plan's hosts we are: the one with our machine ID, or the only one.
    auto found = std::ranges::find(plan.hosts, machine_id_, &profile::PlanHost::machine_id);
    if (found == plan.hosts.end() && plan.hosts.size() == 1 && plan.hosts.front().machine_id.empty()) {
      found = plan.hosts.begin();
    }
    if (found == plan.hosts.end()) {
      add_problem(
          fmt::format("the plan names no host with our machine ID {}: is it for another box?", machine_id_));
      return;
    }
    host_ = *found;
    layers_.set_host_uid(host_.uid);
    watch_.clear();
    if (kubernetes_) {
      watch_.spawn(kubernetes_->watch(plan.site_uid));
      if (!options_.registry_command.empty()) watch_.spawn(registry_.run(bridge_address()));
    }
    runner_->set_host(host_.name);
    runner_->set_plan(accepted, inbox_.good());
  }

  Result<kube_client::Cluster*> cluster() {
    FARHOLM_TRY(const auto access, kubernetes_->access());
    // The keys of a site never change; another site would be another agent. The port may: what still looks
    // through the one before keeps it until the agent ends.
    if (cluster_endpoint_ != access.endpoint) {
      FARHOLM_TRY(auto made,
                  kube_client::make_api_cluster(world_, {.endpoint = access.endpoint,
                                                         .ca_pem = access.ca_pem,
                                                         .client_pem = access.client_pem,
                                                         .client_key_pem = access.client_key_pem}));
      clusters_.push_back(std::move(made));
      cluster_endpoint_ = access.endpoint;
      if (!options_.kubeconfig_path.empty() && known_plan()) {
        auto written = io::write_file_atomically(
            world_.files, options_.kubeconfig_path,
            driver::kubernetes::make_kubeconfig(known_plan()->plan.site_name, access), 0600);
        if (!written) log_.warning("{}", written.error().to_string());
      }
    }
    return clusters_.back().get();
  }

  io::Task<void> pass_on_changes() {
    while (true) {
      co_await runner_->status_changed().wait();
      runner_->status_changed().clear();
      report_changed_.notify();
    }
  }

  void tell_clock_trouble() {
    runner_->set_trouble("clock", options_.time != nullptr ? options_.time->clock().trouble() : "");
  }

  // The plan's own file is the record of it; this is for when that is lost.
  void note_accepted() {
    if (!inbox_.accepted()) return;
    if (auto noted = journal_.note_accepted(number_of(*inbox_.accepted())); !noted)
      log_.warning("{}", noted.error().to_string());
  }

  // Of what the refused plan says nothing is written down.
  void refuse(std::string_view why, const std::string& message) {
    events_.record(true, "PlanRefused", "", std::string(why));
    add_problem(fmt::format("a plan was refused ({}): {}", why, message));
  }

  void add_problem(std::string sentence) {
    log_.warning("{}", sentence);
    std::erase(problems_, sentence);
    if (problems_.size() >= kProblemsMax) problems_.erase(problems_.begin());
    problems_.push_back(std::move(sentence));
    report_changed_.notify();
  }

  io::World world_;
  Logger log_;
  AgentOptions options_;
  std::unique_ptr<io::File> lock_;
  trust::Root root_;
  Identity identity_;
  std::string machine_id_;
  profile::PlanHost host_;
  PlanInbox inbox_;
  Journal journal_;
  EventJournal events_;
  Gatekeeper gatekeeper_;
  content::BlobStore store_;
  ContentLayers layers_;
  std::vector<content::BlobSource*> first_sources_;
  std::vector<std::unique_ptr<content::BlobSource>> folders_;
  BundleImages images_;
  driver::kubernetes::FileSiteState cluster_state_;
  driver::kubernetes::LocalHost local_host_;
  RegistryKeeper registry_;
  std::unique_ptr<driver::docker::DockerClient> docker_;
  std::unique_ptr<driver::kubernetes::KubernetesDriver> kubernetes_;
  std::vector<std::unique_ptr<kube_client::Cluster>> clusters_;  // one for each port that the API had
  std::string cluster_endpoint_;
  driver::manifests::ManifestsDriver manifests_;
  std::unique_ptr<driver::simulated::SimulatedDriver> simulated_;  // in the place of the others, or none
  std::unique_ptr<SiteRunner> runner_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<io::Listener> door_;  // the control socket
  std::vector<std::string> problems_;
  std::string plan_trouble_;  // why the last plan could not be kept; empty: it could
  std::function<bool()> hub_connected_;
  io::Event report_changed_;
  io::Scope watch_{world_.loop};
  io::Scope scope_;
};

Result<std::unique_ptr<Agent>> Agent::open(const io::World& world, Logger log, AgentOptions options) {
  const auto& state = options.state;
  FARHOLM_CHECK(io::make_durable_directories(world.files, state.path, 0700));
  FARHOLM_CHECK(io::make_durable_directories(world.files, state.volumes(), 0755));
  FARHOLM_TRY(auto lock, world.files.open(state.lock(), io::OpenMode::Create, 0600));
  if (auto locked = lock->lock(); !locked) {
    return fail(ErrorCode::Conflict,
                "another agent runs with the state folder " + state.path + ": end that one first");
  }
  FARHOLM_CHECK(check_state_claim(world.files, state, options.simulated));
  FARHOLM_TRY(auto root, open_root(world.files, state, options.root_path));
  FARHOLM_TRY(auto identity, open_identity(world.files, world.entropy, state.identity()));
  std::string machine = options.machine_id;
  if (machine.empty()) {
    FARHOLM_TRY(machine, machine_id(world.files, options.sysroot));
  }
  auto implementation =
      std::make_unique<Implementation>(world, std::move(log), std::move(options), std::move(lock),
                                       std::move(root), std::move(identity), std::move(machine));
  FARHOLM_CHECK(implementation->start());
  return std::unique_ptr<Agent>(new Agent(std::move(implementation)));
}

Agent::Agent(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Agent::~Agent() = default;
io::Task<void> Agent::run() {
  return implementation_->run();
}
Result<Acceptance> Agent::offer_plan(std::string_view envelope) {
  return implementation_->offer(envelope);
}
void Agent::set_hub(std::function<bool()> connected) {
  implementation_->set_hub(std::move(connected));
}
void Agent::add_source(content::BlobSource& source) {
  implementation_->add_source(source);
}
io::Task<Result<std::string>> Agent::fetch_small(std::string digest, std::uint64_t limit_bytes) {
  return implementation_->fetch_small(std::move(digest), limit_bytes);
}
json::Value Agent::report() const {
  return implementation_->report();
}
io::Event& Agent::report_changed() {
  return implementation_->report_changed();
}
EventJournal& Agent::events() {
  return implementation_->events();
}
bool Agent::settled() const {
  return implementation_->settled();
}

}  // namespace farholm::agent
