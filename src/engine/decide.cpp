#include "engine/decide.h"

#include <algorithm>

#include "engine/gate.h"

namespace farholm::engine {

namespace {

Health health_of(const Input& input, const std::string& name) {
  const auto found = input.observed.find(name);
  return found == input.observed.end() ? Health::Unknown : found->second.health;
}

class Decider {
 public:
  explicit Decider(const Input& input) : input_(input), plan_(*input.plan) {}

  Decision run() {
    fetch();
    for (const auto& layer : plan_.layers) consider(layer);
    consider_pruning();
    decision_.settled = decision_.steps.empty() && !waiting_ && all_healthy();
    return std::move(decision_);
  }

 private:
  void wake_at(io::MonotonicTime time) {
    if (!decision_.wake_at || time < *decision_.wake_at) decision_.wake_at = time;
  }

  // True when a step for `name` may be taken now; else it is remembered when.
  bool due(const std::string& name, const std::string& fingerprint) {
    const auto found = input_.memory.layers.find(name);
    if (found == input_.memory.layers.end() || found->second.fingerprint != fingerprint ||
        found->second.retry_at <= input_.now)
      return true;
    waiting_ = true;
    wake_at(found->second.retry_at);
    return false;
  }

  // The accepted plan was given up, and the site stays where it is.
  bool holds() const { return input_.given_up && input_.given_up->hold; }

  void fetch() {
    if (holds()) return;
    const FetchContent step{{input_.missing_content.begin(), input_.missing_content.end()}};
    if (step.digests.empty()) return;
    waiting_ = true;
    if (input_.memory.content.retry_at > input_.now && input_.memory.content.failures > 0)
      wake_at(input_.memory.content.retry_at);
    else
      decision_.steps.emplace_back(step);
  }

  bool content_is_local(const DesiredLayer& layer) const {
    return std::none_of(layer.content.begin(), layer.content.end(),
                        [&](const std::string& digest) { return input_.missing_content.contains(digest); });
  }

  void act(Step step) {
    waiting_ = true;
    if (acting_) return;
    if (!grants(input_, step)) {
      if (input_.gate.changes_at) wake_at(*input_.gate.changes_at);
      return;
    }
    acting_ = true;
    decision_.steps.push_back(std::move(step));
  }

  void consider(const DesiredLayer& layer) {
    const auto* applied = input_.find_applied(layer.name);
    const bool other_type = applied != nullptr && applied->type != layer.type;
    if (!in_place(input_, layer)) {
      waiting_ = true;
      if (holds()) return;
      if (!predecessors_healthy(layer) || !content_is_local(layer)) return;
      if (!due(layer.name, other_type ? "" : layer.fingerprint)) return;
      if (other_type)
        act(RemoveLayer{.name = layer.name, .type = applied->type});
      else
        act(ApplyLayer{.name = layer.name, .purpose = Purpose::Change});
      return;
    }
    const Health health = health_of(input_, layer.name);
    if (health != Health::Drifted && health != Health::Absent) return;
    if (layer.enforcement == Enforcement::Report) return;
    waiting_ = true;
    if (predecessors_in_place(layer) && content_is_local(layer) && due(layer.name, layer.fingerprint))
      act(ApplyLayer{.name = layer.name, .purpose = Purpose::Repair});
  }

  void consider_pruning() {
    const auto gone =
        std::find_if(input_.applied.rbegin(), input_.applied.rend(),
                     [&](const AppliedLayer& layer) { return plan_.layer(layer.name) == nullptr; });
    if (gone == input_.applied.rend()) return;
    waiting_ = true;
    if (holds()) return;
    for (const auto& layer : plan_.layers)
      if (!in_place(input_, layer) || (differs_from_last_good(input_, layer) && !is_healthy(input_, layer)))
        return;
    if (due(gone->name, "")) act(RemoveLayer{.name = gone->name, .type = gone->type});
  }

  bool predecessors_healthy(const DesiredLayer& layer) const {
    for (const auto* before : predecessors(plan_, layer))
      if (!in_place(input_, *before) || !is_healthy(input_, *before)) return false;
    return true;
  }

  // In place, and not being put back itself: the ground must be there before what stands on it.
  bool predecessors_in_place(const DesiredLayer& layer) const {
    for (const auto* before : predecessors(plan_, layer))
      if (!in_place(input_, *before) || health_of(input_, before->name) == Health::Absent) return false;
    return true;
  }

  bool all_healthy() const {
    return std::all_of(plan_.layers.begin(), plan_.layers.end(), [&](const DesiredLayer& layer) {
      return in_place(input_, layer) && is_healthy(input_, layer);
    });
  }

  const Input& input_;
  const DesiredPlan& plan_;
  Decision decision_;
  bool acting_ = false;   // one layer at a time
  bool waiting_ = false;  // something is left to do
};

}  // namespace

bool is_healthy(const Input& input, const DesiredLayer& layer) {
  const Health health = health_of(input, layer.name);
  return health == Health::Healthy || (health == Health::Drifted && layer.enforcement == Enforcement::Report);
}

bool differs_from_last_good(const Input& input, const DesiredLayer& layer) {
  const auto* good = input.last_good ? input.last_good->layer(layer.name) : nullptr;
  return good == nullptr || good->fingerprint != layer.fingerprint;
}

bool in_place(const Input& input, const DesiredLayer& layer) {
  const auto* applied = input.find_applied(layer.name);
  if (applied == nullptr || applied->type != layer.type || applied->fingerprint != layer.fingerprint)
    return false;
  const auto observed = input.observed.find(layer.name);
  return observed == input.observed.end() || observed->second.fingerprint.empty() ||
         observed->second.fingerprint == layer.fingerprint;
}

std::vector<const DesiredLayer*> predecessors(const DesiredPlan& plan, const DesiredLayer& layer) {
  std::vector<const DesiredLayer*> before;
  for (const auto& candidate : plan.layers) {
    if (candidate.name == layer.name) break;
    const auto& named = layer.depends_on;
    if (!named || std::find(named->begin(), named->end(), candidate.name) != named->end())
      before.push_back(&candidate);
  }
  return before;
}

Decision decide(const Input& input) {
  if (!input.plan) return {.settled = true};
  return Decider(input).run();
}

}  // namespace farholm::engine
