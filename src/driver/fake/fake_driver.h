// FakeDriver: a Driver in memory, for tests of the engine and the agent. It remembers which fingerprint
// was applied to which layer; how layers are, what fails and how long things take is scripted by the test.
// One thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "driver/driver.h"
#include "io/loop.h"

namespace farholm::driver::fake {

class FakeDriver final : public Driver {
 public:
  explicit FakeDriver(io::Loop& loop) : loop_(loop), changed_(loop) {}

  // The script. Each sets changed().
  // From now on a layer that was applied is this (Healthy until told otherwise).
  void set_health(const std::string& layer, Health health, std::string message = "");
  // The same, but only of what was applied with this fingerprint.
  void set_health_of(const std::string& fingerprint, Health health, std::string message);
  // Somebody touched it behind our back: Drifted until the next apply.
  void drift(const std::string& layer, std::string message);
  // It is gone: Absent until the next apply.
  void lose(const std::string& layer);
  // The next `times` operations on the layer end with this error, after their time.
  void fail_next(const std::string& layer, Error error, int times = 1);
  // How long apply and remove take from now on.
  void set_duration(io::Duration duration) { duration_ = duration; }
  // An applied layer becomes healthy this long after apply returned; Progressing until then.
  void set_time_to_healthy(io::Duration duration) { time_to_healthy_ = duration; }

  // What happened, in order: "apply till sha256:…", "remove till". An operation is noted when it begins.
  const std::vector<std::string>& calls() const { return calls_; }
  // Fingerprints by layer of what was applied completely.
  std::map<std::string, std::string> applied() const;
  // The blob that was last applied, or nullptr.
  const json::Value* spec_of(const std::string& layer) const;

  io::Task<Result<Observation>> observe(const SiteContext& site, const Layer& layer) override;
  io::Task<Result<void>> apply(const SiteContext& site, const Layer& layer, Progress progress) override;
  io::Task<Result<void>> remove(const SiteContext& site, const std::string& layer_name,
                                Progress progress) override;
  io::Task<Result<std::vector<std::string>>> layers(const SiteContext& site) override;
  io::Event& changed() override { return changed_; }

 private:
  struct State {
    std::string fingerprint;
    json::Value spec;
    bool complete = false;  // apply was not cut off
    std::optional<std::string> drifted;
    io::MonotonicTime healthy_at;
  };
  struct Script {
    Health health = Health::Healthy;
    std::string message;
    std::vector<Error> failures;
  };
  std::optional<Error> next_failure(const std::string& layer);

  io::Loop& loop_;
  io::Event changed_;
  io::Duration duration_{0};
  io::Duration time_to_healthy_{0};
  std::map<std::string, State> states_;
  std::map<std::string, Script> scripts_;
  std::map<std::string, Observation> contents_;  // by fingerprint
  std::vector<std::string> calls_;
};

}  // namespace farholm::driver::fake
