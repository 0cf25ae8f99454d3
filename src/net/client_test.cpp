#include "net/client.h"

#include "net/test_certificates.h"
#include "net/test_world.h"
#include "net/tls.h"

namespace farholm::net {
namespace {

using namespace std::chrono_literals;

// Plays a server by script: for each dial the next bytes are what it says, whatever it is asked.
class ScriptedDialer final : public Dialer {
 public:
  struct Connection {
    std::string says;
    bool then_closes = true;
  };
  explicit ScriptedDialer(io::Loop& loop) : loop_(loop) {}
  std::vector<Connection> script;
  std::vector<std::unique_ptr<io::Stream>> far_ends;

  io::Task<Result<std::unique_ptr<io::Stream>>> dial() override {
    if (far_ends.size() == script.size()) co_return fail(ErrorCode::ServiceUnavailable, "nobody listens");
    auto [near, far] = io::make_memory_streams(loop_);
    const auto& connection = script[far_ends.size()];
    FARHOLM_ASSERT(far->try_write(as_bytes(connection.says)));
    if (connection.then_closes) FARHOLM_ASSERT(far->shutdown_write());
    far_ends.push_back(std::move(far));
    co_return std::move(near);
  }

 private:
  io::Loop& loop_;
};

class HttpClientTest : public TestWorld {
 protected:
  void SetUp() override {
    handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
      auto body = co_await exchange.read_body();
      if (!body) {
        co_await exchange.respond({.status = http_status(body.error().code), .headers = {}, .body = {}});
        co_return;
      }
      co_await exchange.respond({.status = 200,
                                 .headers = {{"X-Host", std::string(exchange.request().headers.get("Host"))}},
                                 .body = exchange.request().method + exchange.request().target + *body});
    };
  }
  HttpClient make_client(ClientOptions options = {.authority = "hub.test"}) {
    auto dialer = std::make_unique<TestDialer>(loop_, server_);
    dialer_ = dialer.get();
    return HttpClient(loop_, std::move(dialer), std::move(options));
  }
  Result<Response> scripted(std::vector<ScriptedDialer::Connection> script, Request request = {},
                            SendOptions options = {}) {
    auto dialer = std::make_unique<ScriptedDialer>(loop_);
    dialer->script = std::move(script);
    HttpClient client(loop_, std::move(dialer), {.authority = "a"});
    return loop_.run(client.send(std::move(request), options));
  }

  TestHandler handler_;
  HttpServer server_{loop_, handler_, log_};
  TestDialer* dialer_ = nullptr;
};

TEST_F(HttpClientTest, KeepsAConnectionForTheNextRequest) {
  auto client = make_client();
  for (int i = 0; i < 3; ++i) {
    auto response = loop_.run(client.send({.method = "POST", .target = "/a", .headers = {}, .body = "b"}));
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->body, "POST/ab");
    EXPECT_EQ(response->headers.get("x-host"), "hub.test");
  }
  EXPECT_EQ(dialer_->dialled, 1);
}

TEST_F(HttpClientTest, ANewConnectionFollowsOneThatTheServerHasClosed) {
  auto client = make_client();
  ASSERT_TRUE(loop_.run(client.send({})));
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(1h); }(loop_));
  ASSERT_TRUE(loop_.run(client.send({})));
  EXPECT_EQ(dialer_->dialled, 2);
}

TEST_F(HttpClientTest, StreamsBothWays) {
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    auto body = co_await exchange.read_body();
    co_await exchange.begin({});
    for (std::size_t at = 0; body && at < body->size(); at += 1000) {
      co_await exchange.write(std::string_view(*body).substr(at, 1000));
    }
    co_await exchange.end();
  };
  class Letters final : public BodyReader {
   public:
    io::Task<Result<std::size_t>> read(std::span<std::byte> into) override {
      const auto count = std::min<std::size_t>(into.size(), left_);
      std::fill_n(into.begin(), count, std::byte{'z'});
      left_ -= count;
      co_return count;
    }

   private:
    std::size_t left_ = 500'000;
  };
  auto client = make_client();
  for (const bool announced : {false, true}) {
    Letters letters;
    SendOptions options{.body = &letters};
    if (announced) options.body_length = 500'000;
    auto response = loop_.run(client.send({.method = "PUT", .headers = {}, .body = {}}, options));
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->body.size(), 500'000U);
  }
  Letters letters;
  SendOptions wrong{.body = &letters, .body_length = 400'000};
  EXPECT_FALSE(loop_.run(client.send({.method = "PUT", .headers = {}, .body = {}}, wrong)));
}

