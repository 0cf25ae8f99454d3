// SiteRunner's choice between the accepted plan and the last good one: when one begins, proves itself, or is
// given up.
#include <fmt/format.h>

#include <utility>

#include "agent/site_runner.h"
#include "engine/gate.h"

namespace farholm::agent {
namespace {

// "(1, 6)", for people.
std::string name_of(const KnownPlan& known) {
  return fmt::format("({}, {})", known.plan.epoch, known.plan.generation);
}

io::Duration deadline_of(const profile::PlanLayer& layer) {
  if (const auto seconds = layer.policy.progress_deadline_seconds) return std::chrono::seconds(*seconds);
  return layer.type == "kubernetes" ? engine::kClusterProgressDeadline : engine::kProgressDeadline;
}

engine::DesiredPlan desired(const profile::SitePlan& plan, const std::string& digest) {
  engine::DesiredPlan result{.digest = digest, .layers = {}};
  for (const auto& layer : plan.layers) {
    result.layers.push_back({.name = layer.name,
                             .type = layer.type,
                             .fingerprint = profile::layer_fingerprint(plan, layer),
                             .depends_on = layer.depends_on,
                             .content = {},
                             .enforcement = layer.policy.enforcement == profile::Enforcement::Report
                                                ? engine::Enforcement::Report
                                                : engine::Enforcement::Enforce,
                             .progress_deadline = deadline_of(layer),
                             .hold = layer.policy.rollback == profile::Rollback::Hold});
  }
  return result;
}

}  // namespace

void SiteRunner::set_plan(KnownPlan accepted, std::optional<KnownPlan> good) {
  good_ = std::move(good);
  accepted_ = std::move(accepted);
  const auto& given_up = parts_.journal.state().given_up;
  input_.given_up.reset();
  if (given_up && given_up->plan == accepted_->digest) input_.given_up = given_up;
  // The one that it went back to is lost: nothing is left to do but to hold.
  if (input_.given_up && !good_) input_.given_up->hold = true;
  if (!good_ || good_->digest == accepted_->digest) trial_.reset();
  disrupted_.reset();
  keep_standing();
  choose_plan();
}

bool SiteRunner::waits() const {
  const bool begun = trial_ && trial_->plan == accepted_->digest;
  return good_ && good_->digest != accepted_->digest && !input_.given_up && !begun;
}

void SiteRunner::choose_plan() {
  const bool back = input_.given_up && !input_.given_up->hold && good_;
  const auto& chosen = back || waits() ? *good_ : *accepted_;
  input_.plan = desired(chosen.plan, chosen.digest);
  input_.last_good.reset();
  if (good_) input_.last_good = desired(good_->plan, good_->digest);
  input_.observed.clear();
  input_.waiting.reset();
  // Of layers that are no longer followed.
  std::erase_if(input_.ill_since, [&](const auto& one) { return input_.plan->layer(one.first) == nullptr; });
  input_.mends = trial_ && trial_->mends && trial_->plan == chosen.digest;
  pulls_allowed_.reset();
  loaded_.clear();
  fetching_.clear();  // of the plan before
  trial_left_.reset();
  judged_at_ = parts_.world.clock.monotonic();
  ++choices_;
  plan_ = chosen.plan;
  serve();
  wake_.set();
  plan_changed_.notify();
}

void SiteRunner::note_illness() {
  for (const auto& layer : input_.plan->layers) {
    if (engine::is_healthy(input_, layer))
      input_.ill_since.erase(layer.name);
    else
      input_.ill_since.try_emplace(layer.name, input_.now);
  }
}

void SiteRunner::wait_for(std::string reason, std::string message) {
  engine::WaitingPlan waiting{
      .name = name_of(*accepted_), .reason = std::move(reason), .message = std::move(message)};
  if (input_.waiting != waiting)
    tell(false, "PlanWaiting", "", fmt::format("plan {}: {}", waiting.name, waiting.message));
  input_.waiting = std::move(waiting);
}

bool SiteRunner::begin() {
  begins_at_.reset();
  if (!waits()) return false;
  if (const auto calm = engine::calm_at(input_); !trial_ && calm > input_.now) {
    begins_at_ = calm;
    return false;
  }
  auto next = desired(accepted_->plan, accepted_->digest);
  weigh(next);
  if (!engine::may_begin(input_, next, trial_.has_value())) {
    wait_for(input_.gate.reason, input_.gate.message);
    return false;
  }
  if (!input_.gate.fetches && !missing_ahead_.empty()) {
    wait_for("OutsideDownloadWindow", "its content is not here yet, and no download window is open");
    return false;
  }
  tell(false, "PlanStarted", "", "plan " + name_of(*accepted_));
  trial_ = engine::begin_trial(input_, trial_, accepted_->digest);
  keep_standing();
  choose_plan();
  return true;
}

void SiteRunner::weigh(engine::DesiredPlan& next) {
  if (input_.gate.passage == engine::Passage::Everything || !good_) return;
  if (!disrupted_) {
    if (auto names = parts_.layers.disrupted(good_->plan, accepted_->plan)) disrupted_ = std::move(*names);
  }
  if (!disrupted_) return;  // its content is not here yet
  for (auto& layer : next.layers) {
    const auto* applied = input_.find_applied(layer.name);
    const auto* good = input_.last_good->layer(layer.name);
    const bool as_good = applied != nullptr && good != nullptr && applied->fingerprint == good->fingerprint;
    layer.disrupts = !as_good || disrupted_->contains(layer.name);
  }
}

// Both, so that neither a change that is under way nor one that is taken back lacks its images.
void SiteRunner::serve() {
  std::vector<const profile::SitePlan*> plans{&accepted_->plan};
  if (good_ && good_->digest != accepted_->digest) plans.push_back(&good_->plan);
  if (auto served = parts_.layers.serve(plans); !served) {
    parts_.log.error("nodes cannot be told what they may pull: {}", served.error().to_string());
  }
}

Result<std::string> SiteRunner::retry() {
  if (!input_.given_up) {
    return fail(ErrorCode::Conflict, "no plan was given up: the site follows the one that it accepted");
  }
  auto trial = trial_;
  if (trial) trial->plan.clear();  // it begins anew
  FARHOLM_CHECK(parts_.journal.note_standing(trial, std::nullopt));
  trial_ = std::move(trial);
  input_.given_up.reset();
  tell(false, "PlanRetried", "", "plan " + name_of(*accepted_));
  choose_plan();
  return fmt::format("generation {} of {} is tried again{}\n", accepted_->plan.generation,
                     accepted_->plan.site_name,
                     input_.gate.message.empty() ? "" : ", as soon as it may: " + input_.gate.message);
}

// Where it cannot be written, the site goes on all the same: after a power cut it would try once more.
// Another plan's failure stays known: where the accepted plan is lost and sent again, it is not tried again.
void SiteRunner::keep_standing() {
  auto kept = parts_.journal.note_standing(
      trial_, input_.given_up ? input_.given_up : parts_.journal.state().given_up);
  if (!kept) parts_.log.error("{}", kept.error().to_string());
}

bool SiteRunner::judge() {
  const auto passed = input_.now - std::exchange(judged_at_, input_.now);
  trial_left_.reset();
  if (!trial_ || trial_->plan != input_.plan->digest || input_.given_up) {
    keep_standing();  // if it could not be written before
    return true;
  }
  const auto judgement = engine::judge(*trial_, input_, passed);
  switch (judgement.kind) {
    case engine::Judgement::Kind::Failed:
      give_up(judgement);
      return false;
    case engine::Judgement::Kind::Proven:
      prove();
      return true;
    case engine::Judgement::Kind::Runs:
      trial_left_ = judgement.left;
      break;
    case engine::Judgement::Kind::Paused:
      break;
  }
  keep_standing();
  return true;
}

void SiteRunner::give_up(const engine::Judgement& judgement) {
  input_.given_up = engine::GivenUp{.plan = accepted_->digest,
                                    .name = name_of(*accepted_),
                                    .layer = judgement.layer,
                                    .message = judgement.message,
                                    .hold = judgement.hold || !good_};
  parts_.log.error("plan {} is given up: layer {} did not become healthy in its time: {}",
                   input_.given_up->name, judgement.layer, judgement.message);
  tell(true, input_.given_up->hold ? "PlanFailed" : "PlanRolledBack", judgement.layer,
       fmt::format("plan {} did not become healthy in its time: {}", input_.given_up->name,
                   judgement.message));
  keep_standing();
  choose_plan();
}

void SiteRunner::prove() {
  if (good_ && good_->digest == accepted_->digest) return;
  if (auto kept = parts_.keep_as_good(); !kept) {
    parts_.log.error("{}", kept.error().to_string());
    return;
  }
  good_ = accepted_;
  input_.last_good = input_.plan;
  trial_.reset();
  keep_standing();
  parts_.log.info("generation {} is in place and healthy", plan_->generation);
  tell(false, "PlanHealthy", "", "plan " + name_of(*accepted_));
}

}  // namespace farholm::agent
