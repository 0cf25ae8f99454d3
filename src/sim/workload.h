// Workload: what runs at a simulated site, as the driver of every layer. It is there when the agent is not:
// power cuts and new agents leave it as it was. It does what a layer's objects say of themselves, and it
// fails as it is told to. One thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "driver/driver.h"
#include "io/sim/sim_world.h"

namespace farholm::sim {

// What a layer does once it was applied; its Deployment's Pod template says it in an annotation.
inline constexpr std::string_view kBehaviour = "behaviour";
inline constexpr std::string_view kHealthy = "healthy";  // soon
inline constexpr std::string_view kSlow = "slow";        // healthy after minutes, within a plan's time
inline constexpr std::string_view kStuck = "stuck";      // never becomes healthy
inline constexpr std::string_view kCrashes = "crashes";  // says so at once

class Workload final : public driver::Driver {
 public:
  // A layer as it really is.
  struct State {
    std::string fingerprint;
    std::string behaviour;
    bool serves = false;    // has a Deployment: changing it interrupts somebody
    bool complete = false;  // applying it was not cut off
    bool drifted = false;   // by hand
    bool ill = false;       // by itself
    io::MonotonicTime healthy_at;
  };
  // Of the next operation.
  enum class Trouble : std::uint8_t {
    None,
    Fails,     // an error at once, nothing is done
    Hangs,     // for the time that was given, then an error
    Lies,      // says that all was done
    HalfDone,  // an error after a part was done
  };

  // Both outlive it. Without power nothing is done any more: the agent's last words count for nothing.
  Workload(io::Loop& loop, io::sim::SimMachine& machine) : loop_(loop), machine_(machine), changed_(loop) {}

  // Before anything is done; sees the layer as it was. Not told of a removal of what is not there.
  std::function<void(const std::string& layer, const std::string& fingerprint)> on_apply;
  std::function<void(const std::string& layer)> on_remove;

  void next_apply(Trouble trouble, io::Duration time = {}) { next_apply_ = {trouble, time}; }
  void next_look(Trouble trouble, io::Duration time = {}) { next_look_ = {trouble, time}; }
  // Each on a layer that is there; false where it is not.
  bool drift(const std::string& layer);
  bool lose(const std::string& layer);
  bool fall_ill(const std::string& layer, bool ill);

  const std::map<std::string, State>& layers() const { return layers_; }
  // As it would be observed, were its fingerprint wanted.
  driver::Health health(const State& state) const;

  io::Task<Result<driver::Observation>> observe(const driver::SiteContext& site,
                                                const driver::Layer& layer) override;
  io::Task<Result<void>> apply(const driver::SiteContext& site, const driver::Layer& layer,
                               driver::Progress progress) override;
  io::Task<Result<void>> remove(const driver::SiteContext& site, const std::string& layer_name,
                                driver::Progress progress) override;
  io::Task<Result<std::vector<std::string>>> layers(const driver::SiteContext& site) override;
  io::Event& changed() override { return changed_; }

 private:
  struct Next {
    Trouble trouble = Trouble::None;
    io::Duration time{};
  };
  Result<void> check_power() const;
  // The error that the operation ends with, if it is to fail before it did anything.
  io::Task<Result<void>> suffer(Next& next);

  io::Loop& loop_;
  io::sim::SimMachine& machine_;
  io::Event changed_;
  std::map<std::string, State> layers_;
  Next next_apply_;
  Next next_look_;
};

}  // namespace farholm::sim
