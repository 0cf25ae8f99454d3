// SiteRunner: the loop that keeps a site as its plan says. Looks at every layer through its driver, asks the
// engine (pure) what to do, does one step, and looks again; sleeps until a driver says that something
// changed. Needs no hub. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/event_journal.h"
#include "agent/journal.h"
#include "agent/known_plan.h"
#include "agent/layer_source.h"
#include "base/log.h"
#include "engine/status.h"
#include "engine/trial.h"
#include "io/event.h"
#include "io/scope.h"
#include "io/world.h"
#include "profile/plan.h"

namespace farholm::agent {

// Even when nothing says that anything changed, a site is looked at so often.
inline constexpr auto kLookAgain = std::chrono::seconds(60);
// Changes come in bursts: wait so long for the rest of one.
inline constexpr auto kBurst = std::chrono::milliseconds(200);

class SiteRunner {
 public:
  // Everything outlives the runner. `drivers` by type of layer.
  struct Parts {
    io::World world;
    Logger log;
    Journal& journal;
    EventJournal& events;
    LayerSource& layers;
    std::map<std::string, driver::Driver*> drivers;
    // The accepted plan proved itself: makes it the last good one, durably.
    std::function<Result<void>()> keep_as_good;
    // What may pass now, under the policy of the accepted plan. None: everything.
    std::function<engine::Gate(const profile::SitePlan& accepted)> gate;
  };
  explicit SiteRunner(Parts parts);

  // This host's name in the plans that follow.
  void set_host(std::string name) { host_ = std::move(name); }
  // From now on this is the accepted plan, and that one the last good one. It begins when the gate lets it;
  // until then the site follows the last good one. A step of the plan before is cut off (drivers are made for
  // that).
  void set_plan(KnownPlan accepted, std::optional<KnownPlan> good);
  // Whether the accepted plan did not become healthy in its time.
  bool gave_up() const { return input_.given_up.has_value(); }
  // Tries the accepted plan again, which was given up; says what happens now. Conflict when none was.
  Result<std::string> retry();
  // What the gate depends on has changed.
  void gate_changed() { wake_.set(); }

  // What is wrong with the host and no layer tells: a sentence, about something; the empty one when it is
  // over.
  void set_trouble(const std::string& about, std::string sentence);

  // Until it is dropped.
  io::Task<void> run();

  const engine::Status& status() const { return status_; }
  // What is being done at this moment ("kubernetes: joining worker-2"); empty when nothing is.
  const std::string& activity() const { return activity_; }
  // That is followed: the accepted one, or the last good one.
  const std::optional<profile::SitePlan>& plan() const { return plan_; }
  // Notified when status() or activity() changed.
  io::Event& status_changed() { return status_changed_; }

 private:
  driver::SiteContext context() const;
  // A layer of plan_ as a driver gets it, remembered: looking at what does not change shall cost little.
  // nullptr while content of it is missing; input_ then says which.
  using LayerRef = std::shared_ptr<const driver::Layer>;
  Result<LayerRef> load(std::size_t index);
  // Whether any layer of the plan says allowPull; nothing while some cannot be read.
  std::optional<bool> read_pulls_allowed();
  // Whether the accepted plan has yet to begin, and the last good one is followed.
  bool waits() const;
  // Follows the accepted plan, or the last good one where that was given up or has not begun.
  void choose_plan();
  void note_illness();
  // Begins the accepted plan if it waits and may. True when another plan is followed now.
  bool begin();
  // Says why it does not.
  void wait_for(std::string reason, std::string message);
  // Fills in what changes of the accepted plan interrupt what runs, as far as its content tells.
  void weigh(engine::DesiredPlan& next);
  // Counts the trial's time and ends it where it is over. False when another plan is followed now.
  bool judge();
  void give_up(const engine::Judgement& judgement);
  void prove();
  void keep_standing();
  // When a new plan came, or this one's time is over.
  io::Task<bool> plan_is_over();
  void look_at_gate();
  io::Task<void> look();
  // Asks the drivers what is there, where the journal does not know it any more.
  io::Task<void> recover();
  io::Task<void> execute(engine::Step step);
  io::Task<void> apply(engine::ApplyLayer step);
  io::Task<void> remove(engine::RemoveLayer step);
  io::Task<void> fetch();
  // Lets nodes pull what the plan needs.
  void serve();
  io::Task<void> forward(driver::Driver& driver);
  void publish();
  void set_activity(std::string text);
  void tell(bool warning, std::string reason, std::string layer, std::string message) {
    parts_.events.record(warning, std::move(reason), std::move(layer), std::move(message));
  }
  driver::Driver* driver_of(const std::string& type) const;
  std::uint64_t random() { return io::random_u64(parts_.world.entropy); }

  Parts parts_;
  std::string host_;
  std::optional<KnownPlan> accepted_;
  std::optional<KnownPlan> good_;
  std::optional<profile::SitePlan> plan_;
  // Of the accepted plan once it has begun; of the one before, if that did not prove itself, until then.
  std::optional<engine::Trial> trial_;
  std::uint64_t choices_ = 0;                       // counts what was chosen to be followed
  std::set<std::string> missing_ahead_;             // digests that a plan needs which has yet to begin
  std::optional<std::set<std::string>> disrupted_;  // layers, from the last good plan to the accepted one
  std::optional<io::MonotonicTime> begins_at_;      // a plan that waits until it is known what is ill
  std::optional<io::Duration> trial_left_;          // until the plan is given up, if nothing changes
  io::MonotonicTime judged_at_;
  std::optional<bool> pulls_allowed_;
  std::map<std::string, LayerRef> loaded_;  // layers of plan_ that are wholly here, by name
  engine::Input input_;
  engine::Status status_;
  std::string activity_;
  io::Event wake_;  // something may have changed: look again
  io::Event plan_changed_;
  io::Event status_changed_;
  io::Scope scope_;
  io::Scope fetching_;  // at most one: the plan's content
};

}  // namespace farholm::agent
