#include "io/sim/sim_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/assert.h"
#include "io/sim/sim_connection.h"

namespace farholm::io::sim {
namespace {

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

std::string service_of(const Endpoint& endpoint) {
  return endpoint.kind == Endpoint::Kind::Unix ? "unix:" + endpoint.path
                                               : fmt::format("tcp:{}", endpoint.port);
}

}  // namespace

class SimListener final : public Listener {
 public:
  SimListener(SimFabric& fabric, std::string machine, Endpoint endpoint)
      : fabric_(fabric),
        machine_(std::move(machine)),
        endpoint_(std::move(endpoint)),
        arrived_(fabric.loop_) {
    fabric_.listeners_[{machine_, service_of(endpoint_)}] = this;
  }
  ~SimListener() override {
    const auto found = fabric_.listeners_.find({machine_, service_of(endpoint_)});
    if (found != fabric_.listeners_.end() && found->second == this) fabric_.listeners_.erase(found);
  }

  Task<Result<Accepted>> accept() override {
    while (waiting_.empty()) {
      arrived_.clear();
      co_await arrived_.wait();
    }
    Accepted accepted = std::move(waiting_.front());
    waiting_.pop_front();
    co_return accepted;
  }
  Endpoint local() const override { return endpoint_; }

  bool hears(const std::string& machine) const {
    return machine == machine_ || (endpoint_.kind == Endpoint::Kind::Tcp && !is_loopback(endpoint_.host));
  }
  bool full() const { return waiting_.size() >= kListenBacklog; }
  void offer(Accepted accepted) {
    waiting_.push_back(std::move(accepted));
    arrived_.set();
  }

 private:
  SimFabric& fabric_;
  const std::string machine_;
  const Endpoint endpoint_;
  std::deque<Accepted> waiting_;
  Event arrived_;
};

SimFabric::SimFabric(Loop& loop, SimEntropy entropy, History& history)
    : loop_(loop), entropy_(entropy), history_(history) {}

SimFabric::~SimFabric() {
  FARHOLM_ASSERT(connections_.empty() && listeners_.empty());
}

void SimFabric::set_link(const std::string& from, const std::string& to, const Link& link) {
  links_[{from, to}] = link;
  wake(from, to);
}

const Link& SimFabric::link(const std::string& from, const std::string& to) const {
  static constexpr Link kWithin{.latency = std::chrono::microseconds(20), .jitter = Duration(0)};
  if (from == to) return kWithin;
  const auto found = links_.find({from, to});
  return found == links_.end() ? default_link_ : found->second;
}

void SimFabric::partition(const std::string& a, const std::string& b) {
  history_.note(fmt::format("net {}={} partition", a, b));
  for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
    Link cut = link(from, to);
    cut.cut = true;
    links_[{from, to}] = cut;
  }
}

void SimFabric::heal(const std::string& a, const std::string& b) {
  history_.note(fmt::format("net {}={} heal", a, b));
  for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
    Link healed = link(from, to);
    healed.cut = false;
    set_link(from, to, healed);
  }
}

void SimFabric::reset(const std::string& a, const std::string& b) {
  for (SimConnection* connection : connections_) {
    const std::string& from = connection->to_server.from();
    const std::string& to = connection->to_server.to();
    if ((from == a && to == b) || (from == b && to == a)) {
      connection->break_off("the connection was reset by the peer");
    }
  }
}

void SimFabric::power_off(const std::string& machine) {
  dark_.insert(machine);
  std::erase_if(listeners_, [&](const auto& entry) { return entry.first.first == machine; });
  for (SimConnection* connection : connections_) {
    if (connection->to_server.from() == machine || connection->to_server.to() == machine) {
      connection->forget(machine);
    }
  }
}

void SimFabric::power_on(const std::string& machine) {
  dark_.erase(machine);
  for (const auto& [alias, other] : machines_) {
    wake(machine, other);
    wake(other, machine);
  }
}