TEST_F(HttpClientTest, AWatchIsReadAsItComesAndDroppedWithItsReader) {
  bool dropped = false;
  handler_.on_request = [&](Exchange& exchange) -> io::Task<void> {
    struct Witness {
      bool& flag;
      ~Witness() { flag = true; }
    } witness{dropped};
    co_await exchange.begin({});
    for (int i = 0;; ++i) {
      co_await exchange.write(fmt::format("{}\n", i));
      co_await loop_.sleep(1min);
    }
  };
  auto client = make_client();
  auto open = loop_.run(client.open({.target = "/watch", .headers = {}, .body = {}}));
  ASSERT_TRUE(open);
  std::string into(100, ' ');
  for (const std::string expected : {"0\n", "1\n", "2\n"}) {
    auto count = loop_.run(open->body->read(std::as_writable_bytes(std::span(into))));
    ASSERT_TRUE(count);
    EXPECT_EQ(into.substr(0, *count), expected);
  }
  open->body.reset();
  loop_.run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(1s); }(loop_));
  EXPECT_TRUE(dropped);
}

TEST_F(HttpClientTest, HearsARefusalBeforeTheWholeBodyIsSent) {
  auto client = make_client();
  auto refused = loop_.run(client.send({.method = "PUT", .headers = {}, .body = std::string(10 << 20, 'x')}));
  ASSERT_TRUE(refused) << refused.error().to_string();
  EXPECT_EQ(refused->status, 413);
}

TEST_F(HttpClientTest, WaitsForAFreeConnection) {
  int running = 0;
  int most = 0;
  handler_.on_request = [&](Exchange& exchange) -> io::Task<void> {
    most = std::max(most, ++running);
    co_await loop_.sleep(1s);
    --running;
    co_await exchange.respond({});
  };
  auto client = make_client({.authority = "a", .connections_max = 2});
  io::Scope scope(loop_);
  int done = 0;
  for (int i = 0; i < 6; ++i) {
    scope.spawn([](HttpClient& by, int& count) -> io::Task<void> {
      auto response = co_await by.send({});
      EXPECT_TRUE(response);
      ++count;
    }(client, done));
  }
  loop_.run(scope.join());
  EXPECT_EQ(done, 6);
  EXPECT_EQ(most, 2);
  EXPECT_EQ(dialer_->dialled, 2);
}

TEST_F(HttpClientTest, ADeadlineEndsARequestThatIsNotAnswered) {
  handler_.on_request = [&](Exchange&) -> io::Task<void> { co_await loop_.sleep(1h); };
  auto client = make_client();
  auto response =
      loop_.run(client.send({.target = "/slow?secret=1", .headers = {}, .body = {}}, {.deadline = 2s}));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Timeout);
  EXPECT_EQ(response.error().to_string(), "GET /slow of hub.test did not end within 2000 ms");
}

TEST_F(HttpClientTest, UpgradesToARawStream) {
  handler_.on_request = [&](Exchange& exchange) -> io::Task<void> {
    if (exchange.request().target == "/no") {
      co_await exchange.respond({.status = 404, .headers = {}, .body = "no such container"});
      co_return;
    }
    auto raw = co_await exchange.upgrade(
        {.status = 101, .headers = {{"Upgrade", "tcp"}, {"Connection", "Upgrade"}}, .body = {}});
    EXPECT_TRUE(co_await write_text(**raw, "hello"));
  };
  auto client = make_client();
  const Headers headers = {{"Connection", "Upgrade"}, {"Upgrade", "tcp"}};
  auto upgraded =
      loop_.run(client.upgrade({.method = "POST", .target = "/exec", .headers = headers, .body = "{}"}));
  ASSERT_TRUE(upgraded) << upgraded.error().to_string();
  EXPECT_EQ(upgraded->status, 101);
  ASSERT_TRUE(upgraded->stream);
  EXPECT_EQ(loop_.run(read_text(loop_, *upgraded->stream, 1s)), "hello");
  auto refused =
      loop_.run(client.upgrade({.method = "POST", .target = "/no", .headers = headers, .body = "{}"}));
  EXPECT_EQ(refused->status, 404);
  EXPECT_FALSE(refused->stream);
  EXPECT_EQ(refused->body, "no such container");
}

