// Agent: everything that runs on a host, put together: the accepted plan, content, drivers, the loop, the
// local door, and the registry's process. main gives it a world and options; a hub's link is added beside it
// (it offers plans and sources, and reads the report). One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/event_journal.h"
#include "agent/plan_inbox.h"
#include "agent/state_folder.h"
#include "agent/time_keeper.h"
#include "base/log.h"
#include "content/blob_source.h"
#include "driver/driver.h"
#include "engine/status.h"
#include "io/event.h"
#include "io/world.h"
#include "json/json.h"

namespace farholm::agent {

inline constexpr std::string_view kVersion = "0.1.0";

struct AgentOptions {
  StateFolder state{"/var/lib/farholm"};
  std::string root_path;                     // of root.json; may be empty once the state folder has one
  std::string machine_id;                    // empty: the machine's own
  std::string sysroot;                       // where /sys, /proc and /etc are read from
  std::vector<std::string> content_folders;  // OCI layouts, or folders of them, asked in this order
  std::string docker_endpoint = "unix:/var/run/docker.sock";
  // How to start the registry's process: the program and its first arguments ("farholm-agent", "registry").
  std::vector<std::string> registry_command;
  std::string nameservers;      // for nodes; empty: they have none
  std::string kubeconfig_path;  // where the site's kubeconfig is written, 0600; empty: nowhere
  // Nothing is brought up: driver/simulated stands in for Docker and Kubernetes, and the report says so.
  bool simulated = false;
  // Whose clock is the world's; it outlives the agent. None: the world's clock is right.
  const TimeKeeper* time = nullptr;
  // By type of layer, in place of all of the above that brings something up; they outlive the agent.
  std::map<std::string, driver::Driver*> drivers;
};

class Agent {
 public:
  // Opens the state folder and locks it; starts nothing. Errors say what to do.
  static Result<std::unique_ptr<Agent>> open(const io::World& world, Logger log, AgentOptions options);
  ~Agent();

  // Until it is dropped.
  io::Task<void> run();

  // Judges a plan and, when it is accepted, makes the site follow it. A refusal is remembered in the report.
  Result<Acceptance> offer_plan(std::string_view envelope);
  // How local status says whether the hub is connected; without it this agent works without one.
  void set_hub(std::function<bool()> connected);
  // In front of the folders: a hub, a neighbour. Outlives the agent's run.
  void add_source(content::BlobSource& source);
  // A small blob from the sources, checked.
  io::Task<Result<std::string>> fetch_small(std::string digest, std::uint64_t limit_bytes);

  // report.h; and notified when it may have changed.
  json::Value report() const;
  io::Event& report_changed();
  // What happened here, for the hub.
  EventJournal& events();
  // True when everything is in place and healthy, and nothing is left to do.
  bool settled() const;

 private:
  class Implementation;
  explicit Agent(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace farholm::agent
