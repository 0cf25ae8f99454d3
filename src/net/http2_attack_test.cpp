// What a hostile client can say in HTTP/2, frame by frame, and that it costs us little.
#include <algorithm>

#include "net/http2_stream.h"
#include "net/test_frames.h"
#include "net/test_world.h"

namespace farholm::net {
namespace {

using namespace std::chrono_literals;
using test::write_frame;

constexpr std::uint8_t kAck = NGHTTP2_FLAG_ACK;
constexpr std::uint8_t kEndStream = NGHTTP2_FLAG_END_STREAM;
constexpr std::uint8_t kEndHeaders = NGHTTP2_FLAG_END_HEADERS;

// A connection that is given up still reads over what its client had sent, up to 1 MiB, so that the client
// hears why; the rest is what the buffers of both ends hold.
constexpr std::size_t kTakenBytesMax = 3 << 19;

class Http2AttackTest : public TestWorld {
 protected:
  void SetUp() override {
    handler_.on_request = [this](Exchange& exchange) -> io::Task<void> {
      struct Running {
        int& count;
        ~Running() { --count; }
      } running{++running_};
      most_running_ = std::max(most_running_, running_);
      if (exchange.request().method == "POST") {
        auto body = co_await exchange.read_body();
        co_await exchange.respond(
            {.status = body ? 200 : http_status(body.error().code), .headers = {}, .body = {}});
      } else if (slow_) {
        co_await loop_.sleep(24h);
      } else {
        co_await exchange.respond({.status = 200, .headers = {}, .body = answer_});
      }
    };
  }
  void connect() {
    auto [near, far] = io::make_memory_streams(loop_);
    server_.serve_connection(std::move(far), Peer{.address = "192.0.2.1:1"});
    stream_ = std::move(near);
  }
  void wait(io::Duration duration) {
    loop_.run(
        [](io::Loop& loop, io::Duration of) -> io::Task<void> { co_await loop.sleep(of); }(loop_, duration));
  }
  // What the server says within a second of waiting for it.
  std::vector<test::Frame> say(std::string bytes) {
    EXPECT_TRUE(loop_.run(write_text(*stream_, std::move(bytes))));
    return test::read_frames(loop_.run(read_text(loop_, *stream_, 1s)));
  }
  // Sends make(0), make(1), … until the server takes no more, or `most` of them; how many bytes it took.
  // Reads what the server says meanwhile, as a clever attacker would, or nothing.
  template <class Make>
  std::size_t flood(int most, bool reading, Make make) {
    std::size_t sent = 0;
    io::Scope scope(loop_);
    if (reading) scope.spawn(listen());
    (void)loop_.run(io::with_deadline(
        loop_, 30min, "the flood",
        [](io::Stream& stream, int limit, std::size_t& bytes, Make& make_one) -> io::Task<Result<bool>> {
          for (int index = 0; index < limit; ++index) {
            const std::string one = make_one(index);
            if (!co_await write_text(stream, one)) co_return false;
            bytes += one.size();
          }
          co_return true;
        }(*stream_, most, sent, make)));
    wait(10s);
    return sent;
  }
  io::Task<void> listen() {
    std::string piece(4096, '\0');
    while (true) {
      const auto count = co_await io::read_some(*stream_, std::as_writable_bytes(std::span(piece)));
      if (!count || *count == 0) co_return;
      heard_.append(piece, 0, *count);
    }
  }
  static bool said(const std::vector<test::Frame>& frames, std::uint8_t type) {
    return std::ranges::any_of(frames, [&](const auto& frame) { return frame.type == type; });
  }

  TestHandler handler_;
  int running_ = 0;
  int most_running_ = 0;
  bool slow_ = false;
  std::string answer_ = "fine";
  std::string heard_;
  HttpServer server_{loop_, handler_, log_};
  std::unique_ptr<io::Stream> stream_;
};

TEST_F(Http2AttackTest, ARequestByHandIsAnswered) {
  connect();
  const auto frames =
      say(test::opening() + write_frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 1, test::get_fields()));
  EXPECT_EQ(test::status_of(frames, 1), "200");
}

TEST_F(Http2AttackTest, ABodyThatComesInOnePieceWithItsHeadIsWhole) {
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    const auto body = co_await exchange.read_body();
    co_await exchange.respond({.status = body == "whole" ? 200 : 400, .headers = {}, .body = {}});
  };
  connect();
  const auto frames =
      say(test::opening() + write_frame(NGHTTP2_HEADERS, kEndHeaders, 1, test::post_fields()) +
          write_frame(NGHTTP2_DATA, kEndStream, 1, "whole"));
  EXPECT_EQ(test::status_of(frames, 1), "200");
}

