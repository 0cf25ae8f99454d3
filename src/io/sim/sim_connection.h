// A connection between two simulated machines: two pipes, one for each direction. Held by the stream at
// each end. Part of sim_network.cpp. One thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "io/sim/sim_network.h"

namespace farholm::io::sim {

// One direction. Segments arrive in the order in which they were sent.
class SimPipe {
 public:
  SimPipe(SimConnection& connection, Loop& loop, std::string from, std::string to);

  Result<std::optional<std::size_t>> read(std::span<std::byte> into);
  Result<std::optional<std::size_t>> write(std::span<const std::byte> bytes);
  void end();             // nothing more will be written
  void stop_receiving();  // the reader has closed its stream
  void wake();            // what was held up by a cut link may go on

  void fail_reader(std::string why);
  void fail_writer(std::string why);

  const std::string& from() const { return from_; }
  const std::string& to() const { return to_; }
  Event readable;
  Event writable;

 private:
  struct Segment {
    MonotonicTime arrival;
    std::string bytes;  // empty: the end
  };
  struct Delivery final : Runnable {
    explicit Delivery(SimPipe& owner) : pipe(owner) {}
    void run() override { pipe.deliver(); }
    SimPipe& pipe;
  };

  void send(std::string bytes);
  void deliver();
  void update();

  SimConnection& connection_;
  Loop& loop_;
  const std::string from_, to_;
  std::deque<Segment> under_way_;
  std::size_t under_way_bytes_ = 0;
  MonotonicTime last_departure_;
  MonotonicTime last_arrival_;
  std::string arrived_;
  bool ended_ = false;        // by the writer
  bool end_arrived_ = false;  // at the reader
  bool reader_closed_ = false;
  std::optional<std::string> reader_error_;
  std::optional<std::string> writer_error_;
  std::optional<MonotonicTime> held_up_since_;
  Delivery delivery_{*this};
};

class SimConnection {
 public:
  SimConnection(SimFabric& fabric, std::string client, std::string server);
  ~SimConnection();

  // Both ends hear that it is over, at once.
  void break_off(const std::string& why);
  // The machine at this end has forgotten the connection, silently.
  void forget(const std::string& machine);
  // Whether the machine at that end knows the connection.
  bool known_at(const std::string& machine) const { return !forgotten_.contains(machine); }

  SimFabric& fabric;
  SimPipe to_server;
  SimPipe to_client;

 private:
  std::set<std::string> forgotten_;
  std::list<SimConnection*>::iterator self_;
};

class SimStream final : public Stream {
 public:
  SimStream(std::shared_ptr<SimConnection> connection, bool is_client)
      : connection_(std::move(connection)),
        in_(is_client ? connection_->to_client : connection_->to_server),
        out_(is_client ? connection_->to_server : connection_->to_client) {}
  ~SimStream() override {
    out_.end();
    in_.stop_receiving();
  }

  Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override { return in_.read(into); }
  Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) override {
    return out_.write(bytes);
  }
  Task<void> readable() override { co_await in_.readable.wait(); }
  Task<void> writable() override { co_await out_.writable.wait(); }
  Result<void> shutdown_write() override {
    out_.end();
    return {};
  }

 private:
  std::shared_ptr<SimConnection> connection_;
  SimPipe& in_;
  SimPipe& out_;
};

}  // namespace farholm::io::sim
