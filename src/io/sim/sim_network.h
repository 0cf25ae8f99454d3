// The network between simulated machines. A stream is TCP as its users know it: bytes arrive in order or not
// at all; a lost packet is only a delay; a partition is silence until it heals or the connection gives up; a
// machine that lost its power says nothing, and once it is back it resets what it does not remember. What
// varies is drawn from the seed.
//
// A machine is reached by its name ("hub:8443"), itself also as "localhost", 127.0.0.1, ::1 and by unix
// sockets. One thread.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "io/event.h"
#include "io/loop.h"
#include "io/sim/history.h"
#include "io/sim/sim_entropy.h"
#include "io/stream.h"

namespace farholm::io::sim {

inline constexpr std::size_t kStreamBufferBytes = 256 * 1024;  // sent and not yet read, in each direction
inline constexpr std::size_t kListenBacklog = 4096;
inline constexpr Duration kConnectTimeout = std::chrono::seconds(127);    // Linux: tcp_syn_retries = 6
inline constexpr Duration kRetransmitTimeout = std::chrono::minutes(15);  // Linux: tcp_retries2 = 15, about
inline constexpr Duration kRetransmitDelay = std::chrono::milliseconds(200);

// One direction between two machines.
struct Link {
  Duration latency = std::chrono::milliseconds(1);
  Duration jitter = std::chrono::microseconds(100);  // added, evenly from none to this
  std::uint64_t loss_once_in = 0;                    // packets; 0: never
  std::uint64_t bytes_per_second = 0;                // 0: as fast as it may be
  bool cut = false;                                  // nothing arrives
};

class SimConnection;

// What connects the machines of one world.
class SimFabric {
 public:
  // The parts outlive it; all streams and listeners are gone before it.
  SimFabric(Loop& loop, SimEntropy entropy, History& history);
  ~SimFabric();

  // From now on, for every pair that has no setting of its own.
  void set_default_link(const Link& link) { default_link_ = link; }
  // Of packets from one machine to another.
  void set_link(const std::string& from, const std::string& to, const Link& link);
  const Link& link(const std::string& from, const std::string& to) const;
  // Both directions. What was under way arrives when it heals.
  void partition(const std::string& a, const std::string& b);
  void heal(const std::string& a, const std::string& b);
  // Every connection between them is cut off at once, and both sides hear of it.
  void reset(const std::string& a, const std::string& b);

  // Another name or address by which a machine is reached.
  void add_alias(std::string alias, std::string machine) { machines_[std::move(alias)] = std::move(machine); }

  // From now on the history holds when and how much was sent, and `what` in place of what it was: for bytes
  // that chance decides which no seed reaches.
  void leave_out_bytes(std::string what) { left_out_ = std::move(what); }

  // A machine lost its power: its listeners and streams are gone, and nobody is told. Or it is back.
  void power_off(const std::string& machine);
  void power_on(const std::string& machine);
  bool powered(const std::string& machine) const { return !dark_.contains(machine); }

 private:
  friend class SimConnection;
  friend class SimListener;
  friend class SimNetwork;
  friend class SimPipe;
  using Address = std::pair<std::string, std::string>;  // machine, "tcp:80" or "unix:/path"

  bool reachable(const std::string& from, const std::string& to) const;
  Duration travel_time(const std::string& from, const std::string& to);
  void wake(const std::string& from, const std::string& to);
  std::string machine_for(const std::string& host, const std::string& asking) const;  // "": there is none

  Loop& loop_;
  SimEntropy entropy_;
  History& history_;
  Link default_link_;
  std::string left_out_;  // "": nothing
  std::map<std::pair<std::string, std::string>, Link> links_;
  std::map<std::string, std::string> machines_;  // by each of their names
  std::set<std::string> dark_;
  std::map<Address, class SimListener*> listeners_;
  std::list<SimConnection*> connections_;
  std::uint64_t connections_made_ = 0;
  std::uint16_t next_port_ = 30'000;
};

// One machine's share of it.
class SimNetwork final : public Network {
 public:
  SimNetwork(SimFabric& fabric, std::string machine) : fabric_(fabric), machine_(std::move(machine)) {
    fabric_.add_alias(machine_, machine_);
  }

  Task<Result<std::unique_ptr<Stream>>> connect(Endpoint endpoint) override;
  Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint, ListenOptions options = {}) override;

 private:
  SimFabric& fabric_;
  const std::string machine_;
};

}  // namespace farholm::io::sim
