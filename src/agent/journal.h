// Journal: what the agent must still know after a power cut and cannot tell by looking: which layers were
// applied, begun or finished, how the plan's trial stands, and which plan was given up. One small file,
// replaced atomically; written only when something in it changes, so an idle agent writes nothing. One
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/known_plan.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/model.h"
#include "io/files.h"

namespace farholm::agent {

struct JournalState {
  // In the order in which they were first applied.
  std::vector<engine::AppliedLayer> applied;
  bool incomplete = false;                  // `applied` was lost: the drivers have to be asked what is there
  std::optional<engine::Trial> trial;       // of the plan that has not proved itself yet
  std::optional<engine::GivenUp> given_up;  // the newest plan that did not
  std::optional<AcceptedNumber> accepted;
  bool operator==(const JournalState&) const = default;
};

class Journal {
 public:
  // Both outlive it.
  Journal(io::Files& files, std::string path, Logger log)
      : files_(files), path_(std::move(path)), log_(std::move(log)) {}

  // A file that cannot be understood is set aside (`<path>.corrupt`), and the journal begins with what may
  // have been applied, incomplete: each of that is then looked through, and nothing that is right is touched.
  Result<void> load(std::vector<engine::AppliedLayer> presumed = {});

  const JournalState& state() const { return state_; }
  // The changes; durable when they return. What is not applied any more may be forgotten twice.
  Result<void> note_applying(const std::string& name, const std::string& type);
  Result<void> note_applied(const std::string& name, const std::string& type, const std::string& fingerprint);
  Result<void> note_removed(const std::string& name);
  // All that the drivers found: now it is complete.
  Result<void> note_found(const std::vector<engine::AppliedLayer>& found);
  Result<void> note_accepted(AcceptedNumber accepted);
  // How the accepted plan stands. The trial's time is written to the half minute, so that a plan which waits
  // costs few writes.
  Result<void> note_standing(std::optional<engine::Trial> trial, std::optional<engine::GivenUp> given_up);

 private:
  Result<void> save(JournalState state);
  Result<void> keep_aside(const std::string& path);

  io::Files& files_;
  std::string path_;
  Logger log_;
  JournalState state_;
};

}  // namespace farholm::agent
