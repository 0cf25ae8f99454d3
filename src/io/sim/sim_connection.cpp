#include "io/sim/sim_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/encoding.h"

namespace farholm::io::sim {
namespace {

std::unexpected<Error> broken(const std::string& why) {
  return std::unexpected(Error{ErrorCode::ServiceUnavailable, why});
}

}  // namespace

SimPipe::SimPipe(SimConnection& connection, Loop& loop, std::string from, std::string to)
    : readable(loop),
      writable(loop, true),
      connection_(connection),
      loop_(loop),
      from_(std::move(from)),
      to_(std::move(to)) {}

// Readiness is a level: set as long as an attempt would not be in vain.
void SimPipe::update() {
  if (reader_error_ || !arrived_.empty() || end_arrived_) {
    readable.set();
  } else {
    readable.clear();
  }
  if (writer_error_ || ended_ || under_way_bytes_ + arrived_.size() < kStreamBufferBytes) {
    writable.set();
  } else {
    writable.clear();
  }
}

Result<std::optional<std::size_t>> SimPipe::read(std::span<std::byte> into) {
  if (reader_error_) return broken(*reader_error_);
  if (arrived_.empty()) return end_arrived_ ? std::optional<std::size_t>(0) : std::nullopt;
  const std::size_t count = std::min(into.size(), arrived_.size());
  std::memcpy(into.data(), arrived_.data(), count);
  arrived_.erase(0, count);
  update();
  return count;
}

Result<std::optional<std::size_t>> SimPipe::write(std::span<const std::byte> bytes) {
  if (writer_error_) return broken(*writer_error_);
  if (ended_) return fail(ErrorCode::BadRequest, "written after the end");
  if (bytes.empty()) return 0;
  const std::size_t used = under_way_bytes_ + arrived_.size();
  if (used >= kStreamBufferBytes) return std::nullopt;
  const std::size_t count = std::min(bytes.size(), kStreamBufferBytes - used);
  send(std::string(as_text(bytes.first(count))));
  update();
  return count;
}

void SimPipe::end() {
  if (std::exchange(ended_, true)) return;
  send("");
  update();
}

void SimPipe::stop_receiving() {
  reader_closed_ = true;
  // As TCP does: what arrived and will never be read is not passed over in silence.
  if (!arrived_.empty()) connection_.break_off("the connection was reset by the peer");
}

void SimPipe::send(std::string bytes) {
  SimFabric& fabric = connection_.fabric;
  const Link& link = fabric.link(from_, to_);
  last_departure_ = std::max(last_departure_, loop_.clock().monotonic());
  if (link.bytes_per_second != 0) {
    last_departure_ += Duration(bytes.size() * 1'000'000'000 / link.bytes_per_second);
  }
  last_arrival_ = std::max(last_arrival_, last_departure_ + fabric.travel_time(from_, to_));
  under_way_bytes_ += bytes.size();
  under_way_.push_back({last_arrival_, std::move(bytes)});
  if (under_way_.size() == 1) loop_.enqueue_at(delivery_, last_arrival_);
}

void SimPipe::deliver() {
  SimFabric& fabric = connection_.fabric;
  const auto now = loop_.clock().monotonic();
  while (!under_way_.empty() && under_way_.front().arrival <= now) {
    if (!fabric.reachable(from_, to_)) {
      if (!held_up_since_) held_up_since_ = now;
      if (now - *held_up_since_ >= kRetransmitTimeout) {
        connection_.break_off("the connection timed out");
      } else {
        loop_.enqueue_at(delivery_, *held_up_since_ + kRetransmitTimeout);
      }
      return;
    }
    held_up_since_.reset();
    Segment segment = std::move(under_way_.front());
    under_way_.pop_front();
    under_way_bytes_ -= segment.bytes.size();
    const std::string what = fabric.left_out_.empty() ? fmt::format("{:x}", History::digest(segment.bytes))
                                                      : "(" + fabric.left_out_ + ")";
    fabric.history_.note(fmt::format("net {}>{} at {} {} {}", from_, to_, now.time_since_epoch().count(),
                                     segment.bytes.size(), what));
    if (!connection_.known_at(to_) || (reader_closed_ && !segment.bytes.empty())) {
      connection_.break_off("the connection was reset by the peer");
      return;
    }
    if (segment.bytes.empty()) end_arrived_ = true;
    arrived_ += segment.bytes;
  }
  update();
  if (!under_way_.empty()) loop_.enqueue_at(delivery_, under_way_.front().arrival);
}

void SimPipe::wake() {
  if (!under_way_.empty()) {
    loop_.enqueue_at(delivery_,
                     std::max(under_way_.front().arrival,
                              loop_.clock().monotonic() + connection_.fabric.travel_time(from_, to_)));
  }
}

void SimPipe::fail_reader(std::string why) {
  if (!reader_error_) reader_error_ = std::move(why);
  update();
}

void SimPipe::fail_writer(std::string why) {
  if (!writer_error_) writer_error_ = std::move(why);
  under_way_.clear();
  under_way_bytes_ = 0;
  delivery_.dequeue();
  update();
}

SimConnection::SimConnection(SimFabric& on, std::string client, std::string server)
    : fabric(on), to_server(*this, on.loop_, client, server), to_client(*this, on.loop_, server, client) {
  self_ = fabric.connections_.insert(fabric.connections_.end(), this);
}

SimConnection::~SimConnection() {
  fabric.connections_.erase(self_);
}

void SimConnection::break_off(const std::string& why) {
  fabric.history_.note(fmt::format("net {}={} {}", to_server.from(), to_server.to(), why));
  for (SimPipe* pipe : {&to_server, &to_client}) {
    pipe->fail_writer(why);
    pipe->fail_reader(why);
  }
}

void SimConnection::forget(const std::string& machine) {
  forgotten_.insert(machine);
  for (SimPipe* pipe : {&to_server, &to_client}) {
    if (pipe->from() == machine) pipe->fail_writer("the power is off");
    if (pipe->to() == machine) pipe->fail_reader("the power is off");
  }
}

}  // namespace farholm::io::sim
