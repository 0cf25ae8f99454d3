#include "hub/reconciler.h"

#include <algorithm>

#include "hub/conditions.h"
#include "hub/resources.h"
#include "hub/site_status.h"
#include "hub/tokens.h"
#include "object/metadata.h"
#include "object/selector.h"
#include "profile/site.h"

namespace farholm::hub {
namespace {

const json::Value* part(const store::EntryRef& entry, const char* member) {
  return entry == nullptr ? nullptr : json::find(entry->value, member);
}
bool differs(const json::Value* a, const json::Value* b) {
  return (a == nullptr) != (b == nullptr) || (a != nullptr && *a != *b);
}

// What of a host a site looks at.
json::Value seen_by_sites(const store::EntryRef& host) {
  if (host == nullptr) return nullptr;
  const auto* labels = object::labels_of(host->value);
  return {{"labels", labels ? *labels : json::Value()},
          {"mayJoin", may_join(host->value)},
          {"phase", status_text(host->value, "phase")},
          {"sealingKey", status_text(host->value, "sealingKey")},
          {"machineID", status_text(host->value, "machineID")}};
}

bool selects(const store::Entry& site, const store::EntryRef& host) {
  const auto* selector_json = json::find_path(site.value, {"spec", "hosts", "selector"});
  if (host == nullptr || selector_json == nullptr) return false;
  const auto selector = object::LabelSelector::from_json(*selector_json);
  return selector && !selector->empty() && selector->matches_object(host->value);
}

// A write of EdgeHost.status.site; "" for none.
store::Write assign(store::Key host, std::string site) {
  return {std::move(host), [site = std::move(site)](const store::Entry* current) -> Result<store::Change> {
            if (current == nullptr) return store::Change::keep();
            json::Value changed = current->value;
            if (site.empty())
              changed["status"].erase("site");
            else
              changed["status"]["site"] = site;
            return store::Change::put(std::move(changed));
          }};
}

}  // namespace

Reconciler::Reconciler(Parts parts)
    : parts_(std::move(parts)), queued_(parts_.world.loop), scope_(parts_.world.loop) {}

io::Task<void> Reconciler::run() {
  const auto start = [this](std::string_view resource, void (Reconciler::*handler)(const store::Event&)) {
    scope_.spawn(follow(std::string(resource),
                        [this, handler](const store::Event& event) { (this->*handler)(event); }));
  };
  // Hosts and plans first: the others find their way by them.
  start(kHosts, &Reconciler::host_event);
  start(kPlans, &Reconciler::plan_event);
  start(kSites, &Reconciler::site_event);
  start(kProfiles, &Reconciler::profile_event);
  start(kMaintenancePolicies, &Reconciler::maintenance_event);
  start(kSecrets, &Reconciler::secret_event);
  start(kReports, &Reconciler::report_event);
  scope_.spawn(judge_tokens());
  scope_.spawn(after_start());
  while (true) {
    co_await queued_.wait();
    queued_.clear();
    while (!queue_.empty()) {
      const auto key = *queue_.begin();
      queue_.erase(queue_.begin());
      auto done = co_await reconcile(key);
      if (done) continue;
      parts_.log.warning("{} {}/{}: {}; trying again", key.resource, key.name_space, key.name,
                         done.error().to_string());
      if (retried_.insert(key).second) scope_.spawn(retry(key));
    }
  }
}

io::Task<void> Reconciler::follow(std::string resource, std::function<void(const store::Event&)> on_event) {
  while (true) {
    const auto listed = parts_.store.list(resource, {});
    if (listed) {
      for (const auto& entry : listed->entries)
        on_event(
            {.type = store::Event::Type::Added, .revision = entry->revision, .entry = entry, .previous = {}});
      auto watch = parts_.store.watch({.resource = resource, .after_revision = listed->revision});
      while (watch) {
        auto events = co_await (*watch)->next();
        if (!events) break;  // fell behind: look at everything
        for (const auto& event : *events) on_event(*event);
      }
    }
    co_await parts_.world.loop.sleep(std::chrono::seconds(1));
  }
}

void Reconciler::enqueue(store::Key key) {
  queue_.insert(std::move(key));
  queued_.set();
}

void Reconciler::enqueue_sites(const std::function<bool(const store::Entry&)>& which,
                               std::optional<std::string> name_space) {
  const auto sites = parts_.store.list(kSites, {.name_space = std::move(name_space)});
  if (!sites) return;
  for (const auto& site : sites->entries)
    if (which(*site)) enqueue(site->key);
}

void Reconciler::presence_changed(const std::string& uid) {
  if (const auto host = parts_.directory.by_uid(uid)) enqueue(host->key);
}

void Reconciler::host_event(const store::Event& event) {
  const auto& key = event.entry->key;
  parts_.directory.update(key);
  const bool gone = event.type == store::Event::Type::Deleted;
  if (gone) {
    parts_.gateway.drop(object::uid_of(event.entry->value));
  } else if (differs(part(event.entry, "spec"), part(event.previous, "spec"))) {
    enqueue(key);
  }
  const store::EntryRef now = gone ? nullptr : event.entry;
  const store::EntryRef before = gone ? event.entry : event.previous;
  if (seen_by_sites(now) == seen_by_sites(before)) return;
  const auto site = status_text(event.entry->value, "site");
  enqueue_sites(
      [&](const store::Entry& one) {
        return one.key.name == site || selects(one, now) || selects(one, before);
      },
      key.name_space);
}

void Reconciler::site_event(const store::Event& event) {
  if (event.type == store::Event::Type::Modified &&
      !differs(part(event.entry, "spec"), part(event.previous, "spec")))
    return;
  enqueue(event.entry->key);
}

void Reconciler::plan_event(const store::Event& event) {
  const auto now =
      event.type == store::Event::Type::Deleted ? std::nullopt : read_plan_record(event.entry->value);
  const auto before = event.previous ? read_plan_record(event.previous->value)
                      : now          ? std::nullopt
                                     : read_plan_record(event.entry->value);
  if (before)
    for (const auto& [uid, key] : before->hosts)
      if (!now || !now->hosts.contains(uid)) parts_.gateway.forget(uid);
  if (now)
    for (const auto& [uid, key] : now->hosts) parts_.gateway.want(uid, *now);
}

void Reconciler::secret_event(const store::Event& event) {
  const auto& key = event.entry->key;
  enqueue_sites(
      [&](const store::Entry& site) {
        const auto* spec = json::find_object(site.value, "spec");
        if (spec == nullptr) return false;
        const auto read = profile::read_site_spec(*spec);
        return std::any_of(read.variables.begin(), read.variables.end(), [&](const auto& one) {
          return one.second.secret && one.second.secret->name == key.name;
        });
      },
      key.name_space);
}

void Reconciler::report_event(const store::Event& event) {
  const auto host = parts_.directory.by_uid(event.entry->key.name);
  if (host == nullptr) return;
  if (!says_the_same(report_of(event.entry), report_of(event.previous))) enqueue(host->key);
  const auto site = status_text(host->value, "site");
  if (!site.empty()) enqueue(key_of(kSites, host->key.name_space, site));
}

void Reconciler::profile_event(const store::Event& event) {
  const auto& key = event.entry->key;
  enqueue_sites([&](const store::Entry& site) {
    const auto* profile = json::find_path(site.value, {"spec", "profile"});
    return profile != nullptr && json::string_or(*profile, "name") == key.name &&
           json::string_or(*profile, "namespace", site.key.name_space) == key.name_space;
  });
}

void Reconciler::maintenance_event(const store::Event& event) {
  const auto& key = event.entry->key;
  enqueue_sites(
      [&](const store::Entry& site) {
        const auto* policy = json::find_path(site.value, {"spec", "maintenancePolicy"});
        return policy != nullptr && json::string_or(*policy, "name") == key.name;
      },
      key.name_space);
}

io::Task<Result<void>> Reconciler::reconcile(store::Key key) {
  if (key.resource == kHosts) co_return co_await reconcile_host(std::move(key));
  co_return co_await reconcile_site(std::move(key));
}

io::Task<Result<void>> Reconciler::reconcile_host(store::Key key) {
  const auto host = parts_.store.get(key);
  if (host == nullptr) co_return Result<void>();
  const auto uid = object::uid_of(host->value);
  if (!may_join(host->value)) parts_.gateway.drop(uid);
  const auto presence = parts_.gateway.presence(uid);
  const auto report = report_of(parts_.store.get(key_of(kReports, "", uid)));
  const auto now = parts_.world.clock.now();
  auto written = co_await store::mutate(
      parts_.store, key, [presence, &report, now](const store::Entry* current) -> Result<store::Change> {
        if (current == nullptr) return store::Change::keep();
        json::Value changed = current->value;
        judge_host(changed, presence, now);
        judge_report(changed, report, now);
        return store::Change::put(std::move(changed));
      });
  if (!written) co_return std::unexpected(std::move(written).error());
  co_return Result<void>();
}

io::Task<Result<void>> Reconciler::release_site(store::Key key) {
  std::vector<store::Write> writes;
  writes.push_back(
      {key_of(kPlans, key.name_space, key.name), [](const store::Entry* current) -> Result<store::Change> {
         return current == nullptr ? store::Change::keep() : store::Change::remove();
       }});
  FARHOLM_CO_TRY(const auto hosts, parts_.store.list(kHosts, {.name_space = key.name_space}));
  for (const auto& host : hosts.entries)
    if (status_text(host->value, "site") == key.name) writes.push_back(assign(host->key, ""));
  auto done = co_await parts_.store.commit(std::move(writes));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Result<void>();
}

io::Task<Result<void>> Reconciler::reconcile_site(store::Key key) {
  const auto site = parts_.store.get(key);
  if (site == nullptr) co_return co_await release_site(std::move(key));
  SiteFacts facts;
  facts.paused = json::find_bool(*json::find_object(site->value, "spec"), "paused").value_or(false);
  const auto before = parts_.planner.planned(*site);
  std::optional<PlannedSite> planned = before;
  if (!facts.paused) {
    auto made = parts_.planner.plan(*site);
    if (made)
      planned = std::move(*made);
    else
      facts.problem = std::move(made).error();
  }
  std::vector<store::Write> writes;
  std::set<store::Key> chosen;
  if (planned) {
    facts.record = &planned->record;
    facts.plan = &planned->plan;
    facts.listeners = parts_.planner.listeners_of(planned->plan);
    for (const auto& host : planned->hosts) {
      facts.hosts.push_back(
          {.name = host->key.name,
           .connected = status_text(host->value, "phase") == "Connected",
           .report = report_of(parts_.store.get(key_of(kReports, "", object::uid_of(host->value))))});
      chosen.insert(host->key);
      writes.push_back(assign(host->key, key.name));
    }
    if (!before || before->record != planned->record) {
      writes.push_back({key_of(kPlans, key.name_space, key.name),
                        [record = to_json(planned->record)](const store::Entry*) -> Result<store::Change> {
                          return store::Change::put(record);
                        }});
      parts_.log.info("site {}/{}: plan {}.{} for {} hosts", key.name_space, key.name, planned->record.epoch,
                      planned->record.generation, planned->hosts.size());
    }
  }
  FARHOLM_CO_TRY(const auto hosts, parts_.store.list(kHosts, {.name_space = key.name_space}));
  for (const auto& host : hosts.entries)
    if (status_text(host->value, "site") == key.name && !chosen.contains(host->key))
      writes.push_back(assign(host->key, ""));
  const bool was_planned = condition_status(site->value, "Planned") == "True";
  writes.push_back({key,
                    [&facts, now = parts_.world.clock.now(), uid = object::uid_of(site->value)](
                        const store::Entry* current) -> Result<store::Change> {
                      if (current == nullptr || object::uid_of(current->value) != uid)
                        return store::Change::keep();
                      json::Value changed = current->value;
                      judge_site(changed, facts, now);
                      return store::Change::put(std::move(changed));
                    }});
  auto done = co_await parts_.store.commit(std::move(writes));
  if (!done) co_return std::unexpected(std::move(done).error());
  if (facts.problem && was_planned) {
    auto recorded = co_await parts_.events.record(site->value, apiserver::EventType::Warning, "NotPlanned",
                                                  facts.problem->to_string());
    if (!recorded) parts_.log.warning("{}", recorded.error().to_string());
  }
  // What is wrong with the wish is for the operator; what is wrong with the disk may pass.
  if (facts.problem && facts.problem->code == ErrorCode::ServiceUnavailable)
    co_return std::unexpected(std::move(*facts.problem));
  co_return Result<void>();
}

io::Task<void> Reconciler::retry(store::Key key) {
  co_await parts_.world.loop.sleep(kRetryInterval);
  retried_.erase(key);
  enqueue(std::move(key));
}

io::Task<void> Reconciler::judge_tokens() {
  while (true) {
    const auto now = parts_.world.clock.now();
    if (const auto tokens = parts_.store.list(kTokens, {})) {
      for (const auto& token : tokens->entries) {
        json::Value judged = token->value;
        judge_token_status(judged, now);
        if (judged == token->value) continue;
        auto written = co_await store::mutate(parts_.store, token->key,
                                              [now](const store::Entry* current) -> Result<store::Change> {
                                                if (current == nullptr) return store::Change::keep();
                                                json::Value changed = current->value;
                                                judge_token_status(changed, now);
                                                return store::Change::put(std::move(changed));
                                              });
        if (!written) parts_.log.warning("{}", written.error().to_string());
      }
    }
    co_await parts_.world.loop.sleep(kTokenInterval);
  }
}

// Hosts that were connected before the hub ended, and did not come back.
io::Task<void> Reconciler::after_start() {
  co_await parts_.world.loop.sleep(kStartGrace + std::chrono::seconds(1));
  const auto hosts = parts_.store.list(kHosts, {});
  if (!hosts) co_return;
  for (const auto& host : hosts->entries)
    if (status_text(host->value, "phase") == "Connected") enqueue(host->key);
}

}  // namespace farholm::hub
