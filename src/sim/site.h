// Site: one simulated site: a machine with the agent that ships, what runs on it, and who watches that what
// must never be is not. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/agent.h"
#include "agent/uplink/uplink.h"
#include "profile/plan.h"
#include "sim/ledger.h"
#include "sim/machine_log.h"
#include "sim/news.h"
#include "sim/program.h"
#include "sim/workload.h"

namespace farholm::sim {

class Site {
 public:
  // A plan as it lies on the disk.
  struct Plan {
    std::string text;  // the envelope
    profile::SitePlan plan;
    std::string digest;                               // of the payload
    std::map<std::string, std::string> fingerprints;  // by layer
  };

  // Named "store-7"; `aloud`: its log is printed. All outlive it.
  Site(io::sim::SimWorld& world, Ledger& ledger, News& news, int number, bool aloud);

  // With this it pairs. Before live().
  void set_token(std::string token) { token_ = std::move(token); }
  io::Task<void> live() { return program_.live(); }

  const std::string& name() const { return name_; }
  io::sim::SimMachine& machine() { return machine_; }
  Program& program() { return program_; }
  Workload& workload() { return workload_; }
  const agent::StateFolder& state() const { return state_; }

  // Somebody makes it run otherwise than the agent left it: what it says of itself may be late for a while.
  void disturb(io::Duration time = {});
  // A file of its state is not what it was any more: it may have forgotten.
  void spoil();
  // Its people try again what was given up.
  io::Task<void> retry();

  // The first and the newest plan that were seen accepted; nothing while a file of its state is spoilt.
  const std::optional<Plan>& first_plan() const { return first_; }
  const std::optional<Plan>& last_plan() const { return accepted_; }

  // Checks what can be checked at any moment.
  void check();
  // Whether all that the accepted plan says, and nothing else, runs and is healthy, and the agent says so.
  bool settled_at(std::int64_t generation);
  // What it has written; whether it wrote nothing since, but once the time, which it does each week.
  struct Writes {
    std::uint64_t operations = 0;
    std::string floor;
  };
  Writes writes() const;
  bool is_idle_since(const Writes& before) const;
  // Whether all that it wrote down came to the hub.
  bool news_arrived() const { return news_.arrived(name_); }
  // Why not, for people.
  std::string describe() const;

 private:
  io::Task<void> run();
  // Reads what lies on the disk, if that may have changed.
  void read_disk();
  void read_plan(const std::string& path, std::optional<Plan>& plan);
  void read_journal();
  void read_events();
  void before_apply(const std::string& layer, const std::string& fingerprint);
  void before_remove(const std::string& layer);
  void check_gate(const std::string& layer, const std::string& fingerprint);
  void check_given_up(const std::string& what, bool of_accepted_only);
  bool runs(const Plan& plan) const;
  bool calm() const;
  static bool says_rolled_back(const json::Value& report, const Plan& plan);
  void check(Invariant invariant, bool holds, const std::function<std::string()>& message);

  io::sim::SimWorld& world_;
  Ledger& ledger_;
  News& news_;
  const std::string name_;
  MachineLog sink_;
  const Logger log_{sink_, "agent"};
  io::sim::SimMachine& machine_;
  Workload workload_;
  Program program_;
  const agent::StateFolder state_{.path = "/state"};
  std::string token_;
  agent::Agent* agent_ = nullptr;  // while it runs

  std::optional<Plan> first_;
  std::optional<Plan> accepted_;
  std::optional<Plan> good_;
  std::string rolled_back_;  // digest of the plan that the journal says was taken back; "": none
  std::pair<std::uint64_t, std::uint64_t> read_at_{};  // operations on the disk, starts
  io::MonotonicTime disturbed_until_{};
  // The newest plan that was seen accepted: it and what it was stay known, whatever happens.
  std::int64_t epoch_ = 0;
  std::int64_t generation_ = 0;
  std::string digest_;
  bool spoilt_ = false;   // since the accepted plan was last seen
  std::string given_up_;  // digest of the plan that was seen given up; "": none
  // Layers that were seen healthy at rest, with the fingerprint: nobody has a reason to touch them.
  std::map<std::string, std::string> at_rest_;
};

}  // namespace farholm::sim
