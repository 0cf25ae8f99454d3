#include "agent/site_runner.h"

#include <fmt/format.h>

#include <variant>

#include "agent/site_news.h"
#include "engine/memory.h"

namespace farholm::agent {
namespace {

engine::Health to_engine(driver::Health health) {
  switch (health) {
    case driver::Health::Absent:
      return engine::Health::Absent;
    case driver::Health::Drifted:
      return engine::Health::Drifted;
    case driver::Health::Progressing:
      return engine::Health::Progressing;
    case driver::Health::Healthy:
      return engine::Health::Healthy;
    case driver::Health::Failed:
      return engine::Health::Failed;
  }
  return engine::Health::Unknown;
}

// Of a layer that cannot be read: that may pass, unless it is the layer that is wrong.
engine::Health health_of(const Error& error) {
  return error.code == ErrorCode::Invalid ? engine::Health::Failed : engine::Health::Unknown;
}

}  // namespace

SiteRunner::SiteRunner(Parts parts)
    : parts_(std::move(parts)),
      wake_(parts_.world.loop),
      plan_changed_(parts_.world.loop),
      status_changed_(parts_.world.loop),
      scope_(parts_.world.loop),
      fetching_(parts_.world.loop) {
  input_.applied = parts_.journal.state().applied;
  trial_ = parts_.journal.state().trial;
}

void SiteRunner::set_trouble(const std::string& about, std::string sentence) {
  if (const auto known = input_.troubles.find(about);
      sentence.empty() ? known == input_.troubles.end()
                       : known != input_.troubles.end() && known->second == sentence)
    return;
  if (sentence.empty()) {
    parts_.log.info("over: {}", input_.troubles.at(about));
    tell(false, "HostTroubleOver", "", input_.troubles.at(about));
    input_.troubles.erase(about);
  } else {
    parts_.log.error("{}", sentence);
    tell(true, "HostTrouble", "", sentence);
    input_.troubles[about] = std::move(sentence);
  }
  publish();
}

driver::SiteContext SiteRunner::context() const {
  driver::SiteContext site{.site_name = plan_->site_name,
                           .site_uid = plan_->site_uid,
                           .host = host_,
                           .subnet = plan_->subnet,
                           .nodes = {},
                           .pulls_allowed = pulls_allowed_};
  for (const auto& node : plan_->nodes) {
    site.nodes.push_back({.slot = node.slot,
                          .role = node.role == profile::NodeRole::ControlPlane
                                      ? driver::NodeSlot::Role::ControlPlane
                                      : driver::NodeSlot::Role::Worker,
                          .host = node.host,
                          .address = node.address});
  }
  return site;
}

std::optional<bool> SiteRunner::read_pulls_allowed() {
  bool allowed = false;
  for (std::size_t i = 0; i < plan_->layers.size(); ++i) {
    const auto loaded = load(i);
    if (!loaded || *loaded == nullptr) return std::nullopt;
    allowed = allowed || json::find_bool((*loaded)->spec, "allowPull").value_or(false);
  }
  return allowed;
}

driver::Driver* SiteRunner::driver_of(const std::string& type) const {
  const auto found = parts_.drivers.find(type);
  return found == parts_.drivers.end() ? nullptr : found->second;
}

io::Task<void> SiteRunner::run() {
  for (const auto& [type, driver] : parts_.drivers) scope_.spawn(forward(*driver));
  while (true) {
    if (!plan_) {
      publish();
      co_await plan_changed_.wait();
      continue;
    }
    wake_.clear();
    look_at_gate();
    const auto choice = choices_;
    co_await look();
    if (choice != choices_) continue;  // a plan came meanwhile
    input_.now = parts_.world.clock.monotonic();
    note_illness();
    if (begin() || !judge()) continue;
    const auto decision = engine::decide(input_);
    publish();
    const bool on_the_way = input_.plan->digest == accepted_->digest && !input_.given_up;
    if (decision.settled && on_the_way) prove();
    // What was not healthy while the site went back is no plan's fault any more.
    if (decision.settled && !on_the_way && trial_) {
      trial_.reset();
      keep_standing();
    }
    std::optional<engine::Step> next;
    for (const auto& step : decision.steps) {
      if (!std::holds_alternative<engine::FetchContent>(step)) {
        next = step;
      } else if (fetching_.size() == 0) {
        fetching_.spawn(fetch());
      }
    }
    if (next) {
      // A new plan cuts the step off, and so does the end of the plan's time: what it began is found by
      // looking.
      co_await io::first_of<bool, bool>(
          parts_.world.loop,
          [](SiteRunner& self, engine::Step step) -> io::Task<bool> {
            co_await self.execute(std::move(step));
            co_return true;
          }(*this, *next),
          plan_is_over());
      set_activity("");
      continue;
    }
    auto until = input_.now + kLookAgain;
    if (decision.wake_at) until = std::min(until, *decision.wake_at);
    if (begins_at_) until = std::min(until, *begins_at_);
    if (trial_left_) until = std::min(until, input_.now + *trial_left_);
    co_await io::first_of<bool, bool>(
        parts_.world.loop,
        [](io::Event& wake) -> io::Task<bool> {
          co_await wake.wait();
          co_return true;
        }(wake_),
        [](io::Loop& loop, io::Duration pause) -> io::Task<bool> {
          co_await loop.sleep(pause);
          co_return true;
        }(parts_.world.loop, std::max(io::Duration::zero(), until - parts_.world.clock.monotonic())));
    co_await parts_.world.loop.sleep(kBurst);
  }
}

void SiteRunner::look_at_gate() {
  const bool was_held = input_.gate.stops_clock;
  input_.gate = parts_.gate ? parts_.gate(accepted_->plan) : engine::Gate();
  if (input_.gate.stops_clock == was_held) return;
  if (was_held)
    tell(false, "Released", "", "changes are not held any more");
  else
    tell(false, "OnHold", "", input_.gate.message);
}

io::Task<bool> SiteRunner::plan_is_over() {
  const auto changed = [](io::Event& plan_changed) -> io::Task<bool> {
    co_await plan_changed.wait();
    co_return true;
  };
  if (!trial_left_) co_return co_await changed(plan_changed_);
  co_await io::first_of<bool, bool>(parts_.world.loop, changed(plan_changed_),
                                    [](io::Loop& loop, io::Duration left) -> io::Task<bool> {
                                      co_await loop.sleep(left);
                                      co_return true;
                                    }(parts_.world.loop, *trial_left_));
  co_return true;
}

io::Task<void> SiteRunner::forward(driver::Driver& driver) {
  while (true) {
    co_await driver.changed().wait();
    driver.changed().clear();
    wake_.set();
  }
}

Result<SiteRunner::LayerRef> SiteRunner::load(std::size_t index) {
  const auto& layer = plan_->layers[index];
  if (const auto known = loaded_.find(layer.name); known != loaded_.end()) return known->second;
  FARHOLM_TRY(auto missing, parts_.layers.missing(*plan_, layer));
  input_.missing_content.insert(missing.begin(), missing.end());
  const bool is_here = missing.empty();
  input_.plan->layers[index].content = std::move(missing);
  if (!is_here) return nullptr;
  FARHOLM_TRY(auto loaded, parts_.layers.load(*plan_, layer));
  return loaded_[layer.name] = std::make_shared<const driver::Layer>(std::move(loaded));
}

io::Task<void> SiteRunner::recover() {
  std::vector<engine::AppliedLayer> found;
  for (const auto& [type, driver] : parts_.drivers) {
    const auto names = co_await driver->layers(context());
    if (!names) {
      parts_.log.warning("cannot tell yet which layers are there: {}", names.error().to_string());
      co_return;
    }
    for (const auto& name : *names) found.push_back({.name = name, .type = type, .fingerprint = {}});
  }
  if (auto kept = parts_.journal.note_found(found); !kept) parts_.log.error("{}", kept.error().to_string());
}

// Fills the input with what there is now.
io::Task<void> SiteRunner::look() {
  if (parts_.journal.state().incomplete) co_await recover();
  input_.applied = parts_.journal.state().applied;
  input_.missing_content.clear();
  if (!pulls_allowed_) pulls_allowed_ = read_pulls_allowed();
  const auto site = context();
  const auto choice = choices_;
  for (std::size_t i = 0; i < plan_->layers.size(); ++i) {
    const auto layer = plan_->layers[i];
    const auto before = input_.observed.find(layer.name);
    const bool was_lost = before != input_.observed.end() && before->second.health == engine::Health::Unknown;
    const auto note = [&](engine::Health health, std::string fingerprint, std::string message) {
      input_.observed[layer.name] = {
          .health = health, .fingerprint = std::move(fingerprint), .message = std::move(message)};
    };
    auto* const driver = driver_of(layer.type);
    if (driver == nullptr) {
      note(engine::Health::Failed, "",
           fmt::format("this agent has no driver for layers of type {}: update it", layer.type));
      continue;
    }
    const auto loaded = load(i);
    if (!loaded) {
      note(health_of(loaded.error()), "", loaded.error().to_string());
      continue;
    }
    if (*loaded == nullptr) continue;
    auto observation = co_await driver->observe(site, **loaded);
    if (choice != choices_) co_return;
    if (!observation) {
      note(engine::Health::Unknown, "", observation.error().to_string());
    } else {
      if (was_lost) engine::record_recovery(input_.memory, layer.name, parts_.world.clock.monotonic());
      note(to_engine(observation->health), observation->fingerprint, observation->message);
      input_.observed[layer.name].lost = observation->lost;
    }
  }
  missing_ahead_.clear();
  if (waits()) {
    for (const auto& layer : accepted_->plan.layers)
      if (const auto missing = parts_.layers.missing(accepted_->plan, layer))
        missing_ahead_.insert(missing->begin(), missing->end());
    if (input_.gate.fetches) input_.missing_content.insert(missing_ahead_.begin(), missing_ahead_.end());
  } else {
    weigh(*input_.plan);
  }
}

io::Task<void> SiteRunner::execute(engine::Step step) {
  if (auto* change = std::get_if<engine::ApplyLayer>(&step)) {
    co_await apply(*change);
  } else if (auto* removal = std::get_if<engine::RemoveLayer>(&step)) {
    co_await remove(*removal);
  }
}

io::Task<void> SiteRunner::apply(engine::ApplyLayer step) {
  const auto found = std::ranges::find(plan_->layers, step.name, &profile::PlanLayer::name);
  if (found == plan_->layers.end()) co_return;
  const auto layer = *found;
  const auto index = static_cast<std::size_t>(found - plan_->layers.begin());
  const auto fingerprint = input_.plan->layers[index].fingerprint;
  const bool repair = step.purpose == engine::Purpose::Repair;
  const auto attempt = [&]() -> io::Task<Result<void>> {
    auto* const driver = driver_of(layer.type);
    if (driver == nullptr) co_return fail(ErrorCode::Invalid, "no driver for layers of type " + layer.type);
    FARHOLM_CO_TRY(const auto loaded, load(index));
    if (loaded == nullptr) co_return fail(ErrorCode::NotFound, "its content is not here any more");
    FARHOLM_CO_CHECK(parts_.journal.note_applying(layer.name, layer.type));
    parts_.log.info("{} layer {}", repair ? "repairing" : "applying", layer.name);
    FARHOLM_CO_CHECK(
        co_await driver->apply(context(), *loaded, [this, name = layer.name](std::string_view text) {
          parts_.log.info("{}: {}", name, text);
          set_activity(fmt::format("{}: {}", name, text));
        }));
    co_return parts_.journal.note_applied(layer.name, layer.type, fingerprint);
  };
  set_activity(fmt::format("{} layer {}", repair ? "repairing" : "applying", layer.name));
  const auto seen = input_.observed.find(layer.name);
  const std::string drift = seen == input_.observed.end() ? "" : seen->second.message;
  const auto outcome = co_await attempt();
  const auto now = parts_.world.clock.monotonic();
  if (outcome) {
    engine::record_applied(input_.memory, layer.name, fingerprint, repair, now, random(), drift);
    tell(false, repair ? "LayerRepaired" : "LayerApplied", layer.name,
         !repair         ? "applied"
         : drift.empty() ? "put right"
                         : "put right: " + drift);
  } else {
    parts_.log.error("layer {}: {}", layer.name, outcome.error().to_string());
    tell(true, "LayerFailed", layer.name, outcome.error().to_string());
    engine::record_failure(input_.memory, layer.name, fingerprint, outcome.error().to_string(), now,
                           random());
  }
}

io::Task<void> SiteRunner::remove(engine::RemoveLayer step) {
  set_activity("removing layer " + step.name);
  parts_.log.info("removing layer {}", step.name);
  auto* const driver = driver_of(step.type);
  // What an agent does not understand it must not forget: another one that does will remove it.
  Result<void> outcome =
      fail(ErrorCode::Invalid,
           fmt::format("this agent has no driver for layers of type {}: update it", step.type));
  if (driver != nullptr) {
    outcome = co_await driver->remove(context(), step.name, [this, name = step.name](std::string_view text) {
      parts_.log.info("{}: {}", name, text);
      set_activity(fmt::format("{}: {}", name, text));
    });
  }
  if (outcome) outcome = parts_.journal.note_removed(step.name);
  if (outcome) {
    engine::record_removed(input_.memory, step.name);
    tell(false, "LayerRemoved", step.name, "removed");
  } else {
    parts_.log.error("removing layer {}: {}", step.name, outcome.error().to_string());
    tell(true, "LayerNotRemoved", step.name, outcome.error().to_string());
    engine::record_failure(input_.memory, step.name, "", outcome.error().to_string(),
                           parts_.world.clock.monotonic(), random());
  }
}

io::Task<void> SiteRunner::fetch() {
  const auto followed = *plan_;
  const auto accepted = accepted_->plan;
  const auto progress = [this](std::string_view text) { set_activity(std::string(text)); };
  auto outcome = co_await parts_.layers.fetch(followed, progress);
  if (outcome && waits() && input_.gate.fetches) outcome = co_await parts_.layers.fetch(accepted, progress);
  set_activity("");
  serve();  // also the part that came
  if (outcome) {
    engine::record_fetched(input_.memory);
  } else {
    parts_.log.warning("content: {}", outcome.error().to_string());
    tell(true, "ContentMissing", "", outcome.error().to_string());
    engine::record_fetch_failure(input_.memory, outcome.error().to_string(), parts_.world.clock.monotonic(),
                                 random());
  }
  wake_.set();
}

void SiteRunner::publish() {
  auto status = engine::summarize(input_);
  if (status == status_) return;
  tell_health(parts_.events, status_, status);
  status_ = std::move(status);
  status_changed_.notify();
}

void SiteRunner::set_activity(std::string text) {
  if (activity_ == text) return;
  activity_ = std::move(text);
  status_changed_.notify();
}

}  // namespace farholm::agent
