// The server's HTTP/1.1, seen from the wire: what is written to it, and the bytes that come back.
#include "net/test_world.h"

namespace farholm::net {
namespace {

using namespace std::chrono_literals;
using testing::Test;

class Http1ServerTest : public TestWorld {
 protected:
  void SetUp() override {
    handler_.on_request = [this](Exchange& exchange) { return echo(exchange); };
  }

  io::Task<void> echo(Exchange& exchange) {
    ++requests_;
    auto body = co_await exchange.read_body(1000);
    if (!body) {
      co_await exchange.respond({.status = http_status(body.error().code), .headers = {}, .body = "refused"});
      co_return;
    }
    co_await exchange.respond(
        {.status = 200, .headers = {}, .body = exchange.request().target + ":" + *body});
  }

  std::unique_ptr<io::Stream> connect() {
    auto [near, far] = io::make_memory_streams(loop_);
    server_.serve_connection(std::move(far), Peer{.address = "192.0.2.1:1"});
    return std::move(near);
  }
  // Everything that the server says to these bytes until it closes or has nothing more to say.
  std::string talk(std::string_view sent, bool and_end = false) {
    auto stream = connect();
    EXPECT_TRUE(loop_.run(write_text(*stream, std::string(sent))));
    if (and_end) EXPECT_TRUE(stream->shutdown_write());
    return without_dates(loop_.run(read_text(loop_, *stream, 5s)));
  }
  static std::string without_dates(std::string text) {
    for (auto at = text.find("Date: "); at != std::string::npos; at = text.find("Date: ")) {
      text.erase(at, text.find("\r\n", at) + 2 - at);
    }
    return text;
  }

