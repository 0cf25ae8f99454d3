#include "driver/kubernetes/kubernetes_driver.h"

#include <fmt/format.h>

#include "driver/kubernetes/cluster_view.h"
#include "driver/kubernetes/container_specs.h"
#include "driver/kubernetes/haproxy_config.h"
#include "driver/kubernetes/host_checks.h"
#include "driver/kubernetes/plan_steps.h"
#include "driver/kubernetes/registry_hosts.h"
#include "driver/kubernetes/site_names.h"
#include "driver/kubernetes/step_runner.h"
#include "io/scope.h"

namespace farholm::driver::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookAgain = 1s;      // when only waiting helps, or a step changed nothing
constexpr int kRegistryPort = 5000;  // docs/formats/plan.md

}  // namespace

class KubernetesDriver::Implementation {
 public:
  Implementation(const Parts& parts, KubernetesDriverOptions options)
      : parts_(parts), options_(std::move(options)), changed_(parts.loop) {}

  io::Event& changed() { return changed_; }
  const std::vector<SiteListener>& listeners() const { return listeners_; }
  docker::Engine& engine() { return parts_.engine; }

  io::Task<Result<Observation>> observe(SiteContext site, Layer layer) {
    FARHOLM_CO_TRY(const auto settings, read_settings(site, layer.spec));
    FARHOLM_CO_CHECK(load());
    // What settling would change is a deviation; it is made, and journalled, by apply.
    ClusterJournal journal = journal_;
    const bool pulls = site.pulls_allowed.value_or(journal.pulls_allowed);
    FARHOLM_CO_TRY(const auto observed, co_await observe_cluster(parts_.loop, parts_.engine, settings,
                                                                 journal, pulls || journal.pulls_allowed));
    listeners_ = listeners_of(settings, observed);
    if (!journal.secrets) co_return Observation{Health::Absent, "", "the cluster has not been made yet"};
    const auto changes = settle_roster(journal, settings, volumes_of(observed), parts_.entropy);
    if (!changes.empty()) co_return Observation{Health::Drifted, journal.fingerprint, changes.front(), true};
    FARHOLM_CO_TRY(const auto desired, co_await desired_containers(settings, journal, pulls));
    FARHOLM_CO_TRY(const auto plan, plan_steps(settings, journal, desired, observed));
    if (!plan.steps.empty())
      co_return Observation{Health::Drifted, journal.fingerprint, plan.steps.front().reason,
                            std::ranges::none_of(plan.steps, &Step::interrupts)};
    if (!plan.waiting_for.empty())
      co_return Observation{Health::Drifted, journal.fingerprint, "waits for " + plan.waiting_for, true};
    if (journal.fingerprint != layer.fingerprint)
      co_return Observation{Health::Drifted, journal.fingerprint,
                            "the layer has not been applied completely"};
    co_return judge_nodes(journal, observed);
  }

  io::Task<Result<void>> apply(SiteContext site, Layer layer, Progress progress) {
    const auto limit = options_.apply_limit;
    co_return co_await io::with_deadline<void>(
        parts_.loop, limit, "The cluster was not brought up",
        bring_up(std::move(site), std::move(layer), std::move(progress)));
  }

  io::Task<Result<void>> remove(SiteContext site, Progress progress) {
    ClusterSettings settings;
    settings.site_name = site.site_name;
    settings.site_uid = site.site_uid;
    const std::string label = site_label(settings.site_uid);
    FARHOLM_CO_TRY(auto containers, co_await parts_.engine.list_containers(label));
    for (const auto& container : containers) {
      if (progress) progress("removing " + container.name);
      FARHOLM_CO_CHECK(co_await parts_.engine.remove_container(container.name));
    }
    FARHOLM_CO_TRY(auto volumes, co_await parts_.engine.list_volumes(label));
    for (const auto& volume : volumes) FARHOLM_CO_CHECK(co_await parts_.engine.remove_volume(volume.name));
    FARHOLM_CO_CHECK(co_await parts_.engine.remove_network(network_name(settings)));
    // The keys go last: until everything that was built on them is gone they are needed to look after it.
    journal_ = ClusterJournal();
    loaded_ = true;
    administrator_.reset();
    co_return save();
  }

  Result<ClusterAccess> access() {
    FARHOLM_CHECK(load());
    if (!journal_.secrets || journal_.api_port == 0)
      return fail(ErrorCode::NotFound,
                  "The site has no cluster yet: its keys are made when it is first applied");
    if (!administrator_) {
      FARHOLM_TRY(administrator_, issue_administrator(*journal_.secrets, "farholm-agent", parts_.entropy));
    }
    return ClusterAccess{fmt::format("https://127.0.0.1:{}", journal_.api_port),
                         journal_.secrets->kubernetes.certificate_pem, administrator_->certificate_pem,
                         administrator_->key_pem};
  }

