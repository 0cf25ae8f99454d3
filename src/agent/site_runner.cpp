#include "agent/site_runner.h"

#include <fmt/format.h>

#include <variant>

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

engine::DesiredPlan desired(const profile::SitePlan& plan, const std::string& digest) {
  engine::DesiredPlan result{.digest = digest, .layers = {}};
  for (const auto& layer : plan.layers) {
    result.layers.push_back({.name = layer.name,
                             .type = layer.type,
                             .fingerprint = profile::layer_fingerprint(plan, layer),
                             .depends_on = layer.depends_on,
                             .content = {},
                             .enforcement = layer.enforcement == profile::Enforcement::Report
                                                ? engine::Enforcement::Report
                                                : engine::Enforcement::Enforce});
  }
  return result;
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
}

void SiteRunner::set_plan(profile::SitePlan plan, std::string digest) {
  input_.plan = desired(plan, digest);
  input_.plan_accepted_at = parts_.world.clock.monotonic();
  if (parts_.journal.state().last_good == digest) input_.last_good = input_.plan;
  input_.observed.clear();
  pulls_allowed_.reset();
  fetching_.clear();  // of the plan before
  plan_ = std::move(plan);
  wake_.set();
  plan_changed_.notify();
}

void SiteRunner::set_trouble(const std::string& about, std::string sentence) {
  if (const auto known = input_.troubles.find(about);
      sentence.empty() ? known == input_.troubles.end()
                       : known != input_.troubles.end() && known->second == sentence)
    return;
  if (sentence.empty()) {
    parts_.log.info("over: {}", input_.troubles.at(about));
    input_.troubles.erase(about);
  } else {
    parts_.log.error("{}", sentence);
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
  for (const auto& layer : plan_->layers) {
    const auto missing = parts_.layers.missing(*plan_, layer);
    if (!missing || !missing->empty()) return std::nullopt;
    const auto loaded = parts_.layers.load(*plan_, layer);
    if (!loaded) return std::nullopt;
    allowed = allowed || json::find_bool(loaded->spec, "allowPull").value_or(false);
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
    co_await look();
    input_.now = parts_.world.clock.monotonic();
    const auto decision = engine::decide(input_);
    publish();
    if (decision.settled && parts_.journal.state().last_good != input_.plan->digest) {
      if (auto noted = parts_.journal.note_good(input_.plan->digest); !noted) {
        parts_.log.error("{}", noted.error().to_string());
      }
      input_.last_good = input_.plan;
      parts_.log.info("generation {} is in place and healthy", plan_->generation);
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
      // A new plan cuts the step off: what it began is found by looking.
      co_await io::first_of<bool, bool>(
          parts_.world.loop,
          [](SiteRunner& self, engine::Step step) -> io::Task<bool> {
            co_await self.execute(std::move(step));
            co_return true;
          }(*this, *next),
          [](io::Event& changed) -> io::Task<bool> {
            co_await changed.wait();
            co_return true;
          }(plan_changed_));
      set_activity("");
      continue;
    }
    auto until = input_.now + kLookAgain;
    if (decision.wake_at) until = std::min(until, *decision.wake_at);
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

io::Task<void> SiteRunner::forward(driver::Driver& driver) {
  while (true) {
    co_await driver.changed().wait();
    driver.changed().clear();
    wake_.set();
  }
}

// Fills the input with what there is now.
io::Task<void> SiteRunner::look() {
  input_.applied = parts_.journal.state().applied;
  input_.missing_content.clear();
  if (!pulls_allowed_) pulls_allowed_ = read_pulls_allowed();
  const auto site = context();
  const auto digest = input_.plan->digest;
  for (std::size_t i = 0; i < plan_->layers.size(); ++i) {
    const auto layer = plan_->layers[i];
    const auto before = input_.observed.find(layer.name);
    const bool was_lost = before != input_.observed.end() && before->second.health == engine::Health::Unknown;
    const auto note = [&](engine::Health health, std::string fingerprint, std::string message) {
      input_.observed[layer.name] = {
          .health = health, .fingerprint = std::move(fingerprint), .message = std::move(message)};
    };
    auto missing = parts_.layers.missing(*plan_, layer);
    if (!missing) {
      note(engine::Health::Unknown, "", missing.error().to_string());
      continue;
    }
    input_.plan->layers[i].content = *missing;
    input_.missing_content.insert(missing->begin(), missing->end());
    if (!missing->empty()) continue;
    auto* const driver = driver_of(layer.type);
    if (driver == nullptr) {
      note(engine::Health::Unknown, "",
           fmt::format("this agent has no driver for layers of type {}: update it", layer.type));
      continue;
    }
    auto loaded = parts_.layers.load(*plan_, layer);
    if (!loaded) {
      note(engine::Health::Unknown, "", loaded.error().to_string());
      continue;
    }
    auto observation = co_await driver->observe(site, *loaded);
    if (input_.plan->digest != digest) co_return;  // a new plan came meanwhile
    if (!observation) {
      note(engine::Health::Unknown, "", observation.error().to_string());
    } else {
      if (was_lost) engine::record_recovery(input_.memory, layer.name, parts_.world.clock.monotonic());
      note(to_engine(observation->health), observation->fingerprint, observation->message);
    }
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
  const auto* found = plan_->layer(step.name);
  if (found == nullptr) co_return;
  const auto layer = *found;
  const auto fingerprint = profile::layer_fingerprint(*plan_, layer);
  const bool repair = step.purpose == engine::Purpose::Repair;
  const auto attempt = [&]() -> io::Task<Result<void>> {
    auto* const driver = driver_of(layer.type);
    if (driver == nullptr) co_return fail(ErrorCode::Invalid, "no driver for layers of type " + layer.type);
    FARHOLM_CO_TRY(const auto loaded, parts_.layers.load(*plan_, layer));
    FARHOLM_CO_CHECK(parts_.journal.note_applying(layer.name, layer.type));
    parts_.log.info("{} layer {}", repair ? "repairing" : "applying", layer.name);
    FARHOLM_CO_CHECK(
        co_await driver->apply(context(), loaded, [this, name = layer.name](std::string_view text) {
          parts_.log.info("{}: {}", name, text);
          set_activity(fmt::format("{}: {}", name, text));
        }));
    co_return parts_.journal.note_applied(layer.name, layer.type, fingerprint);
  };
  set_activity(fmt::format("{} layer {}", repair ? "repairing" : "applying", layer.name));
  const auto outcome = co_await attempt();
  const auto now = parts_.world.clock.monotonic();
  if (outcome) {
    engine::record_applied(input_.memory, layer.name, fingerprint, repair, now, random());
  } else {
    parts_.log.error("layer {}: {}", layer.name, outcome.error().to_string());
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
  } else {
    parts_.log.error("removing layer {}: {}", step.name, outcome.error().to_string());
    engine::record_failure(input_.memory, step.name, "", outcome.error().to_string(),
                           parts_.world.clock.monotonic(), random());
  }
}

io::Task<void> SiteRunner::fetch() {
  const auto plan = *plan_;
  auto outcome =
      co_await parts_.layers.fetch(plan, [this](std::string_view text) { set_activity(std::string(text)); });
  set_activity("");
  if (outcome) {
    engine::record_fetched(input_.memory);
  } else {
    parts_.log.warning("content: {}", outcome.error().to_string());
    engine::record_fetch_failure(input_.memory, outcome.error().to_string(), parts_.world.clock.monotonic(),
                                 random());
  }
  wake_.set();
}

void SiteRunner::publish() {
  auto status = engine::summarize(input_);
  if (status == status_) return;
  status_ = std::move(status);
  status_changed_.notify();
}

void SiteRunner::set_activity(std::string text) {
  if (activity_ == text) return;
  activity_ = std::move(text);
  status_changed_.notify();
}

}  // namespace farholm::agent
