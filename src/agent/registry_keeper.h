// RegistryKeeper: sees to it that the site's registry serves, in a process of its own that outlives the
// agent: starts it where nobody listens, and tells it from another program that has its port by a mark that
// only those who read this state folder know. Says in a sentence what is in the way. Owned by the agent; one
// thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/state_folder.h"
#include "base/log.h"
#include "io/world.h"

namespace farholm::agent {

// Of the site registry, on loopback and on the bridge (docs/formats/plan.md).
inline constexpr std::uint16_t kRegistryPort = 5000;
// What an answer of the registry carries: the mark in its state folder.
inline constexpr std::string_view kRegistryHeader = "Farholm-Registry";
// How often it is looked at while it serves, and while it does not.
inline constexpr auto kRegistryLook = std::chrono::seconds(30);
inline constexpr auto kRegistryLookAgain = std::chrono::seconds(5);

// The mark of this state folder; nothing when there is none yet.
Result<std::optional<std::string>> read_registry_mark(io::Files& files, const StateFolder& state);

class RegistryKeeper {
 public:
  struct Parts {
    io::World world;
    Logger log;
    StateFolder state;
    // The program and its first arguments ("farholm-agent", "registry").
    std::vector<std::string> command;
    // The sentence that says what is wrong; the empty one when nothing is.
    std::function<void(std::string)> tell;
  };
  explicit RegistryKeeper(Parts parts) : parts_(std::move(parts)) {}

  // Until it is dropped. `bridge` is the site's address of this host; the bridge may not be there yet.
  io::Task<void> run(std::string bridge);

  // True when our registry answered when it was last asked.
  bool serves() const { return serves_; }

 private:
  enum class Found : std::uint8_t { Ours, Nobody, Silence, Another };
  Result<std::string> mark();
  io::Task<Found> look(std::string mark);
  Result<void> start(const std::string& bridge);

  Parts parts_;
  bool serves_ = false;
};

}  // namespace farholm::agent