 private:
  static std::vector<std::string> volumes_of(const Observed& observed) {
    return {observed.volumes.begin(), observed.volumes.end()};
  }

  Result<void> load() {
    if (loaded_) return {};
    FARHOLM_TRY(const auto document, parts_.state.load());
    if (document) {
      FARHOLM_TRY(journal_, cluster_journal_from_json(*document));
    }
    loaded_ = true;
    return {};
  }
  Result<void> save() { return parts_.state.save(to_json(journal_)); }

  io::Task<Result<DesiredContainers>> desired_containers(const ClusterSettings& settings,
                                                         const ClusterJournal& journal, bool pulls) {
    FARHOLM_CO_TRY(const auto images,
                   co_await parts_.images.cluster_images(settings.bundle, settings.version));
    if (capabilities_.empty()) {
      FARHOLM_CO_TRY(capabilities_, parts_.host.capabilities());
    }
    NodeHost host{options_.volumes_folder, options_.registry, options_.nameservers, capabilities_};
    if (host.registry.empty()) host.registry = fmt::format("http://{}:{}", settings.gateway, kRegistryPort);
    DesiredContainers desired;
    if (pulls || journal.pulls_allowed) desired.registry_hosts = render_registry_hosts(host.registry, pulls);
    desired.etcd = etcd_spec(settings, images.etcd);
    desired.haproxy = haproxy_spec(settings, images.haproxy);
    desired.haproxy_config = render_haproxy_config(settings);
    for (const JournalNode& node : journal.nodes)
      if (!node.retired) desired.nodes.emplace(node.name, node_spec(settings, node, images.node, host));
    co_return desired;
  }

  // What must be so before anything is made.
  io::Task<Result<void>> check_host(const ClusterSettings& settings) {
    FARHOLM_CO_CHECK(co_await parts_.engine.info());
    // Asked each time: the engine may have been started with others since.
    FARHOLM_CO_TRY(capabilities_, parts_.host.capabilities());
    FARHOLM_CO_CHECK(check_capabilities(capabilities_));
    if (!journal_.version.empty() && journal_.version != settings.version)
      co_return fail(
          ErrorCode::Invalid,
          fmt::format("The site runs Kubernetes {} and its plan wants {}: this agent cannot change the "
                      "version of a cluster yet; plan {}",
                      journal_.version, settings.version, journal_.version));
    if (journal_.secrets) co_return Result<void>{};
    const std::string label = site_label(settings.site_uid);
    FARHOLM_CO_TRY(const auto containers, co_await parts_.engine.list_containers(label));
    FARHOLM_CO_TRY(const auto volumes, co_await parts_.engine.list_volumes(label));
    if (!containers.empty() || !volumes.empty())
      co_return fail(
          ErrorCode::Conflict,
          fmt::format("This host has containers or volumes of this site, but the keys that they were made "
                      "with are gone: restore the agent's state, or remove what is labelled {} to start "
                      "anew",
                      label));
    co_return Result<void>{};
  }

