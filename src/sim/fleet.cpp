#include "sim/fleet.h"

#include <fmt/format.h>

#include <memory>

#include "hub/resources.h"
#include "io/scope.h"
#include "sim/attacker.h"
#include "sim/people.h"
#include "sim/trouble.h"

namespace farholm::sim {
namespace {

using namespace std::chrono_literals;

constexpr io::Duration kCheckPause = 5min;
constexpr io::Duration kStartPatience = 1h;
// Longer than a plan may take, its rollback, the plan that mends it, and every pause between attempts.
constexpr io::Duration kConvergeWithin = 6h;
constexpr io::Duration kIdleTime = 12h;

class Fleet {
 public:
  explicit Fleet(const FleetOptions& options) : options_(options), world_(options.seed) {
    for (int i = 1; i <= options.sites; ++i)
      sites_.push_back(std::make_unique<Site>(world_, ledger_, news_, i, options.log));
  }

  FleetReport run() {
    io::Scope programs(world_.loop());
    programs.spawn(hub_.live());
    if (begin()) {
      for (const auto& site : sites_) programs.spawn(site->live());
      live();
      end();
    }
    programs.clear();
    return report();
  }

 private:
  bool begin() {
    wait_until([&] { return hub_.hub() != nullptr; }, kStartPatience);
    const auto prepared = world_.loop().run(people_.prepare());
    ledger_.check(Invariant::EverythingConverges, prepared.has_value(),
                  [&] { return "the hub does not begin: " + prepared.error().to_string(); });
    return prepared.has_value();
  }

  void live() {
    io::Scope scope(world_.loop());
    scope.spawn(people_.live());
    scope.spawn(trouble_.live());
    scope.spawn(attacker_.live());
    const auto end = world_.time().monotonic() + std::chrono::days(options_.days);
    while (world_.time().monotonic() < end && !ledger_.broken()) pass(kCheckPause);
  }

  void end() {
    if (ledger_.broken()) return;
    ledger_.tell("everything is mended");
    trouble_.mend();
    io::Scope scope(world_.loop());
    bool mended = false;
    scope.spawn([](People& people, bool& done) -> io::Task<void> {
      co_await people.mend();
      done = true;
    }(people_, mended));
    const auto all = [&] {
      if (!mended) return false;
      for (const auto& site : sites_)
        if (!converged(*site) || !site->news_arrived()) return false;
      return true;
    };
    wait_until(all, kConvergeWithin);
    ledger_.check(Invariant::EverythingConverges, mended,
                  [] { return "the hub does not take what mends the sites"; });
    for (const auto& site : sites_)
      ledger_.check(Invariant::EverythingConverges, converged(*site), [&] {
        return fmt::format("{} did not: {}; the hub says {}", site->name(), site->describe(),
                           at_hub(*site).dump());
      });
    for (const auto& site : sites_)
      ledger_.check(Invariant::EventsComeOnce, site->news_arrived(),
                    [&] { return site->name() + " has told the hub less than it wrote down"; });
    if (ledger_.broken()) return;
    std::vector<Site::Writes> writes;
    writes.reserve(sites_.size());
    for (const auto& site : sites_) writes.push_back(site->writes());
    wait_until([] { return false; }, kIdleTime);
    for (std::size_t i = 0; i < sites_.size(); ++i)
      ledger_.check(Invariant::IdleWritesNothing, sites_[i]->is_idle_since(writes[i]),
                    [&] { return sites_[i]->name() + " wrote although nothing happened"; });
  }

  json::Value at_hub(const Site& site) {
    if (hub_.hub() == nullptr) return nullptr;
    const auto entry = hub_.hub()->store().get(hub::key_of(hub::kSites, "retail", site.name()));
    return entry ? entry->value["status"] : json::Value();
  }
  // Site and hub say so, of the newest plan, and it is so.
  bool converged(Site& site) {
    const auto status = at_hub(site);
    if (!status.is_object() || hub_.hub() == nullptr) return false;
    const auto entry = hub_.hub()->store().get(hub::key_of(hub::kPlans, "retail", site.name()));
    const auto generation = entry ? json::find_integer(entry->value, "generation").value_or(0) : 0;
    const auto* followed = json::find_path(status, {"plan", "generation"});
    const auto* conditions = json::find_array(status, "conditions");
    if (followed == nullptr || *followed != generation || conditions == nullptr) return false;
    for (const auto& one : *conditions)
      if (json::string_or(one, "type") == "Ready" && json::string_or(one, "status") == "True")
        return site.settled_at(generation);
    return false;
  }

  template <class Condition>
  void wait_until(Condition condition, io::Duration patience) {
    const auto end = world_.time().monotonic() + patience;
    while (!ledger_.broken() && world_.time().monotonic() < end && !condition()) pass(1min);
  }
  void pass(io::Duration duration) {
    world_.loop().run([](io::Loop& on, io::Duration time) -> io::Task<void> { co_await on.sleep(time); }(
                                                              world_.loop(), duration));
    hub_.check();
    for (const auto& site : sites_) site->check();
  }

  FleetReport report() const {
    FleetReport result;
    result.history = world_.history().hash();
    result.events = world_.history().count();
    result.days =
        std::chrono::duration<double, std::ratio<86400>>(world_.time().monotonic().time_since_epoch())
            .count();
    for (std::size_t i = 0; i < kFaults; ++i) result.faults.push_back(ledger_.faults(static_cast<Fault>(i)));
    for (std::size_t i = 0; i < kInvariants; ++i)
      result.checks.push_back(ledger_.checks(static_cast<Invariant>(i)));
    result.broken = ledger_.broken();
    result.story = {ledger_.story().begin(), ledger_.story().end()};
    return result;
  }

  const FleetOptions options_;
  io::sim::SimWorld world_;
  Ledger ledger_{world_.time(), world_.history()};
  News news_{ledger_};
  HubMachine hub_{world_, ledger_, news_, options_.log};
  std::vector<std::unique_ptr<Site>> sites_;
  People people_{world_.loop(), Dice(options_.seed, "people"), hub_, ledger_, sites_};
  Attacker attacker_{world_.loop(), Dice(options_.seed, "attacker"), hub_, ledger_, sites_};
  Trouble trouble_{world_, Dice(options_.seed, "trouble"), hub_, ledger_, sites_};
};

}  // namespace

FleetReport simulate(const FleetOptions& options) {
  return Fleet(options).run();
}

}  // namespace farholm::sim
