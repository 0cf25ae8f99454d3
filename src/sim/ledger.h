// Ledger: what a simulation did and found: which faults came how often, which invariant was checked how
// often, the first that did not hold, and the last notable things before it. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "io/sim/history.h"
#include "io/sim/sim_clock.h"
#include "json/json.h"

namespace farholm::sim {

// What breaks, and what people do. Each must have come at least once in a campaign (tests/sim/campaign).
enum class Fault : std::uint8_t {
  Partition,
  SlowLink,
  Reset,
  PowerCut,
  PowerCutAtWrite,
  Kill,
  DiskFull,
  WriteError,
  BitRot,
  ClockJump,
  ApplyFails,
  ApplyHangs,
  ApplyLies,
  ApplyHalfDone,
  LookFails,
  LookHangs,
  Drift,
  Loss,
  Illness,
  HubPowerCut,
  HubPowerCutAtWrite,
  HubKill,
  HubDiskFull,
  HubWriteError,
  EditVariable,
  EditProfile,
  EditPolicy,
  BadPlan,
  Hold,
  Retry,
  OldPlan,
  Equivocation,
  ForeignPlan,
  ForgedPlan,
};
inline constexpr std::array kFaultNames{"partition",
                                        "slow link",
                                        "reset",
                                        "power cut",
                                        "power cut at a write",
                                        "kill -9",
                                        "disk full",
                                        "write error",
                                        "bit rot",
                                        "clock jumps",
                                        "apply fails",
                                        "apply hangs",
                                        "apply lies",
                                        "apply half done",
                                        "look fails",
                                        "look hangs",
                                        "drift",
                                        "loss",
                                        "illness",
                                        "hub: power cut",
                                        "hub: power cut at a write",
                                        "hub: kill -9",
                                        "hub: disk full",
                                        "hub: write error",
                                        "variable edited",
                                        "profile edited",
                                        "policy edited",
                                        "bad plan",
                                        "hold",
                                        "retry",
                                        "attack: an older plan",
                                        "attack: two plans under one number",
                                        "attack: another site's plan",
                                        "attack: a plan that is wrongly signed"};
inline constexpr std::size_t kFaults = kFaultNames.size();

enum class Invariant : std::uint8_t {
  RunsOnlyAcceptedPlans,
  PlansAreNotMixed,
  PlansOnlyGetNewer,
  EqualLayersAreLeftAlone,
  GateIsHeeded,
  GivenUpStaysGivenUp,
  ReadyIsTrue,
  SiteKeepsWhatItAcknowledged,
  HubKeepsWhatItAcknowledged,
  LimitsHold,
  EventsComeOnce,
  EverythingConverges,
  IdleWritesNothing,
};
inline constexpr std::array kInvariantNames{
    "a site runs only what an accepted plan says",
    "a settled site runs one plan, whole",
    "a site's plan is its own, only gets newer, and no number means two",
    "a layer that is as it should be is not touched",
    "nothing that interrupts passes a closed gate",
    "a plan that was given up is not tried again by itself",
    "what a site calls ready is in place and healthy",
    "a site loses nothing that it acknowledged",
    "the hub loses nothing that it acknowledged",
    "every limit holds",
    "what happened at a site comes to the hub once, in order",
    "after the last fault everything converges",
    "an idle site writes nothing"};
inline constexpr std::size_t kInvariants = kInvariantNames.size();

class Ledger {
 public:
  // `history` gets what is told, so that two runs can be compared. Both outlive the ledger.
  Ledger(const io::sim::SimTime& time, io::sim::History& history) : time_(time), history_(history) {}

  // A notable thing, for whoever reads how an invariant came to be broken.
  void tell(const std::string& what);
  void injected(Fault fault, const std::string& where);
  // Counts a check. The first that does not hold is kept, with the time; `message` is asked only then.
  void check(Invariant invariant, bool holds, const std::function<std::string()>& message);

  const std::optional<std::string>& broken() const { return broken_; }
  const std::deque<std::string>& story() const { return story_; }  // until the first was broken
  std::uint64_t faults(Fault fault) const { return faults_[static_cast<std::size_t>(fault)]; }
  std::uint64_t checks(Invariant invariant) const { return checks_[static_cast<std::size_t>(invariant)]; }

 private:
  std::string now() const;

  const io::sim::SimTime& time_;
  io::sim::History& history_;
  std::array<std::uint64_t, kFaults> faults_{};
  std::array<std::uint64_t, kInvariants> checks_{};
  std::optional<std::string> broken_;
  std::deque<std::string> story_;
};

}  // namespace farholm::sim