  // What must be so before these steps are taken: the network would cover another, or HAProxy's ports would
  // be found taken after the one that runs was removed.
  Result<void> check_steps(const ClusterSettings& settings, const DesiredContainers& desired,
                           const Observed& observed, const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (step.kind == StepKind::CreateNetwork) {
        FARHOLM_TRY(const auto routes, parts_.host.routes());
        FARHOLM_CHECK(check_subnet(settings, routes));
      } else if (step.kind == StepKind::CreateHaproxy) {
        const auto present = observed.containers.find(desired.haproxy.name);
        FARHOLM_CHECK(check_ports(
            desired.haproxy, present == observed.containers.end() ? nullptr : &present->second, parts_.host));
      }
    }
    return {};
  }

  Result<void> prepare_journal(const ClusterSettings& settings) {
    if (journal_.secrets && journal_.version == settings.version && journal_.api_port == settings.api_port)
      return {};
    if (!journal_.secrets) {
      FARHOLM_TRY(journal_.secrets, make_cluster_secrets(parts_.entropy));
    }
    journal_.version = settings.version;
    journal_.api_port = settings.api_port;
    return save();
  }

  io::Task<Result<void>> bring_up(SiteContext site, Layer layer, Progress progress) {
    FARHOLM_CO_TRY(const auto settings, read_settings(site, layer.spec));
    FARHOLM_CO_CHECK(load());
    FARHOLM_CO_CHECK(co_await check_host(settings));
    FARHOLM_CO_CHECK(prepare_journal(settings));
    const bool pulls = site.pulls_allowed.value_or(journal_.pulls_allowed);
    if (pulls && !journal_.pulls_allowed) {
      journal_.pulls_allowed = true;
      FARHOLM_CO_CHECK(save());
    }
    std::vector<Step> last_steps;
    std::string last_wait;
    for (;;) {
      FARHOLM_CO_TRY(const auto observed, co_await observe_cluster(parts_.loop, parts_.engine, settings,
                                                                   journal_, journal_.pulls_allowed));
      const auto changes = settle_roster(journal_, settings, volumes_of(observed), parts_.entropy);
      if (!changes.empty()) FARHOLM_CO_CHECK(save());
      if (progress)
        for (const std::string& change : changes) progress(change);
      FARHOLM_CO_TRY(const auto desired, co_await desired_containers(settings, journal_, pulls));
      FARHOLM_CO_TRY(auto plan, plan_steps(settings, journal_, desired, observed));
      if (plan.done()) break;
      if (plan.steps.empty()) {
        if (progress && plan.waiting_for != last_wait) progress("waiting for " + plan.waiting_for);
        last_wait = plan.waiting_for;
        co_await parts_.loop.sleep(kLookAgain);
        continue;
      }
      // The same steps again: what they do does not show (a container that ends as soon as it is started).
      if (plan.steps == last_steps) co_await parts_.loop.sleep(kLookAgain);
      last_steps = plan.steps;
      FARHOLM_CO_CHECK(check_steps(settings, desired, observed, plan.steps));
      FARHOLM_CO_CHECK(co_await take_round(settings, desired, observed, std::move(plan.steps), progress));
    }
    const bool told_all = !pulls && journal_.pulls_allowed;
    if (told_all) journal_.pulls_allowed = false;
    if (journal_.fingerprint == layer.fingerprint && !told_all) co_return Result<void>{};
    journal_.fingerprint = layer.fingerprint;
    co_return save();
  }

  io::Task<Result<void>> take_round(const ClusterSettings& settings, const DesiredContainers& desired,
                                    const Observed& observed, std::vector<Step> steps, Progress progress) {
    const std::string container = api_container(journal_, observed);
    KubectlNodeApi api(parts_.engine, container);
    StepWorld world{parts_.loop,
                    parts_.entropy,
                    parts_.engine,
                    settings,
                    desired,
                    journal_,
                    [this] { return save(); },
                    &api,
                    container,
                    std::move(progress)};
    StepRunner runner(world);
    co_return co_await runner.run(std::move(steps));
  }

  Parts parts_;
  KubernetesDriverOptions options_;
  io::Event changed_;
  ClusterJournal journal_;
  std::vector<std::string> capabilities_;  // of which nodes are given those that they want
  std::vector<SiteListener> listeners_;
  bool loaded_ = false;
  std::optional<KeyPair> administrator_;
};

KubernetesDriver::KubernetesDriver(const Parts& parts, KubernetesDriverOptions options)
    : implementation_(std::make_unique<Implementation>(parts, std::move(options))) {}
KubernetesDriver::~KubernetesDriver() = default;

io::Task<Result<Observation>> KubernetesDriver::observe(const SiteContext& site, const Layer& layer) {
  return implementation_->observe(site, layer);
}
io::Task<Result<void>> KubernetesDriver::apply(const SiteContext& site, const Layer& layer,
                                               Progress progress) {
  return implementation_->apply(site, layer, std::move(progress));
}
io::Task<Result<void>> KubernetesDriver::remove(const SiteContext& site, const std::string&,
                                                Progress progress) {
  return implementation_->remove(site, std::move(progress));
}
io::Event& KubernetesDriver::changed() {
  return implementation_->changed();
}
io::Task<void> KubernetesDriver::watch(std::string site_uid) {
  return implementation_->engine().watch(site_label(site_uid), implementation_->changed());
}
const std::vector<SiteListener>& KubernetesDriver::listeners() const {
  return implementation_->listeners();
}
Result<ClusterAccess> KubernetesDriver::access() const {
  return implementation_->access();
}

// What is there does not say which layer made it; every plan that has a cluster has had it from the first.
io::Task<Result<std::vector<std::string>>> KubernetesDriver::layers(const SiteContext&) {
  co_return std::vector<std::string>();
}

}  // namespace farholm::driver::kubernetes