TEST_F(HttpClientTest, AnUpgradeAnsweredWith200IsRawToo) {
  auto dialer = std::make_unique<ScriptedDialer>(loop_);
  dialer->script = {{"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nraw"}};
  HttpClient client(loop_, std::move(dialer), {.authority = "docker"});
  auto upgraded = loop_.run(client.upgrade({.method = "POST", .headers = {}, .body = {}}));
  ASSERT_TRUE(upgraded && upgraded->stream);
  EXPECT_EQ(loop_.run(read_text(loop_, *upgraded->stream, 1s)), "raw");
}

TEST_F(HttpClientTest, RepeatsAnIdempotentRequestOnceWhenAPooledConnectionDies) {
  // The first connection answers once, and ends when it is used again.
  auto dialer = std::make_unique<ScriptedDialer>(loop_);
  auto& script = *dialer;
  script.script = {{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", false},
                   {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2", false},
                   {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3", false}};
  HttpClient client(loop_, std::move(dialer), {.authority = "a"});
  EXPECT_EQ(loop_.run(client.send({}))->body, "1");
  io::Scope scope(loop_);
  const auto close_after = [&](std::size_t index) {
    return [](io::Loop& loop, ScriptedDialer& of, std::size_t which) -> io::Task<void> {
      co_await loop.sleep(1s);
      of.far_ends[which].reset();
    }(loop_, script, index);
  };
  scope.spawn(close_after(0));
  EXPECT_EQ(loop_.run(client.send({}))->body, "2");
  scope.spawn(close_after(1));
  EXPECT_FALSE(loop_.run(client.send({.method = "POST", .headers = {}, .body = {}})));
}

TEST_F(HttpClientTest, HostileServersAreErrors) {
  for (const std::string_view says : {
           "",
           "HTTP/1.1",
           "garbage\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 100 Continue\r\n\r\n",
       }) {
    EXPECT_FALSE(scripted({{std::string(says)}})) << says;
  }
  std::string interim;
  for (int i = 0; i < 100; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  EXPECT_FALSE(scripted({{interim + "HTTP/1.1 200 OK\r\n\r\n"}}));
  EXPECT_EQ(scripted({{"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end"}})->body,
            "to the end");
  auto long_body =
      scripted({{"HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x')}}, {}, {.response_body_bytes_max = 1000});
  ASSERT_FALSE(long_body);
  EXPECT_EQ(long_body.error().code, ErrorCode::RequestEntityTooLarge);
}

TEST_F(HttpClientTest, WorksOverTlsWithClientCertificates) {
  const auto from = clock_.now() - 1h;
  const auto until = clock_.now() + 1h;
  const auto ca = make_test_identity({.common_name = "ca", .authority = true, .from = from, .until = until});
  const auto hub = make_test_identity({.common_name = "hub",
                                       .alternative_names = "DNS:hub.test",
                                       .issuer = &ca,
                                       .from = from,
                                       .until = until});
  const auto agent =
      make_test_identity({.common_name = "agent", .issuer = &ca, .from = from, .until = until});
  TlsChannels channels(loop_, clock_);
  auto server_tls = channels.make_server({.identity = hub.pem,
                                          .trusted_pem = ca.pem.chain_pem,
                                          .client_certificates = io::ClientCertificates::Require});
  auto client_tls = channels.make_client({.identity = agent.pem, .trusted_pem = ca.pem.chain_pem});
  ASSERT_TRUE(server_tls && client_tls);
  handler_.on_request = [](Exchange& exchange) -> io::Task<void> {
    const bool trusted = exchange.peer().certificate && exchange.peer().certificate->trusted();
    co_await exchange.respond(
        {.status = trusted ? 200 : 401, .headers = {}, .body = std::string(200'000, 'x')});
  };
  HttpClient client(loop_, std::make_unique<TestDialer>(loop_, server_, server_tls->get(), client_tls->get()),
                    {.authority = "hub.test"});
  for (int i = 0; i < 2; ++i) {
    auto response = loop_.run(client.send({}));
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body.size(), 200'000U);
  }
}

}  // namespace
}  // namespace farholm::net
