// SimulatedDriver: a Driver that brings nothing up. It remembers which fingerprint of which layer would be
// there, takes a short time over it so that a person can watch, and says in every sentence that it is
// simulated. The record is one file, kept through restarts; it also marks the state folder as a simulated
// agent's (agent/state_claim.h). The agent owns it. One thread, that of its loop.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "driver/driver.h"
#include "io/files.h"
#include "io/loop.h"
#include "io/scope.h"

namespace farholm::driver::simulated {

// How long things seem to take.
struct Pace {
  io::Duration part = std::chrono::milliseconds(150);      // each node or object of a layer
  io::Duration layer_max = std::chrono::seconds(3);        // all parts of one layer together
  io::Duration time_to_healthy = std::chrono::seconds(2);  // from applied to healthy
};

class SimulatedDriver final : public Driver {
 public:
  // Reads the record at `path`, or makes it: durable when it returns. Invalid for one that cannot be read.
  // Loop and files outlive the driver.
  static Result<std::unique_ptr<SimulatedDriver>> open(io::Loop& loop, io::Files& files, std::string path,
                                                       Pace pace = {});

  // A layer that was applied before a restart is healthy at once. Drifted when applying it was cut off.
  io::Task<Result<Observation>> observe(const SiteContext& site, const Layer& layer) override;
  io::Task<Result<void>> apply(const SiteContext& site, const Layer& layer, Progress progress) override;
  io::Task<Result<void>> remove(const SiteContext& site, const std::string& layer_name,
                                Progress progress) override;
  io::Task<Result<std::vector<std::string>>> layers(const SiteContext& site) override;
  io::Event& changed() override { return changed_; }

 private:
  // By layer: the fingerprint of what would be there; empty while it is being applied. Nothing of a layer's
  // content: that may hold secrets.
  using Record = std::map<std::string, std::string>;

  SimulatedDriver(io::Loop& loop, io::Files& files, std::string path, Pace pace)
      : loop_(loop), files_(files), path_(std::move(path)), pace_(pace), changed_(loop), timers_(loop) {}
  static Result<Record> parse(const std::string& text);
  Result<void> save(Record record);
  io::Task<void> tell_when_healthy();

  io::Loop& loop_;
  io::Files& files_;
  const std::string path_;
  const Pace pace_;
  Record record_;
  std::map<std::string, io::MonotonicTime> healthy_at_;  // of layers that were applied since the start
  io::Event changed_;
  io::Scope timers_;
};

}  // namespace farholm::driver::simulated
