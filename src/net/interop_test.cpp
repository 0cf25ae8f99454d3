// The server and curl, nghttp and h2load over real sockets: that others understand what we say.
#include <gmock/gmock.h>

#include "io/posix/posix_world.h"
#include "net/test_certificates.h"
#include "net/test_world.h"
#include "net/tls.h"

namespace farholm::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class InteropTest : public testing::Test {
 protected:
  void SetUp() override {
    handler_.on_request = [this](Exchange& exchange) { return serve(exchange); };
    listener_ = std::move(*world_.network().listen({.host = "127.0.0.1"}, {}));
    tls_listener_ = std::move(*world_.network().listen({.host = "127.0.0.1"}, {}));
    const auto now = world_.world().clock.now();
    const auto ca =
        make_test_identity({.common_name = "ca", .authority = true, .from = now - 1h, .until = now + 1h});
    const auto hub = make_test_identity({.common_name = "hub",
                                         .alternative_names = "IP:127.0.0.1",
                                         .issuer = &ca,
                                         .from = now - 1h,
                                         .until = now + 1h});
    const auto user =
        make_test_identity({.common_name = "user", .issuer = &ca, .from = now - 1h, .until = now + 1h});
    tls_ = std::move(*channels_.make_server({.identity = hub.pem,
                                             .trusted_pem = ca.pem.chain_pem,
                                             .client_certificates = io::ClientCertificates::Request,
                                             .alpn = {"h2", "http/1.1"}}));
    folder_ = testing::TempDir() + "farholm_net_interop_" + io::random_name_suffix(world_.world().entropy, 8);
    auto& files = world_.world().files;
    ASSERT_TRUE(files.make_directories(folder_));
    ASSERT_TRUE(io::write_file_atomically(files, folder_ + "/ca.pem", ca.pem.chain_pem));
    ASSERT_TRUE(
        io::write_file_atomically(files, folder_ + "/user.pem", user.pem.chain_pem + user.pem.key_pem));
    serving_.spawn(server_.serve(*listener_));
    serving_.spawn(server_.serve(*tls_listener_, tls_.get()));
  }
  void TearDown() override { ASSERT_TRUE(io::remove_tree(world_.world().files, folder_)); }

  io::Task<void> serve(Exchange& exchange) {
    const auto& request = exchange.request();
    if (request.target == "/watch") {
      co_await exchange.begin({.headers = {{"Content-Type", "application/json"}}});
      for (int i = 0; i < 3; ++i) {
        co_await exchange.write(fmt::format("event {}\n", i));
        co_await world_.loop().yield();
      }
      co_await exchange.end();
    } else if (request.target == "/large") {
      co_await exchange.respond({.status = 200, .headers = {}, .body = std::string(1 << 20, 'x')});
    } else {
      auto body = co_await exchange.read_body();
      if (!body) {
        co_await exchange.respond(
            {.status = http_status(body.error().code), .headers = {}, .body = "too much"});
        co_return;
      }
      const auto& certificate = exchange.peer().certificate;
      co_await exchange.respond(
          {.status = 200,
           .headers = {{"Content-Type", "text/plain"}},
           .body = fmt::format("{} {} host={} body={} certificate={}\n", request.method, request.target,
                               request.headers.get("Host").empty() ? "no" : "yes", body->size(),
                               certificate ? (certificate->trusted() ? "trusted" : "untrusted") : "none")});
    }
  }

