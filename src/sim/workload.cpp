#include "sim/workload.h"

#include <utility>

namespace farholm::sim {
namespace {

constexpr io::Duration kApplyTime = std::chrono::seconds(8);
constexpr io::Duration kHealthyAfter = std::chrono::seconds(20);
constexpr io::Duration kSlowAfter = std::chrono::minutes(6);

// Of the layer's Deployment; nothing where it has none.
std::optional<std::string> behaviour_of(const driver::Layer& layer) {
  const auto* objects = json::find_array(layer.spec, "objects");
  if (objects == nullptr) return std::nullopt;
  for (const auto& object : *objects)
    if (json::string_or(object, "kind") == "Deployment") {
      const auto* annotations = json::find_path(object, {"spec", "template", "metadata", "annotations"});
      return annotations == nullptr ? std::string(kHealthy) : json::string_or(*annotations, kBehaviour);
    }
  return std::nullopt;
}

}  // namespace

bool Workload::drift(const std::string& layer) {
  const auto found = layers_.find(layer);
  if (found == layers_.end() || !found->second.complete) return false;
  found->second.drifted = true;
  changed_.set();
  return true;
}

bool Workload::lose(const std::string& layer) {
  if (layers_.erase(layer) == 0) return false;
  changed_.set();
  return true;
}

bool Workload::fall_ill(const std::string& layer, bool ill) {
  const auto found = layers_.find(layer);
  if (found == layers_.end() || found->second.ill == ill) return false;
  found->second.ill = ill;
  changed_.set();
  return true;
}

driver::Health Workload::health(const State& state) const {
  using driver::Health;
  if (!state.complete || state.drifted) return Health::Drifted;
  if (state.ill || state.behaviour == kCrashes) return Health::Failed;
  if (state.behaviour == kStuck || loop_.clock().monotonic() < state.healthy_at) return Health::Progressing;
  return Health::Healthy;
}

Result<void> Workload::check_power() const {
  if (machine_.files().powered()) return {};
  return fail(ErrorCode::ServiceUnavailable, "simulated: the power went");
}

io::Task<Result<void>> Workload::suffer(Next& next) {
  const auto now = std::exchange(next, {});
  if (now.trouble == Trouble::Hangs) co_await loop_.sleep(now.time);
  if (now.trouble == Trouble::Hangs || now.trouble == Trouble::Fails)
    co_return fail(ErrorCode::ServiceUnavailable, "simulated: it does not answer");
  co_return Result<void>();
}

io::Task<Result<driver::Observation>> Workload::observe(const driver::SiteContext&,
                                                        const driver::Layer& layer) {
  const std::string name = layer.name;
  const std::string wanted = layer.fingerprint;
  if (next_look_.trouble != Trouble::None) FARHOLM_CO_CHECK(co_await suffer(next_look_));
  const auto found = layers_.find(name);
  if (found == layers_.end())
    co_return driver::Observation{driver::Health::Absent, "", "nothing of it is there", true};
  const auto& state = found->second;
  if (state.fingerprint != wanted)
    co_return driver::Observation{driver::Health::Drifted, state.fingerprint, "another version is there"};
  const auto is = health(state);
  if (is == driver::Health::Healthy) co_return driver::Observation{is, state.fingerprint, ""};
  co_return driver::Observation{is, state.fingerprint, "it is not well", false};
}

io::Task<Result<void>> Workload::apply(const driver::SiteContext&, const driver::Layer& layer,
                                       driver::Progress) {
  const std::string name = layer.name;
  const std::string fingerprint = layer.fingerprint;
  const auto behaviour = behaviour_of(layer);
  FARHOLM_CO_CHECK(check_power());
  if (on_apply) on_apply(name, fingerprint);
  const auto trouble = next_apply_.trouble;
  if (trouble == Trouble::Lies) {
    next_apply_ = {};
    co_return Result<void>();
  }
  if (trouble == Trouble::Fails || trouble == Trouble::Hangs) FARHOLM_CO_CHECK(co_await suffer(next_apply_));
  State& begun = layers_[name];
  if (begun.complete && begun.fingerprint == fingerprint && !begun.drifted) co_return Result<void>();
  begun.complete = false;
  co_await loop_.sleep(kApplyTime);
  if (std::exchange(next_apply_, {}).trouble == Trouble::HalfDone)
    co_return fail(ErrorCode::ServiceUnavailable, "simulated: only a part could be done");
  FARHOLM_CO_CHECK(check_power());
  const auto after = behaviour == kSlow ? kSlowAfter : kHealthyAfter;
  layers_[name] = {.fingerprint = fingerprint,
                   .behaviour = behaviour.value_or(std::string(kHealthy)),
                   .serves = behaviour.has_value(),
                   .complete = true,
                   .healthy_at = loop_.clock().monotonic() + after};
  changed_.set();
  co_return Result<void>();
}

io::Task<Result<void>> Workload::remove(const driver::SiteContext&, const std::string& layer_name,
                                        driver::Progress) {
  const std::string name = layer_name;
  FARHOLM_CO_CHECK(check_power());
  if (!layers_.contains(name)) co_return Result<void>();
  if (on_remove) on_remove(name);
  if (next_apply_.trouble == Trouble::Fails || next_apply_.trouble == Trouble::Hangs)
    FARHOLM_CO_CHECK(co_await suffer(next_apply_));
  co_await loop_.sleep(kApplyTime);
  FARHOLM_CO_CHECK(check_power());
  layers_.erase(name);
  changed_.set();
  co_return Result<void>();
}

io::Task<Result<std::vector<std::string>>> Workload::layers(const driver::SiteContext&) {
  if (next_look_.trouble != Trouble::None) FARHOLM_CO_CHECK(co_await suffer(next_look_));
  std::vector<std::string> names;
  names.reserve(layers_.size());
  for (const auto& [name, state] : layers_) names.push_back(name);
  co_return names;
}

}  // namespace farholm::sim
