// A loop without a world: time passes only when everybody waits for it, connections are in memory. Test only.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "io/loop.h"
#include "io/memory_stream.h"
#include "io/scope.h"
#include "net/client.h"
#include "net/server.h"

namespace farholm::net {

class TestClock final : public io::Clock {
 public:
  io::WallTime now() const override {
    return io::WallTime(std::chrono::seconds(1'800'000'000)) + wall_offset + time_.time_since_epoch();
  }
  io::MonotonicTime monotonic() const override { return time_; }
  void advance_to(io::MonotonicTime time) { time_ = std::max(time_, time); }
  io::Duration wall_offset{};

 private:
  io::MonotonicTime time_;
};

class TestPoller final : public io::Poller {
 public:
  explicit TestPoller(TestClock& clock) : clock_(clock) {}
  void wait(std::optional<io::MonotonicTime> deadline) override {
    if (deadline) clock_.advance_to(*deadline);
  }
  bool idle() const override { return true; }

 private:
  TestClock& clock_;
};

// Gives each request to a function.
class TestHandler final : public HttpHandler {
 public:
  std::function<io::Task<void>(Exchange&)> on_request;
  io::Task<void> handle(Exchange& exchange) override { return on_request(exchange); }
};

inline io::Task<Result<void>> write_text(io::Stream& stream, std::string text) {
  co_return co_await io::write_all(stream, as_bytes(text));
}

// Everything up to the end of the stream, or what there is after `patience`.
inline io::Task<std::string> read_text(io::Loop& loop, io::Stream& stream,
                                       io::Duration patience = std::chrono::hours(1)) {
  std::string text;
  auto reading = [](io::Stream& from, std::string& into) -> io::Task<Result<bool>> {
    std::string piece(4096, '\0');
    while (true) {
      FARHOLM_CO_TRY(const auto count,
                     co_await io::read_some(from, std::as_writable_bytes(std::span(piece))));
      if (count == 0) co_return true;
      into.append(piece, 0, count);
    }
  };
  (void)co_await io::with_deadline(loop, patience, "the end", reading(stream, text));
  co_return text;
}

class TestWorld : public testing::Test {
 protected:
  TestClock clock_;
  TestPoller poller_{clock_};
  io::Loop loop_{clock_, poller_};
  NullSink sink_;
  Logger log_{sink_, "test"};
};

// Dials a server in the same process.
class TestDialer final : public Dialer {
 public:
  TestDialer(io::Loop& loop, HttpServer& server, io::SecureServer* server_tls = nullptr,
             io::SecureClient* client_tls = nullptr)
      : loop_(loop), server_(server), server_tls_(server_tls), client_tls_(client_tls) {}
  io::Task<Result<std::unique_ptr<io::Stream>>> dial() override {
    ++dialled;
    auto [near, far] = io::make_memory_streams(loop_);
    server_.serve_connection(std::move(far), Peer{.address = "192.0.2.1:1"}, server_tls_);
    if (client_tls_ == nullptr) co_return std::move(near);
    FARHOLM_CO_TRY(auto secured, co_await client_tls_->connect(std::move(near), "hub.test"));
    co_return std::unique_ptr<io::Stream>(std::move(secured));
  }
  int dialled = 0;

 private:
  io::Loop& loop_;
  HttpServer& server_;
  io::SecureServer* server_tls_;
  io::SecureClient* client_tls_;
};

}  // namespace farholm::net