TEST_F(Http2AttackTest, APingIsAnsweredWithItsEightBytes) {
  connect();
  const auto frames = say(test::opening() + write_frame(NGHTTP2_PING, 0, 0, "farholm!"));
  const auto pong = std::ranges::find(frames, NGHTTP2_PING, &test::Frame::type);
  ASSERT_NE(pong, frames.end());
  EXPECT_EQ(pong->flags, kAck);
  EXPECT_EQ(pong->payload, "farholm!");
}

TEST_F(Http2AttackTest, StreamsThatAreOpenedAndResetEndTheConnection) {  // CVE-2023-44487
  slow_ = true;
  connect();
  ASSERT_TRUE(loop_.run(write_text(*stream_, test::opening())));
  const auto sent = flood(100'000, /*reading=*/true, [](int index) {
    const auto id = static_cast<std::uint32_t>(2 * index + 1);
    return write_frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, id, test::get_fields()) +
           write_frame(NGHTTP2_RST_STREAM, 0, id, std::string("\0\0\0\x08", 4));
  });
  EXPECT_LT(sent, kTakenBytesMax);
  EXPECT_LE(most_running_, 100);
  EXPECT_EQ(running_, 0);
  EXPECT_EQ(server_.connection_count(), 0U);
  EXPECT_TRUE(said(test::read_frames(heard_), NGHTTP2_GOAWAY));
}

TEST_F(Http2AttackTest, MoreStreamsThanAllowedAreRefused) {
  slow_ = true;
  connect();
  std::string requests = test::opening();
  for (std::uint32_t id = 1; id < 2 * 150; id += 2) {
    requests += write_frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, id, test::get_fields());
  }
  const auto frames = say(requests);
  EXPECT_LE(most_running_, 100);
  EXPECT_TRUE(said(frames, NGHTTP2_RST_STREAM) || said(frames, NGHTTP2_GOAWAY));
}

