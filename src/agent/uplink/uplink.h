// Uplink: the agent's side of its hub. It pairs (the key never leaves the host), keeps the client
// certificate fresh, holds the control link, offers the plans that the hub wants to the site, sends the
// site's report when it changes, and serves as a source of content. Nothing at the site waits for it: without
// a hub it dials again, and again. Owned by main, beside the Agent; one thread.
//
//   UplinkOptions uplink_options{.state = state, .hub = "hub:8443", .token = token, .inventory = …};
//   FARHOLM_CO_CHECK(co_await obtain_root(world, log, uplink_options));    // before Agent::open
//   auto agent = Agent::open(…);
//   Uplink uplink(world, log, **agent, uplink_options);
//   scope.spawn(uplink.run()); scope.spawn((*agent)->run());
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/agent.h"
#include "agent/state_folder.h"
#include "base/log.h"
#include "io/world.h"
#include "json/json.h"

namespace farholm::agent {

struct UplinkOptions {
  StateFolder state;
  // "hub.example.com:8443"; empty: the one that this host paired with.
  std::string hub;
  // What an operator was given, or the empty string: then the host waits until an operator approves it.
  std::string token;
  // What the host says it is, as AgentOptions::machine_id; empty: the machine's own, below `sysroot`.
  std::string machine_id;
  std::string sysroot;
  // Of the world that the uplink is given: told what time the hub says it is. None: nobody wants to know.
  TimeKeeper* time = nullptr;
  // What the machine is made of; asked once per pairing and at each start. May be empty.
  std::function<json::Value()> inventory;
};

// What the uplink needs of a site: an Agent, or a test's.
class UplinkSite {
 public:
  virtual ~UplinkSite() = default;
  virtual Result<Acceptance> offer_plan(std::string_view envelope) = 0;
  virtual json::Value report() const = 0;
  virtual io::Event& report_changed() = 0;
  virtual void add_source(content::BlobSource& source) = 0;
  virtual EventJournal& events() = 0;
};

// Before Agent::open, which needs it: with a token, the state folder gets the root that the token names, from
// the hub, and asks until the hub answers. Returns at once when the folder has a root, or when the agent is
// given one by --root (`root_given`). BadRequest, saying what to do, when there is neither.
io::Task<Result<void>> obtain_root(const io::World& world, Logger log, const UplinkOptions& options,
                                   bool root_given);

class Uplink {
 public:
  // All outlive the uplink. The state folder holds the root and the identity (Agent::open has seen to it).
  Uplink(const io::World& world, Logger log, Agent& agent, UplinkOptions options);
  Uplink(const io::World& world, Logger log, UplinkSite& site, UplinkOptions options);
  ~Uplink();

  // Until it is dropped. Ends only when it can never work (no hub known, a root that is not there), having
  // said so in the log.
  io::Task<void> run();

  // Whether the control link stands.
  bool connected() const;

 private:
  class Implementation;
  std::unique_ptr<UplinkSite> own_site_;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace farholm::agent