  std::string run(std::vector<std::string> arguments) {
    auto output = world_.loop().run(io::with_deadline(
        world_.loop(), 10s, "the other program did not end",
        world_.world().processes.run({.arguments = std::move(arguments), .output_bytes_max = 8 << 20})));
    if (!output) return output.error().to_string();
    return fmt::format("[{}] {}{}", output->exit_code, output->out,
                       output->exit_code == 0 ? "" : output->err);
  }
  std::string plain(std::string_view path) const {
    return fmt::format("http://{}{}", listener_->local().to_string(), path);
  }
  std::string secure(std::string_view path) const {
    return fmt::format("https://{}{}", tls_listener_->local().to_string(), path);
  }
  std::string curl(std::vector<std::string> arguments) {
    std::vector<std::string> all = {"curl",      "-sS",
                                    "--noproxy", "*",
                                    "--cacert",  folder_ + "/ca.pem",
                                    "-w",        " via %{http_version} status %{http_code}"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run(std::move(all));
  }

  io::posix::PosixWorld world_;
  NullSink sink_;
  TestHandler handler_;
  std::string folder_;
  TlsChannels channels_{world_.loop(), world_.clock()};
  std::unique_ptr<io::SecureServer> tls_;
  std::unique_ptr<io::Listener> listener_;
  std::unique_ptr<io::Listener> tls_listener_;
  HttpServer server_{world_.loop(), handler_, Logger(sink_, "test")};
  io::Scope serving_{world_.loop()};
};

TEST_F(InteropTest, CurlSpeaksHttp11) {
  EXPECT_EQ(curl({"--http1.1", plain("/a?b=c")}),
            "[0] GET /a?b=c host=yes body=0 certificate=none\n via 1.1 status 200");
  EXPECT_EQ(curl({"--http1.1", plain("/watch")}), "[0] event 0\nevent 1\nevent 2\n via 1.1 status 200");
  EXPECT_THAT(curl({"-I", plain("/")}), HasSubstr("status 200"));
  EXPECT_THAT(curl({"-d", std::string(100'000, 'x'), "-H", "Expect: 100-continue", plain("/")}),
              HasSubstr("body=100000"));
  EXPECT_THAT(curl({"-T", folder_ + "/ca.pem", "-H", "Transfer-Encoding: chunked", plain("/")}),
              HasSubstr("PUT /ca.pem host=yes body="));
  EXPECT_THAT(curl({"--http1.0", plain("/x")}), HasSubstr("GET /x"));
}

TEST_F(InteropTest, CurlSpeaksHttp2WithAndWithoutTls) {
  EXPECT_EQ(curl({"--http2-prior-knowledge", plain("/a")}),
            "[0] GET /a host=yes body=0 certificate=none\n via 2 status 200");
  EXPECT_EQ(curl({"--http2", secure("/a")}),
            "[0] GET /a host=yes body=0 certificate=none\n via 2 status 200");
  EXPECT_EQ(curl({"--http2", secure("/watch")}), "[0] event 0\nevent 1\nevent 2\n via 2 status 200");
  EXPECT_EQ(curl({"--http2", "-o", "/dev/null", "-w", "%{size_download}", secure("/large")}), "[0] 1048576");
  EXPECT_THAT(curl({"--http2", "-d", std::string(100'000, 'x'), secure("/")}), HasSubstr("body=100000"));
  EXPECT_THAT(curl({"--http2", "-I", secure("/")}), HasSubstr("status 200"));
  EXPECT_THAT(curl({"--http1.1", secure("/")}), HasSubstr("via 1.1 status 200"));
}

TEST_F(InteropTest, CurlPresentsAClientCertificate) {
  EXPECT_THAT(curl({"--cert", folder_ + "/user.pem", secure("/")}), HasSubstr("certificate=trusted"));
  EXPECT_THAT(curl({"--cert", folder_ + "/user.pem", "--tls-max", "1.2", secure("/")}),
              HasSubstr("certificate=trusted"));
}

TEST_F(InteropTest, CurlSeesA413AndNotAReset) {
  const auto file = folder_ + "/upload";
  ASSERT_TRUE(io::write_file_atomically(world_.world().files, file, std::string(4 << 20, 'x')));
  for (const std::string version : {"--http1.1", "--http2"}) {
    EXPECT_THAT(curl({version, "-T", file, secure("/")}), HasSubstr("status 413")) << version;
    EXPECT_THAT(curl({version, "-T", file, "-H", "Expect:", secure("/")}), HasSubstr("status 413"))
        << version;
  }
}

TEST_F(InteropTest, H2loadGetsEveryAnswer) {
  const auto output = run({"h2load", "-n", "2000", "-c", "8", "-m", "50", plain("/a")});
  EXPECT_THAT(output, HasSubstr("2000 succeeded, 0 failed, 0 errored, 0 timeout")) << output;
  const auto secured = run({"h2load", "-n", "50", "-c", "4", "-m", "10", secure("/large")});
  EXPECT_THAT(secured, HasSubstr("50 succeeded, 0 failed, 0 errored, 0 timeout")) << secured;
  const auto old = run({"h2load", "--h1", "-n", "500", "-c", "8", "-m", "4", plain("/a")});
  EXPECT_THAT(old, HasSubstr("500 succeeded, 0 failed, 0 errored, 0 timeout")) << old;
}

TEST_F(InteropTest, NghttpGetsItsAnswer) {
  const auto output = run({"nghttp", "-nv", "--no-dep", secure("/a")});
  EXPECT_THAT(output, HasSubstr(":status: 200")) << output;
}

TEST_F(InteropTest, OurClientSpeaksToOurServerOverSockets) {
  HttpClient client(world_.loop(), make_dialer(world_.network(), listener_->local()),
                    {.authority = "localhost"});
  for (int i = 0; i < 3; ++i) {
    auto response = world_.loop().run(
        client.send({.method = "POST", .target = "/x", .headers = {}, .body = std::string(300'000, 'y')}));
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_THAT(response->body, HasSubstr("body=300000"));
  }
}

}  // namespace
}  // namespace farholm::net
