#include "sim/site.h"

#include <fmt/format.h>

#include <utility>

#include "agent/control_server.h"
#include "agent/hold.h"
#include "crypto/checked_file.h"
#include "io/scope.h"
#include "trust/plan_acceptance.h"

namespace farholm::sim {
namespace {

// A look at everything, and what follows from it.
constexpr io::Duration kNoticedAfter = std::chrono::minutes(3);
constexpr std::uint64_t kFileBytesMax = 1 << 20;
// The new file is made, written and flushed, and takes its place, which is flushed.
constexpr std::uint64_t kAtomicWriteOperations = 5;
// A clock that is further off must not be believed.
constexpr io::Duration kPlausibleError = std::chrono::hours(24 * 365);
// What the hub says of the time is so old when it arrives, at most.
constexpr io::Duration kMessageTime = std::chrono::minutes(1);
// Far beyond what a site of this size needs.
constexpr std::uint64_t kStateBytesMax = 8 << 20;
constexpr std::size_t kReportBytesMax = 64 << 10;

// How closed the gate of a site is, told from its plan and its disk by arithmetic of our own.
enum class Closed : std::uint8_t { Open, OutsideWindow, Protected };  // ever more

bool within(const std::vector<maintenance::WeeklyWindow>& windows, io::WallTime now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  for (const auto& window : windows)
    for (const auto began : {day, day - std::chrono::days(1)}) {
      const auto weekday = std::chrono::weekday(began).iso_encoding() - 1;  // 0: Monday
      if ((window.days >> weekday & 1U) == 0) continue;
      const auto length = window.end > window.start ? window.end - window.start
                                                    : window.end - window.start + std::chrono::hours(24);
      if (now >= began + window.start && now < began + window.start + length) return true;
    }
  return false;
}

Closed closed_at(const profile::SitePlan& plan, io::WallTime now) {
  if (!plan.maintenance) return Closed::Open;
  if (within(plan.maintenance->protected_hours, now)) return Closed::Protected;
  const auto& windows = plan.maintenance->update_windows;
  return windows.empty() || within(windows, now) ? Closed::Open : Closed::OutsideWindow;
}

}  // namespace

Site::Site(io::sim::SimWorld& world, Ledger& ledger, News& news, int number, bool aloud)
    : world_(world),
      ledger_(ledger),
      news_(news),
      name_(fmt::format("store-{}", number)),
      sink_(world, name_, aloud),
      machine_(world.add_machine(name_)),
      workload_(world.loop(), machine_),
      program_(world.loop(), machine_, [this] { return run(); }) {
  workload_.on_apply = [this](const auto& layer, const auto& fingerprint) {
    before_apply(layer, fingerprint);
  };
  workload_.on_remove = [this](const auto& layer) { before_remove(layer); };
}

io::Task<void> Site::run() {
  agent::TimeKeeper time(world_.loop(), machine_.files(), machine_.clock(), state_.time(), log_);
  io::sim::SimSecureChannels channels(time.clock());
  const auto world = io::with_clock(machine_.world(channels), time.clock());
  const agent::UplinkOptions uplink_options{
      .state = state_,
      .hub = "hub:8443",
      .token = token_,
      .machine_id = name_,
      .sysroot = {},
      .time = &time,
      .inventory = [] { return json::Value{{"capacity", {{"cpus", 4}}}}; }};
  const auto root = co_await agent::obtain_root(world, log_, uplink_options, false);
  if (!root) co_return log_.error("no root: {}", root.error().to_string());
  agent::AgentOptions options;
  options.state = state_;
  options.machine_id = name_;
  options.time = &time;
  options.drivers = {{"manifests", &workload_}};
  auto agent = agent::Agent::open(world, log_, options);
  if (!agent) co_return log_.error("the agent does not start: {}", agent.error().to_string());
  agent::Uplink uplink(world, log_, **agent, uplink_options);
  struct Known {
    agent::Agent*& place;
    ~Known() { place = nullptr; }
  } known{agent_};
  agent_ = agent->get();
  io::Scope scope(world_.loop());
  scope.spawn((*agent)->run());
  scope.spawn(uplink.run());
  co_await scope.join();
}

void Site::check(Invariant invariant, bool holds, const std::function<std::string()>& message) {
  ledger_.check(invariant, holds, [&] { return name_ + ": " + message(); });
}

void Site::disturb(io::Duration time) {
  disturbed_until_ = std::max(disturbed_until_, world_.time().monotonic() + time + kNoticedAfter);
  at_rest_.clear();
}

void Site::spoil() {
  news_.spoilt(name_);
  spoilt_ = true;
  read_at_ = {};
  given_up_.clear();
  at_rest_.clear();
}

bool Site::calm() const {
  return world_.time().monotonic() >= disturbed_until_;
}

io::Task<void> Site::retry() {
  given_up_.clear();
  disturb();
  const auto said = co_await agent::retry_at_agent(machine_.world(), state_.socket());
  ledger_.tell(fmt::format("{}: retry: {}", name_, said ? *said : said.error().to_string()));
}

void Site::read_disk() {
  const std::pair now(machine_.files().boundaries() + 1, program_.starts());
  if (!machine_.files().powered() || std::exchange(read_at_, now) == now) return;
  read_plan(state_.plan(), accepted_);
  read_plan(state_.good_plan(), good_);
  read_journal();
  read_events();
}

void Site::read_plan(const std::string& path, std::optional<Plan>& plan) {
  const auto text = crypto::read_checked_file(machine_.files(), path, kFileBytesMax);
  if (text && *text && plan && plan->text == **text) return;
  plan.reset();
  const auto root_text = io::read_file(machine_.files(), state_.root(), kFileBytesMax);
  if (!text || !*text || !root_text) return;
  const auto root = trust::Root::parse(*root_text);
  if (!root) return;
  const auto verified = trust::verify_plan_envelope(*root, **text);
  if (!verified) return;
  auto parsed = profile::parse_plan(verified->payload);
  if (!parsed) return;
  plan = Plan{
      .text = **text, .plan = std::move(*parsed), .digest = verified->digest.to_string(), .fingerprints = {}};
  for (const auto& layer : plan->plan.layers)
    plan->fingerprints[layer.name] = profile::layer_fingerprint(plan->plan, layer);
}

void Site::read_journal() {
  rolled_back_.clear();
  const auto text = crypto::read_checked_file(machine_.files(), state_.journal(), kFileBytesMax);
  if (!text || !*text) return;
  const auto journal = json::parse(**text);
  const auto* given_up = journal ? json::find_object(*journal, "givenUp") : nullptr;
  if (given_up == nullptr || json::find_bool(*given_up, "hold").value_or(false)) return;
  rolled_back_ = json::string_or(*given_up, "plan");
}

void Site::read_events() {
  const auto text = io::read_file_if_exists(machine_.files(), state_.events(), kFileBytesMax);
  if (text && *text) news_.at_site(name_, **text);
}

void Site::before_apply(const std::string& layer, const std::string& fingerprint) {
  ledger_.tell(fmt::format("{}: applies {} {}", name_, layer, fingerprint.substr(7, 8)));
  read_disk();
  const auto says = [&](const std::optional<Plan>& plan) {
    if (!plan) return false;
    const auto found = plan->fingerprints.find(layer);
    return found != plan->fingerprints.end() && found->second == fingerprint;
  };
  check(Invariant::RunsOnlyAcceptedPlans, says(accepted_) || says(good_),
        [&] { return fmt::format("{} is applied as no plan says that it accepted", layer); });
  const auto rests = at_rest_.find(layer);
  check(Invariant::EqualLayersAreLeftAlone, rests == at_rest_.end() || rests->second != fingerprint,
        [&] { return fmt::format("{} is applied again, although nothing happened to it", layer); });
  check_given_up(layer, says(accepted_) && !says(good_));
  check_gate(layer, fingerprint);
  at_rest_.erase(layer);
}

void Site::before_remove(const std::string& layer) {
  ledger_.tell(fmt::format("{}: removes {}", name_, layer));
  read_disk();
  const bool in_now = accepted_ && accepted_->fingerprints.contains(layer);
  const bool in_before = good_ && good_->fingerprints.contains(layer);
  check(Invariant::RunsOnlyAcceptedPlans,
        (accepted_ || good_) && !((in_now || !accepted_) && (in_before || !good_)),
        [&] { return layer + " is removed, although its plans have it"; });
  check_given_up(layer, !in_now && in_before);
  check_gate(layer, "");
  at_rest_.erase(layer);
}

void Site::check_given_up(const std::string& what, bool of_accepted_only) {
  if (!accepted_ || given_up_.empty() || given_up_ != accepted_->digest) return;
  check(Invariant::GivenUpStaysGivenUp, !of_accepted_only,
        [&] { return fmt::format("{} is changed as the plan says that was given up", what); });
}

// Of a layer that serves somebody, and is healthy: nothing may interrupt it.
void Site::check_gate(const std::string& layer, const std::string& fingerprint) {
  const auto found = workload_.layers().find(layer);
  if (!accepted_ || found == workload_.layers().end()) return;
  const auto& is = found->second;
  if (!is.serves || is.fingerprint == fingerprint || workload_.health(is) != driver::Health::Healthy) return;
  const auto clock = machine_.clock().now();
  const auto at = [&](io::WallTime time) {
    const bool held = agent::read_hold(machine_.files(), state_.hold(), time).has_value();
    return held ? Closed::Protected : closed_at(accepted_->plan, time);
  };
  // By its own clock, and by the hub's, which it may believe instead, give or take.
  const auto truth = world_.time().now();
  auto closed = std::min(at(truth - kMessageTime), at(truth + kMessageTime));
  if (std::chrono::abs(clock - truth) < kPlausibleError) closed = std::min(closed, at(clock));
  check(Invariant::GateIsHeeded, closed != Closed::Protected,
        [&] { return layer + " is interrupted on hold, or in protected hours"; });
  const bool forward = good_ && good_->digest != accepted_->digest && runs(*good_);
  check(Invariant::GateIsHeeded, closed == Closed::Open || !forward,
        [&] { return layer + " is changed outside the update windows"; });
}

bool Site::runs(const Plan& plan) const {
  const auto& layers = workload_.layers();
  if (layers.size() != plan.fingerprints.size()) return false;
  for (const auto& [name, fingerprint] : plan.fingerprints) {
    const auto found = layers.find(name);
    if (found == layers.end() || !found->second.complete || found->second.fingerprint != fingerprint)
      return false;
  }
  return true;
}

void Site::check() {
  if (!machine_.files().powered()) return;
  read_disk();
  const auto* now = accepted_ ? &*accepted_ : nullptr;
  if (now != nullptr) {
    const auto number = std::pair(now->plan.epoch, now->plan.generation);
    const auto known = std::pair(epoch_, generation_);
    if (!first_) first_ = accepted_;
    check(Invariant::PlansOnlyGetNewer, now->plan.site_name == name_,
          [&] { return "it follows the plan of " + now->plan.site_name; });
    check(Invariant::PlansOnlyGetNewer, number > known || (number == known && now->digest == digest_), [&] {
      return fmt::format("the plan ({}, {}) stands where ({}, {}) was accepted", number.first, number.second,
                         known.first, known.second);
    });
    if (now->digest != digest_) given_up_.clear();
    std::tie(epoch_, generation_) = number;
    digest_ = now->digest;
    spoilt_ = false;
  } else if (!digest_.empty()) {
    check(Invariant::SiteKeepsWhatItAcknowledged, spoilt_, [] { return "the accepted plan is gone"; });
  }
  if (!rolled_back_.empty()) given_up_ = rolled_back_;
  check(Invariant::LimitsHold, machine_.files().used_bytes() <= kStateBytesMax,
        [&] { return fmt::format("{} bytes are on the disk", machine_.files().used_bytes()); });
  if (agent_ == nullptr || !calm()) return;
  const auto report = agent_->report();
  check(Invariant::LimitsHold, report.dump().size() <= kReportBytesMax,
        [] { return "the report has grown too large"; });
  if (now != nullptr && says_rolled_back(report, *now)) given_up_ = now->digest;
  if (now == nullptr || !agent_->settled()) return;
  check(Invariant::PlansAreNotMixed, runs(*now),
        [&] { return "it says that all is well, and " + describe(); });
  for (const auto& [layer, is] : workload_.layers()) {
    check(Invariant::ReadyIsTrue, workload_.health(is) == driver::Health::Healthy,
          [&, &name = layer] { return name + " is not healthy, and the agent says that all is"; });
    at_rest_[layer] = is.fingerprint;
  }
}

// By the agent's own words: what it wrote down may be what is wrong.
bool Site::says_rolled_back(const json::Value& report, const Plan& plan) {
  const auto name = fmt::format("({}, {})", plan.plan.epoch, plan.plan.generation);
  const auto* conditions = json::find_path(report, {"status", "conditions"});
  if (conditions == nullptr) return false;
  for (const auto& one : *conditions)
    if (json::string_or(one, "type") == "Ready" && json::string_or(one, "reason") == "RolledBack")
      return json::string_or(one, "message").find(name) != std::string::npos;
  return false;
}

bool Site::settled_at(std::int64_t generation) {
  read_disk();
  return agent_ != nullptr && accepted_ && accepted_->plan.generation == generation && agent_->settled() &&
         runs(*accepted_);
}

Site::Writes Site::writes() const {
  auto floor = io::read_file_if_exists(machine_.files(), state_.time(), kFileBytesMax);
  return {.operations = machine_.files().boundaries(), .floor = floor && *floor ? **floor : ""};
}

bool Site::is_idle_since(const Writes& before) const {
  const auto now = writes();
  const auto spare = now.floor == before.floor ? 0 : kAtomicWriteOperations;
  return now.operations <= before.operations + spare;
}

std::string Site::describe() const {
  std::string text = agent_ == nullptr ? "no agent runs" : agent_->report().dump();
  for (const auto& [name, is] : workload_.layers())
    text += fmt::format("; {} {}{}{}{}", name, is.fingerprint.substr(0, 15), is.complete ? "" : " cut off",
                        is.drifted ? " drifted" : "", is.ill ? " ill" : "");
  return text;
}

}  // namespace farholm::sim
