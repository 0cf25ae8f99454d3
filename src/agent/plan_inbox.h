// PlanInbox: which plan this site accepts, and the one it has accepted. The accepted envelope itself, kept in
// one file that is replaced atomically, is the record of its (epoch, generation): there is nothing that could
// disagree with it. Beside it the newest one that was wholly healthy, to which the site can go back. A
// refused plan is kept nowhere. One thread.
#pragma once

#include <optional>
#include <string>

#include "agent/known_plan.h"
#include "base/log.h"
#include "base/result.h"
#include "io/clock.h"
#include "io/files.h"
#include "trust/plan_acceptance.h"
#include "trust/root.h"

namespace farholm::agent {

struct Acceptance {
  trust::PlanVerdict verdict;
  // The plan, when it was accepted now or before.
  std::optional<profile::SitePlan> plan;
  std::string digest;  // of the payload
};

class PlanInbox {
 public:
  // All outlive it. The paths are where the accepted and the last good plan are kept.
  PlanInbox(io::Files& files, const io::Clock& clock, const trust::Root& root, std::string path,
            std::string good_path, Logger log)
      : files_(files),
        clock_(clock),
        root_(root),
        path_(std::move(path)),
        good_path_(std::move(good_path)),
        log_(std::move(log)) {}

  // Reads what was accepted before. A file that cannot be understood is set aside: the hub, or whoever has
  // the plan, sends it again; what runs goes on running.
  Result<void> load();

  // What is known of the newest accepted plan beside its file: nothing older is accepted, nor another site's.
  void remember(std::optional<AcceptedNumber> accepted) { remembered_ = std::move(accepted); }

  // Judges a plan; an accepted one is durable when this returns. Errors are of bytes that are no plan, of a
  // signature, or of the disk; a verdict that refuses is no error.
  Result<Acceptance> offer(std::string_view envelope);

  // The accepted plan is now the last good one; durable when this returns.
  Result<void> keep_as_good();

  const std::optional<KnownPlan>& accepted() const { return accepted_; }
  const std::optional<KnownPlan>& good() const { return good_; }

 private:
  // The newest of all that is known.
  std::optional<AcceptedNumber> newest() const;
  Result<std::optional<KnownPlan>> load_from(const std::string& path, std::string_view what);

  io::Files& files_;
  const io::Clock& clock_;
  const trust::Root& root_;
  std::string path_;
  std::string good_path_;
  Logger log_;
  std::optional<KnownPlan> accepted_;
  std::optional<KnownPlan> good_;
  std::optional<AcceptedNumber> remembered_;
};

}  // namespace farholm::agent
