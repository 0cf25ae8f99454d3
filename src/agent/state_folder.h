// Where the agent keeps what: the names under its state folder, in one place. Plain values; any thread.
#pragma once

#include <string>

namespace farholm::agent {

struct StateFolder {
  std::string path;  // "/var/lib/farholm"

  std::string lock() const { return path + "/lock"; }  // held by the running agent
  std::string root() const { return path + "/root.json"; }
  std::string identity() const { return path + "/identity.json"; }  // the host's keys; 0600
  std::string plan() const { return path + "/plan.json"; }          // the accepted plan's envelope
  std::string good_plan() const {
    return path + "/plan.good.json";
  }  // that of the newest one that was healthy
  std::string time() const { return path + "/time.json"; }  // below which no clock is believed; time_keeper.h
  std::string hold() const { return path + "/hold"; }       // by the people on site; hold.h
  std::string journal() const { return path + "/journal.json"; }
  std::string events() const { return path + "/events"; }         // what happened here; event_journal.h
  std::string cluster() const { return path + "/cluster.json"; }  // the kubernetes driver's; 0600
  std::string content() const { return path + "/content"; }
  std::string volumes() const { return path + "/volumes"; }  // persistent volumes of the site
  std::string socket() const { return path + "/agent.sock"; }
  std::string registry_log() const { return path + "/registry.log"; }
  // What the registry shows to the agent, so that it is not taken for another program; nothing secret.
  std::string registry_mark() const { return path + "/registry.mark"; }
  std::string images() const { return path + "/images.json"; }  // names that the registry serves
  std::string hub() const { return path + "/hub.json"; }        // pairing: address, certificate
  // What would be there, had a simulated agent brought it up; only such an agent has it.
  std::string simulation() const { return path + "/simulated.json"; }
};

}  // namespace farholm::agent
