// HubMachine: the hub that ships, on a simulated machine, and the operator who writes to it: what the hub
// acknowledged is remembered, and must stay. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "hub/hub.h"
#include "sim/ledger.h"
#include "sim/machine_log.h"
#include "sim/news.h"
#include "sim/program.h"

namespace farholm::sim {

class HubMachine {
 public:
  // Listens on hub:8443; `aloud`: its log is printed. All outlive it.
  HubMachine(io::sim::SimWorld& world, Ledger& ledger, News& news, bool aloud);

  io::Task<void> live() { return program_.live(); }
  io::sim::SimMachine& machine() { return machine_; }
  Program& program() { return program_; }
  hub::Hub* hub() { return hub_; }  // while it serves

  // A request of the operator's over the network. An answer of 300 or more is an error with its message.
  io::Task<Result<json::Value>> ask(std::string method, std::string path, json::Value body = nullptr);
  // The same, of an object that only the operator writes: what was acknowledged has to stay.
  io::Task<Result<json::Value>> write(std::string method, std::string path, json::Value body);

  void check();

 private:
  struct Acknowledged {
    store::Key key;
    std::int64_t revision = 0;
    std::optional<json::Value> spec;  // nothing while a later write had no answer
  };

  io::Task<void> run();
  io::Task<void> follow_events();
  void give_authority();

  io::sim::SimWorld& world_;
  Ledger& ledger_;
  News& news_;
  MachineLog sink_;
  const Logger log_{sink_, "hub"};
  io::sim::SimMachine& machine_;
  io::sim::SimMachine& operator_;
  Program program_;
  hub::Hub* hub_ = nullptr;
  std::uint64_t started_ = 0;  // of the program's starts, the last that served
  io::ChannelIdentity admin_;
  std::string authorities_;
  std::map<std::string, Acknowledged> acknowledged_;  // by path
};

}  // namespace farholm::sim
