// What the connections of one HttpServer share. Internal to net.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "io/event.h"
#include "net/server.h"

namespace farholm::net {

class HeldAnswer;

struct ServerState {
  io::Loop& loop;
  HttpHandler& handler;
  Logger log;
  ServerOptions options;
  std::uint64_t body_bytes_held = 0;
  std::uint64_t request_bytes_held = 0;
  std::uint64_t answer_bytes_held = 0;
  std::list<HeldAnswer*> held_answers;  // the one of which nothing was taken for longest first
  io::Event answer_gone;                // one of them
  io::Event draining;                   // set once: no new requests
};

// Before a handler is asked: while others read what they asked for, and that is much, a request waits for its
// turn. Not for those who do not read, and not for long: then it costs them theirs.
io::Task<void> wait_for_room(ServerState& server);

// How busy a connection is; the server reads it to choose which one makes room.
class ConnectionActivity {
 public:
  explicit ConnectionActivity(io::Loop& loop) : loop_(loop), evicted(loop) { touch(); }
  // A handler has begun or ended.
  void begin() { ++running_; }
  void end() {
    --running_;
    touch();
  }
  bool idle() const { return running_ == 0; }
  io::MonotonicTime idle_since() const { return idle_since_; }

 private:
  void touch() { idle_since_ = loop_.clock().monotonic(); }
  io::Loop& loop_;
  int running_ = 0;
  io::MonotonicTime idle_since_;

 public:
  io::Event evicted;  // set: close now
};

// A share of the memory for bodies that are held whole; given back when it goes.
class BodyBudget {
 public:
  explicit BodyBudget(ServerState& server) : server_(server) {}
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;
  ~BodyBudget() { server_.body_bytes_held -= held_; }
  // False when the server holds too much already.
  bool take(std::uint64_t bytes);

 private:
  ServerState& server_;
  std::uint64_t held_ = 0;
};

// An answer, or a piece of one, while it is being sent: whoever asks for much and does not read makes us hold
// it. When all that is held is too much, those of which nothing was taken for longest are told to give up.
class HeldAnswer {
 public:
  // Shorter ones do not count: there are no more of them than requests and connections.
  static constexpr std::size_t kBytesMin = (16 << 10) + 1;

  // `give_up` is called at most once, not from the constructor; it may not destroy this at once.
  HeldAnswer(ServerState& server, std::size_t bytes, std::function<void()> give_up);
  HeldAnswer(const HeldAnswer&) = delete;
  HeldAnswer& operator=(const HeldAnswer&) = delete;
  ~HeldAnswer() { forget(); }

  // Some of it was taken.
  void progressed();
  io::MonotonicTime progressed_at() const { return progressed_at_; }

 private:
  void forget();

  ServerState& server_;
  std::size_t bytes_;
  std::function<void()> give_up_;
  io::MonotonicTime progressed_at_;
  std::optional<std::list<HeldAnswer*>::iterator> position_;
};

// Reads a whole body under a limit, the server's budget and its time for bodies.
io::Task<Result<std::string>> read_body_within(ServerState& server, BodyBudget& budget, BodyReader& body,
                                               std::uint64_t limit_bytes);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string http_date(io::WallTime time);

// A plain answer for what goes wrong before or without a handler: the status and its reason as text.
Response plain_answer(int status, std::string_view detail);

}  // namespace farholm::net
