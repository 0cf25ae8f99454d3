#include "driver/fake/fake_driver.h"

namespace farholm::driver::fake {

void FakeDriver::set_health(const std::string& layer, Health health, std::string message) {
  scripts_[layer].health = health;
  scripts_[layer].message = std::move(message);
  changed_.set();
}

void FakeDriver::set_health_of(const std::string& fingerprint, Health health, std::string message) {
  contents_[fingerprint] = {health, fingerprint, std::move(message)};
  changed_.set();
}

void FakeDriver::drift(const std::string& layer, std::string message) {
  if (auto found = states_.find(layer); found != states_.end()) found->second.drifted = std::move(message);
  changed_.set();
}

void FakeDriver::lose(const std::string& layer) {
  states_.erase(layer);
  changed_.set();
}

void FakeDriver::fail_next(const std::string& layer, Error error, int times) {
  scripts_[layer].failures.insert(scripts_[layer].failures.end(), static_cast<std::size_t>(times), error);
}

std::map<std::string, std::string> FakeDriver::applied() const {
  std::map<std::string, std::string> fingerprints;
  for (const auto& [layer, state] : states_)
    if (state.complete) fingerprints.emplace(layer, state.fingerprint);
  return fingerprints;
}

const json::Value* FakeDriver::spec_of(const std::string& layer) const {
  auto found = states_.find(layer);
  return found == states_.end() ? nullptr : &found->second.spec;
}

std::optional<Error> FakeDriver::next_failure(const std::string& layer) {
  auto& failures = scripts_[layer].failures;
  if (failures.empty()) return std::nullopt;
  Error error = std::move(failures.front());
  failures.erase(failures.begin());
  return error;
}

io::Task<Result<Observation>> FakeDriver::observe(const SiteContext&, const Layer& layer) {
  auto found = states_.find(layer.name);
  if (found == states_.end()) co_return Observation{Health::Absent, "", "nothing of it is there"};
  const State& state = found->second;
  if (!state.complete) co_return Observation{Health::Drifted, "", "applying it was cut off"};
  if (state.fingerprint != layer.fingerprint)
    co_return Observation{Health::Drifted, state.fingerprint, "another version of it is there"};
  if (state.drifted) co_return Observation{Health::Drifted, state.fingerprint, *state.drifted};
  if (const auto content = contents_.find(state.fingerprint); content != contents_.end())
    co_return content->second;
  const Script& script = scripts_[layer.name];
  if (script.health == Health::Healthy && loop_.clock().monotonic() < state.healthy_at)
    co_return Observation{Health::Progressing, state.fingerprint, "it is starting"};
  co_return Observation{script.health, state.fingerprint, script.message};
}

// References are copied before the first wait: the caller's may not live that long.
io::Task<Result<void>> FakeDriver::apply(const SiteContext&, const Layer& layer, Progress progress) {
  const Layer wanted = layer;
  calls_.push_back("apply " + wanted.name + " " + wanted.fingerprint);
  State& begun = states_[wanted.name];
  begun.complete = false;
  if (progress) progress("applying " + wanted.name);
  co_await loop_.sleep(duration_);
  if (auto failure = next_failure(wanted.name)) co_return std::unexpected(std::move(*failure));
  State& state = states_[wanted.name];
  state.fingerprint = wanted.fingerprint;
  state.spec = wanted.spec;
  state.complete = true;
  state.drifted.reset();
  state.healthy_at = loop_.clock().monotonic() + time_to_healthy_;
  changed_.set();
  co_return Result<void>{};
}

io::Task<Result<void>> FakeDriver::remove(const SiteContext&, const std::string& layer_name,
                                          Progress progress) {
  const std::string name = layer_name;
  calls_.push_back("remove " + name);
  if (progress) progress("removing " + name);
  co_await loop_.sleep(duration_);
  if (auto failure = next_failure(name)) co_return std::unexpected(std::move(*failure));
  states_.erase(name);
  changed_.set();
  co_return Result<void>{};
}

io::Task<Result<std::vector<std::string>>> FakeDriver::layers(const SiteContext&) {
  std::vector<std::string> names;
  names.reserve(states_.size());
  for (const auto& [name, state] : states_) names.push_back(name);
  co_return names;
}

}  // namespace farholm::driver::fake