TEST_F(Http2AttackTest, FloodsOfFramesThatWantAnAnswerAreNotQueued) {
  for (const auto& one :
       {write_frame(NGHTTP2_SETTINGS, 0, 0, ""), write_frame(NGHTTP2_PING, 0, 0, "12345678"),
        write_frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\x04\0\0\0\0", 6))}) {
    connect();
    ASSERT_TRUE(loop_.run(write_text(*stream_, test::opening())));
    // The attacker does not read: what the server would answer may not pile up.
    const auto sent = flood(200'000, /*reading=*/false, [&](int) { return one; });
    EXPECT_LT(sent, kTakenBytesMax);
    EXPECT_EQ(server_.connection_count(), 0U);
    stream_.reset();
  }
}

TEST_F(Http2AttackTest, AHeadThatIsTooLongIsAnswered431) {
  connect();
  // In several frames: one may be 16 KiB.
  std::string fields = test::get_fields();
  for (int i = 0; i < 5; ++i) fields += test::write_field("x-" + std::to_string(i), std::string(14'000, 'x'));
  std::string bytes = test::opening();
  constexpr std::size_t kPiece = 16'000;
  for (std::size_t at = 0; at < fields.size(); at += kPiece) {
    const bool last = at + kPiece >= fields.size();
    bytes += write_frame(at == 0 ? NGHTTP2_HEADERS : NGHTTP2_CONTINUATION,
                         (at == 0 ? kEndStream : 0) | (last ? kEndHeaders : 0), 1, fields.substr(at, kPiece));
  }
  EXPECT_EQ(test::status_of(say(bytes), 1), "431");
  EXPECT_EQ(most_running_, 0);
}

TEST_F(Http2AttackTest, AHeadWithTooManyFieldsIsAnswered431) {
  connect();
  std::string fields = test::get_fields();
  for (int i = 0; i < 200; ++i) fields += test::write_field("x", "y");
  EXPECT_EQ(test::status_of(
                say(test::opening() + write_frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 1, fields)), 1),
            "431");
  EXPECT_EQ(most_running_, 0);
}

TEST_F(Http2AttackTest, AHeadThatNeverEndsEndsTheConnection) {  // CVE-2024-28182
  for (const std::string& fields :
       {test::write_field("x", "y"), std::string(), std::string(16'000, '\x82')}) {
    connect();
    ASSERT_TRUE(loop_.run(write_text(
        *stream_, test::opening() + write_frame(NGHTTP2_HEADERS, kEndStream, 1, test::get_fields()))));
    const auto sent = flood(400'000, /*reading=*/true,
                            [&](int) { return write_frame(NGHTTP2_CONTINUATION, 0, 1, fields); });
    EXPECT_LT(sent, kTakenBytesMax);
    EXPECT_EQ(server_.connection_count(), 0U);
    stream_.reset();
  }
}

TEST_F(Http2AttackTest, AHeadThatStopsInTheMiddleIsNotWaitedForLong) {
  connect();
  ASSERT_TRUE(loop_.run(write_text(
      *stream_, test::opening() + write_frame(NGHTTP2_HEADERS, kEndStream, 1, test::get_fields()))));
  wait(5min);
  EXPECT_EQ(server_.connection_count(), 0U);
}

TEST_F(Http2AttackTest, AClientThatTakesNothingIsNotWaitedFor) {
  answer_.assign(1 << 20, 'x');
  connect();
  // Its windows are closed: SETTINGS_INITIAL_WINDOW_SIZE is 0.
  ASSERT_TRUE(loop_.run(write_text(
      *stream_, std::string(test::kPreface) +
                    write_frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\x04\0\0\0\0", 6)) +
                    write_frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 1, test::get_fields()))));
  wait(2min);
  EXPECT_EQ(most_running_, 1);
  EXPECT_EQ(running_, 0);
}

TEST_F(Http2AttackTest, AnswersThatNobodyReadsMakeRoomForOthers) {
  answer_.assign(1 << 20, 'x');
  HttpServer small(loop_, handler_, log_, {.answer_memory_bytes_max = 3 << 20});
  std::vector<std::unique_ptr<io::Stream>> clients;
  for (int i = 0; i < 8; ++i) {
    auto [near, far] = io::make_memory_streams(loop_);
    small.serve_connection(std::move(far), {});
    stream_ = std::move(near);
    std::string requests =
        std::string(test::kPreface) + write_frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\x04\0\0\0\0", 6));
    for (std::uint32_t id = 1; id <= 5; id += 2)
      requests += write_frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, id, test::get_fields());
    say(requests);
    clients.push_back(std::move(stream_));
    wait(2s);  // a while is allowed in which the others might read
    EXPECT_LE(running_, 3);
  }
  EXPECT_EQ(running_, 3);
  // One that reads is served, at the cost of one that does not.
  answer_.assign(2 << 20, 'y');
  HttpClient client(loop_, std::make_unique<TestDialer>(loop_, small), {.authority = "hub.test"});
  const auto answer = loop_.run(client.send({.method = "GET", .target = "/", .headers = {}, .body = {}}));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->body.size(), 2U << 20);
  clients.clear();
  wait(10s);
  EXPECT_EQ(running_, 0);
}

TEST_F(Http2AttackTest, MoreBodyThanTheWindowEndsTheRequest) {
  handler_.on_request = [this](Exchange&) -> io::Task<void> {
    struct Running {
      int& count;
      ~Running() { --count; }
    } running{++running_};
    co_await loop_.sleep(24h);
  };
  connect();
  ASSERT_TRUE(loop_.run(write_text(
      *stream_, test::opening() + write_frame(NGHTTP2_HEADERS, kEndHeaders, 1, test::post_fields()))));
  flood(1'000, /*reading=*/true,
        [](int) { return write_frame(NGHTTP2_DATA, 0, 1, std::string(16'000, 'x')); });
  const auto frames = test::read_frames(heard_);
  EXPECT_TRUE(said(frames, NGHTTP2_GOAWAY) || said(frames, NGHTTP2_RST_STREAM));
  EXPECT_EQ(running_, 0);
}

TEST_F(Http2AttackTest, EmptyDataWithoutEndIsNotWaitedForLong) {
  connect();
  io::Scope scope(loop_);
  scope.spawn(listen());
  ASSERT_TRUE(loop_.run(write_text(
      *stream_, test::opening() + write_frame(NGHTTP2_HEADERS, kEndHeaders, 1, test::post_fields()))));
  for (int second = 0; second < 120; ++second) {
    (void)loop_.run(write_text(*stream_, write_frame(NGHTTP2_DATA, 0, 1, "")));
    wait(1s);
  }
  EXPECT_EQ(most_running_, 1);
  EXPECT_EQ(running_, 0);
  EXPECT_EQ(test::status_of(test::read_frames(heard_), 1), "504");
}

TEST_F(Http2AttackTest, AnAnswerWithoutBodyToAnUnfinishedRequestArrives) {
  for (const int status : {400, 204}) {
    handler_.on_request = [status](Exchange& exchange) -> io::Task<void> {
      co_await exchange.respond({.status = status, .headers = {}, .body = {}});
    };
    connect();
    const auto frames =
        say(test::opening() + write_frame(NGHTTP2_HEADERS, kEndHeaders, 1, test::post_fields()));
    EXPECT_EQ(test::status_of(frames, 1), std::to_string(status));
    EXPECT_TRUE(said(frames, NGHTTP2_RST_STREAM));  // the rest of the request is not wanted
  }
}

TEST_F(Http2AttackTest, RequestsBeyondTheMemoryForThemAreRefused) {
  slow_ = true;
  HttpServer small(loop_, handler_, log_, {.request_memory_bytes_max = 4 * kStreamBytes});
  std::vector<std::unique_ptr<io::Stream>> clients;
  int refused = 0;
  for (int i = 0; i < 3; ++i) {
    auto [near, far] = io::make_memory_streams(loop_);
    small.serve_connection(std::move(far), {});
    stream_ = std::move(near);
    std::string requests = test::opening();
    for (std::uint32_t id = 1; id <= 5; id += 2) {
      requests += write_frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, id, test::get_fields());
    }
    for (const auto& frame : say(requests)) {
      if (frame.type == NGHTTP2_RST_STREAM) ++refused;
    }
    clients.push_back(std::move(stream_));
  }
  EXPECT_EQ(running_, 3);
  EXPECT_EQ(refused, 6);
  clients.clear();
  wait(10s);
  EXPECT_EQ(running_, 0);
}

TEST_F(Http2AttackTest, ARequestWithoutBodyNeedsNoMemoryForBodies) {
  HttpServer full(loop_, handler_, log_, {.body_memory_bytes_max = 0});
  auto [near, far] = io::make_memory_streams(loop_);
  full.serve_connection(std::move(far), {});
  stream_ = std::move(near);
  const auto frames =
      say(test::opening() + write_frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 1, test::post_fields()) +
          write_frame(NGHTTP2_HEADERS, kEndHeaders, 3, test::post_fields()) +
          write_frame(NGHTTP2_DATA, kEndStream, 3, std::string(100, 'x')));
  EXPECT_EQ(test::status_of(frames, 1), "200");
  EXPECT_EQ(test::status_of(frames, 3), "429");
  stream_.reset();
  wait(10s);
}

TEST_F(Http2AttackTest, GarbageAfterThePrefaceEndsTheConnection) {
  std::uint32_t state = 1;
  for (int round = 0; round < 200; ++round) {
    connect();
    std::string garbage = test::opening();
    for (int i = 0; i < 300; ++i) {
      state = state * 1'664'525U + 1'013'904'223U;
      garbage += static_cast<char>(state >> 24U);
    }
    // With a length that fits now and then, so that more than the first check is met.
    garbage += write_frame(static_cast<std::uint8_t>(round % 12), static_cast<std::uint8_t>(state), state % 5,
                           garbage.substr(30, state % 40));
    (void)loop_.run(write_text(*stream_, garbage));
    (void)loop_.run(read_text(loop_, *stream_, 1s));
    stream_.reset();
    wait(10s);
  }
  EXPECT_EQ(server_.connection_count(), 0U);
}

}  // namespace
}  // namespace farholm::net
