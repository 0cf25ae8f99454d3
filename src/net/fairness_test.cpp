// Clients that always have more to say, or room for more: nothing that the server does with them ever waits,
// and yet everybody else on the loop has its turns.
#include <cstring>

#include "net/test_frames.h"
#include "net/test_world.h"

namespace farholm::net {
namespace {

using namespace std::chrono_literals;

// What a client may get done between two turns of somebody else.
constexpr std::size_t kBytesPerTurnMax = 64 << 10;

// Says `opening`, then `pattern` again and again; takes everything. Ends after kEnd bytes.
class EagerStream final : public io::Stream {
 public:
  EagerStream(std::string opening, std::string pattern, std::size_t& since_turn)
      : pending_(std::move(opening)), pattern_(std::move(pattern)), since_turn_(since_turn) {}

  Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override {
    if (said_ > kEnd) return std::optional<std::size_t>(0);
    while (pending_.size() < into.size()) pending_ += pattern_;
    std::memcpy(into.data(), pending_.data(), into.size());
    pending_.erase(0, into.size());
    said_ += into.size();
    since_turn_ += into.size();
    return std::optional(into.size());
  }
  Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) override {
    since_turn_ += bytes.size();
    return std::optional(bytes.size());
  }
  io::Task<void> readable() override { co_return; }
  io::Task<void> writable() override { co_return; }
  Result<void> shutdown_write() override { return {}; }

 private:
  static constexpr std::size_t kEnd = 512 << 10;
  std::string pending_;
  std::string pattern_;
  std::size_t said_ = 0;
  std::size_t& since_turn_;
};

// Has the next connection ready each time; it says half a line and then nothing.
class EagerListener final : public io::Listener {
 public:
  EagerListener(io::Loop& loop, const HttpServer& server) : loop_(loop), server_(server), never_(loop) {}
  io::Task<Result<Accepted>> accept() override {
    if (clients_.size() == 100) co_await never_.wait();
    most_connections = std::max(most_connections, server_.connection_count());
    auto [near, far] = io::make_memory_streams(loop_);
    (void)near->try_write(as_bytes(std::string_view("GET ")));
    clients_.push_back(std::move(near));
    co_return Accepted{.stream = std::move(far), .peer = "192.0.2.1:1"};
  }
  io::Endpoint local() const override { return {}; }

  std::size_t most_connections = 0;

 private:
  io::Loop& loop_;
  const HttpServer& server_;
  io::Event never_;
  std::vector<std::unique_ptr<io::Stream>> clients_;
};

class FairnessTest : public TestWorld {
 protected:
  void SetUp() override {
    handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
      auto body = co_await exchange.read_body(2 << 20);
      co_await exchange.respond(
          {.status = body ? 200 : http_status(body.error().code), .headers = {}, .body = {}});
    };
  }
  // The most that was read and written between two turns of somebody else.
  std::size_t most_per_turn(std::string opening, std::string pattern) {
    std::size_t since_turn = 0;
    std::size_t most = 0;
    server_.serve_connection(
        std::make_unique<EagerStream>(std::move(opening), std::move(pattern), since_turn), {});
    most = since_turn;
    loop_.run(
        [](io::Loop& loop, const HttpServer& server, std::size_t& now, std::size_t& peak) -> io::Task<void> {
          while (server.connection_count() > 0) {
            peak = std::max(peak, std::exchange(now, 0));
            co_await loop.yield();
          }
        }(loop_, server_, since_turn, most));
    return most;
  }

  TestHandler handler_;
  HttpServer server_{loop_, handler_, log_};
};

TEST_F(FairnessTest, RequestsOneAfterAnother) {
  EXPECT_LT(most_per_turn("", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), kBytesPerTurnMax);
}

TEST_F(FairnessTest, ABodyThatDoesNotEnd) {
  EXPECT_LT(most_per_turn("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nbody\r\n"),
            kBytesPerTurnMax);
}

TEST_F(FairnessTest, WhatIsReadOverBehindARefusal) {
  EXPECT_LT(most_per_turn("garbage\r\n\r\n", "garbage"), kBytesPerTurnMax);
}

TEST_F(FairnessTest, FramesOfHttp2) {
  EXPECT_LT(most_per_turn(test::opening(),
                          test::write_frame(NGHTTP2_PRIORITY, 0, 1, std::string("\0\0\0\0\x10", 5))),
            kBytesPerTurnMax);
}

TEST_F(FairnessTest, AnAnswerWithoutEnd) {
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    co_await exchange.begin({});
    const std::string piece(32 << 10, 'x');
    for (int i = 0; i < 100; ++i) {
      if (!co_await exchange.write(piece)) co_return;
    }
    co_await exchange.end();
  };
  EXPECT_LT(most_per_turn("", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            2 * kBytesPerTurnMax);
}

TEST_F(FairnessTest, ManyWhoReadMuchSlowlyAllHaveTheirAnswers) {
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    co_await exchange.respond({.status = 200, .headers = {}, .body = std::string(1 << 20, 'x')});
  };
  HttpServer small(loop_, handler_, log_, {.answer_memory_bytes_max = 4 << 20});
  const auto ask = [](io::Loop& loop, HttpServer& server, std::size_t& taken) -> io::Task<void> {
    auto [near, far] = io::make_memory_streams(loop);
    server.serve_connection(std::move(far), {});
    (void)co_await write_text(*near, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    std::string piece(64 << 10, '\0');
    while (true) {
      const auto count = co_await io::read_some(*near, std::as_writable_bytes(std::span(piece)));
      if (!count || *count == 0) co_return;
      taken += *count;
      co_await loop.sleep(30ms);
    }
  };
  std::vector<std::size_t> taken(24);
  io::Scope scope(loop_);
  for (auto& one : taken) scope.spawn(ask(loop_, small, one));
  loop_.run(scope.join());
  for (const auto one : taken) EXPECT_GT(one, 1U << 20);
}

TEST_F(FairnessTest, ConnectionsThatComeFasterThanOthersGoDoNotPileUp) {
  ServerOptions options;
  options.connections_max = 4;
  HttpServer server(loop_, handler_, log_, options);
  EagerListener listener(loop_, server);
  io::Scope scope(loop_);
  scope.spawn(server.serve(listener));
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(1s); }(loop_));
  EXPECT_LE(listener.most_connections, options.connections_max + 1);
}

}  // namespace
}  // namespace farholm::net
