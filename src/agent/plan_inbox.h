// PlanInbox: which plan this site accepts, and the one it has accepted. The accepted envelope itself, kept in
// one file that is replaced atomically, is the record of its (epoch, generation): there is nothing that could
// disagree with it. A refused plan is kept nowhere. One thread.
#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "io/clock.h"
#include "io/files.h"
#include "profile/plan.h"
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
  // All outlive it. `path` is where the accepted plan is kept.
  PlanInbox(io::Files& files, io::Clock& clock, const trust::Root& root, std::string path, Logger log)
      : files_(files), clock_(clock), root_(root), path_(std::move(path)), log_(std::move(log)) {}

  // Reads what was accepted before. A file that cannot be understood is set aside: the hub, or whoever has
  // the plan, sends it again; what runs goes on running.
  Result<void> load();

  // Judges a plan; an accepted one is durable when this returns. Errors are of bytes that are no plan, of a
  // signature, or of the disk; a verdict that refuses is no error.
  Result<Acceptance> offer(std::string_view envelope);

  const std::optional<profile::SitePlan>& plan() const { return plan_; }
  const std::string& digest() const { return digest_; }

 private:
  Result<void> read(const std::string& text);

  io::Files& files_;
  io::Clock& clock_;
  const trust::Root& root_;
  std::string path_;
  Logger log_;
  std::optional<profile::SitePlan> plan_;
  std::string digest_;
};

}  // namespace farholm::agent