  TestHandler handler_;
  HttpServer server_{loop_, handler_, log_};
  int requests_ = 0;
};

TEST_F(Http1ServerTest, AnswersSeveralRequestsOnOneConnectionInTheirOrder) {
  EXPECT_EQ(
      talk("GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
           "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"),
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n/a:"
      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n/b:abc"
      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n/c:def");
}

TEST_F(Http1ServerTest, ClosesWhenAskedTo) {
  const auto answer =
      talk("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_EQ(requests_, 1);
  EXPECT_EQ(talk("GET /a HTTP/1.0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n/a:");
}

TEST_F(Http1ServerTest, RefusesMalformedRequestsAndCloses) {
  for (const std::string_view bad :
       {"\r\n\r\n", "GET /\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    EXPECT_TRUE(talk(bad).starts_with("HTTP/1.1 400 Bad Request\r\n")) << bad;
  }
  EXPECT_EQ(requests_, 0);
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(2s); }(loop_));
  EXPECT_EQ(server_.connection_count(), 0U);
}

TEST_F(Http1ServerTest, AHeadWithoutEndIs431AndNoMore) {
  auto stream = connect();
  auto writing = write_text(*stream, "GET / HTTP/1.1\r\nX: " + std::string(200 << 10, 'x'));
  io::Scope scope(loop_);
  scope.spawn([](io::Task<Result<void>> task) -> io::Task<void> {
    (void)co_await std::move(task);
  }(std::move(writing)));
  EXPECT_TRUE(loop_.run(read_text(loop_, *stream, 5s)).starts_with("HTTP/1.1 431"));
}

TEST_F(Http1ServerTest, AnswersThatNobodyReadsMakeRoomForOthers) {
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    co_await exchange.respond({.status = 200, .headers = {}, .body = std::string(1 << 20, 'x')});
  };
  HttpServer small(loop_, handler_, log_, {.answer_memory_bytes_max = 3 << 20});
  std::vector<std::unique_ptr<io::Stream>> clients;
  for (int i = 0; i < 8; ++i) {
    auto [near, far] = io::make_memory_streams(loop_);
    small.serve_connection(std::move(far), {});
    ASSERT_TRUE(loop_.run(write_text(*near, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
    loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(1s); }(loop_));
    clients.push_back(std::move(near));
    EXPECT_LE(small.connection_count(), 3U);
  }
  EXPECT_EQ(small.connection_count(), 3U);
  // One that reads has its answer.
  auto [near, far] = io::make_memory_streams(loop_);
  small.serve_connection(std::move(far), {});
  ASSERT_TRUE(loop_.run(write_text(*near, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")));
  EXPECT_GT(loop_.run(read_text(loop_, *near, 5s)).size(), 1U << 20);
}

TEST_F(Http1ServerTest, ASlowHeadIs408) {
  const auto answer = talk("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(answer.empty());  // the patience of the test is shorter
  auto stream = connect();
  ASSERT_TRUE(loop_.run(write_text(*stream, "GET / HTTP/1.1\r\nHo")));
  EXPECT_TRUE(loop_.run(read_text(loop_, *stream)).starts_with("HTTP/1.1 408"));
}

TEST_F(Http1ServerTest, AnIdleConnectionIsClosedWithoutAWord) {
  auto stream = connect();
  EXPECT_EQ(loop_.run(read_text(loop_, *stream)), "");
  EXPECT_EQ(server_.connection_count(), 0U);
}

TEST_F(Http1ServerTest, BodiesOverTheLimitAreRefused) {
  EXPECT_TRUE(talk("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n").starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(talk("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" +
                   std::string(0xfff, 'x'))
                  .starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(talk("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                  .starts_with("HTTP/1.1 400"));
  // Exactly the limit.
  EXPECT_TRUE(talk("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'))
                  .starts_with("HTTP/1.1 200"));
}

TEST_F(Http1ServerTest, ContinueIsSentOnlyWhenTheBodyIsWanted) {
  EXPECT_EQ(talk("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  const auto refused =
      talk("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 413")) << refused;
  EXPECT_NE(refused.find("Connection: close"), std::string::npos);
}

TEST_F(Http1ServerTest, AnUnreadSmallBodyIsReadOver) {
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    co_await exchange.respond({.status = 200, .headers = {}, .body = exchange.request().method});
  };
  EXPECT_EQ(
      talk("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nPOSTHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nGET");
}

TEST_F(Http1ServerTest, StreamsInChunksAndByLength) {
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    Response head;
    if (exchange.request().target == "/length") head.headers.set("Content-Length", "4");
    co_await exchange.begin(std::move(head));
    co_await exchange.write("ab");
    co_await exchange.write("cd");
    co_await exchange.end();
  };
  EXPECT_EQ(talk("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
  EXPECT_EQ(talk("GET /length HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd");
  EXPECT_EQ(talk("GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcd");
  EXPECT_EQ(talk("HEAD /length HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
}

TEST_F(Http1ServerTest, AnAnswerThatIsNotEndedIsCutOffAndNoneIsA500) {
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    co_await exchange.begin({});
    co_await exchange.write("ab");
  };
  EXPECT_EQ(talk("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  handler_.on_request = [](Exchange&) -> io::Task<void> { co_return; };
  EXPECT_TRUE(talk("GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 500"));
}

TEST_F(Http1ServerTest, TheHandlerIsDroppedWhenTheClientLeaves) {
  bool dropped = false;
  handler_.on_request = [&](Exchange& exchange) -> io::Task<void> {
    struct Witness {
      bool& flag;
      ~Witness() { flag = true; }
    } witness{dropped};
    co_await exchange.begin({});
    co_await loop_.sleep(24h);
  };
  auto stream = connect();
  ASSERT_TRUE(loop_.run(write_text(*stream, "GET /watch HTTP/1.1\r\nHost: a\r\n\r\n")));
  EXPECT_NE(loop_.run(read_text(loop_, *stream, 1s)).find("chunked"), std::string::npos);
  EXPECT_FALSE(dropped);
  stream.reset();
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(1s); }(loop_));
  EXPECT_TRUE(dropped);
  EXPECT_EQ(server_.connection_count(), 0U);
}

TEST_F(Http1ServerTest, AnUpgradeHandsOverTheConnectionWithWhatWasRead) {
  std::unique_ptr<io::Stream> raw;
  handler_.on_request = [&](Exchange& exchange) -> io::Task<void> {
    auto upgraded = co_await exchange.upgrade(
        {.status = 101, .headers = {{"Upgrade", "tcp"}, {"Connection", "Upgrade"}}, .body = {}});
    EXPECT_TRUE(upgraded);
    raw = std::move(*upgraded);
  };
  auto stream = connect();
  ASSERT_TRUE(loop_.run(write_text(*stream, "POST /attach HTTP/1.1\r\nHost: a\r\n\r\nearly")));
  EXPECT_EQ(loop_.run(read_text(loop_, *stream, 1s)),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n");
  ASSERT_TRUE(raw);
  ASSERT_TRUE(loop_.run(write_text(*stream, " and late")));
  EXPECT_EQ(loop_.run(read_text(loop_, *raw, 1s)), "early and late");
  ASSERT_TRUE(loop_.run(write_text(*raw, "back")));
  EXPECT_EQ(loop_.run(read_text(loop_, *stream, 1s)), "back");
}

TEST_F(Http1ServerTest, ASlowReaderHoldsTheHandlerBackAndIsGivenUp) {
  std::uint64_t written = 0;
  std::optional<Error> error;
  handler_.on_request = [&](Exchange& exchange) -> io::Task<void> {
    co_await exchange.begin({});
    while (true) {
      auto wrote = co_await exchange.write(std::string(1000, 'x'));
      if (!wrote) {
        error = wrote.error();
        co_return;
      }
      written += 1000;
    }
  };
  auto stream = connect();
  ASSERT_TRUE(loop_.run(write_text(*stream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(50s); }(loop_));
  EXPECT_FALSE(error);
  EXPECT_LE(written, io::kMemoryStreamBytes);
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(50s); }(loop_));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::Timeout);
}

TEST_F(Http1ServerTest, BodiesHeldAtOnceAreBoundedForTheWholeServer) {
  ServerOptions options;
  options.body_memory_bytes_max = 140 << 10;
  HttpServer server(loop_, handler_, log_, options);
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    auto body = co_await exchange.read_body();
    co_await exchange.respond(
        {.status = body ? 200 : http_status(body.error().code), .headers = {}, .body = {}});
  };
  std::vector<std::unique_ptr<io::Stream>> streams;
  std::vector<std::string> answers;
  for (int i = 0; i < 4; ++i) {
    auto [near, far] = io::make_memory_streams(loop_);
    server.serve_connection(std::move(far), {});
    // Announces more than it sends; the 40,000 bytes take 64 KiB.
    ASSERT_TRUE(loop_.run(write_text(
        *near, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + std::string(40'000, 'x'))));
    answers.push_back(loop_.run(read_text(loop_, *near, 1s)));
    streams.push_back(std::move(near));
  }
  EXPECT_EQ(answers[0], "");
  EXPECT_EQ(answers[1], "");
  EXPECT_TRUE(answers[2].starts_with("HTTP/1.1 429")) << answers[2];
  streams.erase(streams.begin(), streams.begin() + 2);
  EXPECT_EQ(answers[3].substr(0, 12), "HTTP/1.1 429");
}

TEST_F(Http1ServerTest, TheConnectionThatIsIdleLongestMakesRoom) {
  ServerOptions options;
  options.connections_max = 2;
  HttpServer server(loop_, handler_, log_, options);
  handler_.on_request = [&](Exchange& exchange) -> io::Task<void> {
    co_await exchange.begin({});
    co_await loop_.sleep(24h);
  };
  const auto open = [&](std::string_view first) {
    auto [near, far] = io::make_memory_streams(loop_);
    server.serve_connection(std::move(far), {});
    EXPECT_TRUE(loop_.run(write_text(*near, std::string(first))));
    loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(1s); }(loop_));
    return std::move(near);
  };
  auto busy = open("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  auto idle = open("");
  auto newer = open("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.connection_count(), 2U);
  EXPECT_EQ(loop_.run(read_text(loop_, *idle, 1s)), "");
  EXPECT_FALSE(loop_.run(write_text(*idle, "x")));
  EXPECT_NE(loop_.run(read_text(loop_, *busy, 1s)), "");
  EXPECT_NE(loop_.run(read_text(loop_, *newer, 1s)), "");
  auto turned_away = open("");
  EXPECT_FALSE(loop_.run(write_text(*turned_away, "x")));
  EXPECT_EQ(server.connection_count(), 2U);
}

TEST_F(Http1ServerTest, ShutdownLetsHandlersFinishAndClosesIdleConnections) {
  handler_.on_request = [&](Exchange& exchange) -> io::Task<void> {
    co_await loop_.sleep(3s);
    co_await exchange.respond({.status = 200, .headers = {}, .body = "done"});
  };
  auto idle = connect();
  auto busy = connect();
  ASSERT_TRUE(loop_.run(write_text(*busy, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(1s); }(loop_));
  loop_.run(server_.shutdown(10s));
  EXPECT_EQ(server_.connection_count(), 0U);
  EXPECT_LT(clock_.monotonic().time_since_epoch(), 9s);
  const auto answer = loop_.run(read_text(loop_, *busy, 1s));
  EXPECT_TRUE(answer.ends_with("done")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

}  // namespace
}  // namespace farholm::net