bool SimFabric::reachable(const std::string& from, const std::string& to) const {
  return powered(from) && powered(to) && !link(from, to).cut;
}

Duration SimFabric::travel_time(const std::string& from, const std::string& to) {
  const Link& on = link(from, to);
  Duration time = on.latency;
  if (on.jitter > Duration(0)) {
    time += Duration(random_below(entropy_, static_cast<std::uint64_t>(on.jitter.count())));
  }
  while (on.loss_once_in > 1 && entropy_.once_in(on.loss_once_in)) time += kRetransmitDelay;
  return time;
}

void SimFabric::wake(const std::string& from, const std::string& to) {
  for (SimConnection* connection : connections_) {
    for (SimPipe* pipe : {&connection->to_server, &connection->to_client}) {
      if (pipe->from() == from && pipe->to() == to) pipe->wake();
    }
  }
}

std::string SimFabric::machine_for(const std::string& host, const std::string& asking) const {
  if (is_loopback(host)) return asking;
  const auto found = machines_.find(host);
  return found == machines_.end() ? "" : found->second;
}

Task<Result<std::unique_ptr<Stream>>> SimNetwork::connect(Endpoint endpoint) {
  Loop& loop = fabric_.loop_;
  const std::string target =
      endpoint.kind == Endpoint::Kind::Unix ? machine_ : fabric_.machine_for(endpoint.host, machine_);
  if (target.empty()) {
    co_return fail(ErrorCode::ServiceUnavailable,
                   fmt::format("{}: there is no host of that name", endpoint.to_string()));
  }
  const auto begun = loop.clock().monotonic();
  Duration again_in = std::chrono::seconds(1);
  while (true) {
    co_await loop.sleep(fabric_.travel_time(machine_, target));
    if (fabric_.reachable(machine_, target) && fabric_.reachable(target, machine_)) break;
    if (loop.clock().monotonic() - begun >= kConnectTimeout) {
      co_return fail(ErrorCode::ServiceUnavailable,
                     fmt::format("{}: the connection timed out", endpoint.to_string()));
    }
    co_await loop.sleep(again_in);
    again_in *= 2;
  }
  const auto found = fabric_.listeners_.find({target, service_of(endpoint)});
  if (found == fabric_.listeners_.end() || !found->second->hears(machine_) || found->second->full()) {
    co_await loop.sleep(fabric_.travel_time(target, machine_));
    co_return fail(ErrorCode::ServiceUnavailable,
                   fmt::format("{}: the connection was refused", endpoint.to_string()));
  }
  auto connection = std::make_shared<SimConnection>(fabric_, machine_, target);
  fabric_.history_.note(fmt::format("net {}>{} connect {}", machine_, target, service_of(endpoint)));
  std::string peer;
  if (endpoint.kind == Endpoint::Kind::Tcp) {
    peer = fmt::format("{}:{}", machine_, 32'768 + fabric_.connections_made_++ % 28'232);
  }
  found->second->offer({std::make_unique<SimStream>(connection, /*is_client=*/false), std::move(peer)});
  auto stream = std::make_unique<SimStream>(std::move(connection), /*is_client=*/true);
  co_await loop.sleep(fabric_.travel_time(target, machine_));
  co_return stream;
}

Result<std::unique_ptr<Listener>> SimNetwork::listen(const Endpoint& endpoint, ListenOptions /*options*/) {
  Endpoint chosen = endpoint;
  if (chosen.kind == Endpoint::Kind::Tcp && chosen.port == 0) chosen.port = fabric_.next_port_++;
  if (fabric_.listeners_.contains({machine_, service_of(chosen)})) {
    return fail(ErrorCode::Conflict,
                fmt::format("{}: another program on {} listens there", chosen.to_string(), machine_));
  }
  return std::make_unique<SimListener>(fabric_, machine_, std::move(chosen));
}

}  // namespace farholm::io::sim
