#include "net/tls.h"

#include "net/test_certificates.h"
#include "net/test_world.h"

namespace farholm::net {
namespace {

using namespace std::chrono_literals;
using Trust = io::ChannelPeer::Trust;

class TlsTest : public TestWorld {
 protected:
  TestIdentity identity(const std::string& name, const TestIdentity* issuer, io::Duration valid_for = 24h) {
    return make_test_identity({.common_name = name,
                               .alternative_names = issuer != nullptr ? "DNS:" + name + ",IP:192.0.2.7" : "",
                               .authority = issuer == nullptr,
                               .issuer = issuer,
                               .from = clock_.now() - 1h,
                               .until = clock_.now() + valid_for});
  }

  io::SecureServerOptions server_options() {
    return {.identity = server_.pem, .trusted_pem = ca_.pem.chain_pem, .alpn = {"h2", "http/1.1"}};
  }
  io::SecureClientOptions client_options() {
    return {.trusted_pem = ca_.pem.chain_pem, .alpn = {"http/1.1"}};
  }

  struct Pair {
    Result<std::unique_ptr<io::SecureStream>> server = fail(ErrorCode::InternalError, "not run");
    Result<std::unique_ptr<io::SecureStream>> client = fail(ErrorCode::InternalError, "not run");
  };
  Pair connect(io::SecureServerOptions server, io::SecureClientOptions client,
               std::string name = "hub.test") {
    server_context_ = std::move(*channels_.make_server(std::move(server)));
    client_context_ = std::move(*channels_.make_client(std::move(client)));
    return connect(std::move(name));
  }
  Pair connect(std::string name = "hub.test", std::size_t capacity = io::kMemoryStreamBytes) {
    auto [near, far] = io::make_memory_streams(loop_, capacity);
    Pair pair;
    {
      io::Scope scope(loop_);
      scope.spawn(
          [](io::SecureServer& context, std::unique_ptr<io::Stream> stream, Pair& into) -> io::Task<void> {
            into.server = co_await context.accept(std::move(stream));
          }(*server_context_, std::move(far), pair));
      scope.spawn([](io::SecureClient& context, std::unique_ptr<io::Stream> stream, std::string to,
                     Pair& into) -> io::Task<void> {
        into.client = co_await context.connect(std::move(stream), std::move(to));
      }(*client_context_, std::move(near), std::move(name), pair));
      loop_.run();
    }
    return pair;
  }

  TestIdentity ca_ = identity("ca", nullptr);
  TestIdentity server_ = identity("hub.test", &ca_);
  TlsChannels channels_{loop_, clock_};
  std::unique_ptr<io::SecureServer> server_context_;
  std::unique_ptr<io::SecureClient> client_context_;
};

TEST_F(TlsTest, CarriesBytesBothWaysAndAgreesOnAProtocol) {
  auto [server, client] = connect(server_options(), client_options());
  ASSERT_TRUE(server) << server.error().to_string();
  ASSERT_TRUE(client) << client.error().to_string();
  EXPECT_EQ((*server)->alpn(), "http/1.1");
  EXPECT_EQ((*client)->alpn(), "http/1.1");
  EXPECT_FALSE((*server)->peer());
  EXPECT_TRUE((*client)->peer()->trusted());

  const std::string much(1 << 20, 'x');
  io::Scope scope(loop_);
  scope.spawn([](io::Stream& stream, const std::string& text) -> io::Task<void> {
    EXPECT_TRUE(co_await write_text(stream, text));
    EXPECT_TRUE(stream.shutdown_write());
  }(**client, much));
  EXPECT_EQ(loop_.run(read_text(loop_, **server)), much);
  scope.spawn([](io::Stream& stream) -> io::Task<void> {
    EXPECT_TRUE(co_await write_text(stream, "back"));
  }(**server));
  loop_.run();
  server->reset();
  EXPECT_EQ(loop_.run(read_text(loop_, **client)), "back");
}

TEST_F(TlsTest, WhatWasWrittenArrivesThoughTheWriterOnlyWaits) {
  server_context_ = std::move(*channels_.make_server(server_options()));
  client_context_ = std::move(*channels_.make_client(client_options()));
  auto [server, client] = connect("hub.test", 1000);  // less than a record
  ASSERT_TRUE(server && client);
  const std::string record(10'000, 'y');
  EXPECT_EQ(**(*client)->try_write(as_bytes(record)), record.size());
  EXPECT_FALSE((*client)->try_write(as_bytes(record))->has_value());
  EXPECT_EQ(loop_.run(read_text(loop_, **server, 1s)), record);
}

TEST_F(TlsTest, RefusesAServerOfAnotherNameOrAnotherCa) {
  auto wrong_name = connect(server_options(), client_options(), "other.test");
  EXPECT_FALSE(wrong_name.client);
  EXPECT_FALSE(wrong_name.server);
  EXPECT_TRUE(connect(server_options(), client_options(), "192.0.2.7").client);
  EXPECT_FALSE(connect(server_options(), client_options(), "192.0.2.8").client);
  EXPECT_FALSE(connect(server_options(), client_options(), "").client);
  const auto other = identity("other", nullptr);
  auto options = client_options();
  options.trusted_pem = other.pem.chain_pem;
  EXPECT_FALSE(connect(server_options(), options).client);
}

TEST_F(TlsTest, ACertificateAmongOthersThatCannotBeReadIsAnErrorAndNotTheEndOfThem) {
  const std::string good = ca_.pem.chain_pem;
  const std::string next = identity("next", nullptr).pem.chain_pem;
  const auto middle = next.size() / 2;
  const std::string begin = "-----BEGIN CERTIFICATE-----";
  ASSERT_TRUE(next.starts_with(begin));
  const std::vector<std::pair<std::string, std::string>> damaged{
      {"a letter that is not base64", next.substr(0, middle) + "!" + next.substr(middle + 1)},
      {"cut off in the middle", next.substr(0, middle)},
      {"a line is missing", next.substr(0, begin.size() + 1) + next.substr(begin.size() + 66)},
      {"its first line is damaged", "-----BEGIN CERTIFICATE----" + next.substr(begin.size())},
      {"its first line is missing", next.substr(begin.size() + 1)},
      {"its last line is missing", next.substr(0, next.find("-----END"))}};
  for (const auto& [what, text] : damaged) {
    // Behind a good one, in front of one, and between two.
    for (const auto& pem : {good + text, text + good, good + text + good}) {
      EXPECT_FALSE(channels_.make_client({.trusted_pem = pem})) << what;
      auto options = server_options();
      options.trusted_pem = pem;
      EXPECT_FALSE(channels_.make_server(options)) << what;
    }
  }
  EXPECT_TRUE(channels_.make_client({.trusted_pem = good + next}));
  EXPECT_TRUE(channels_.make_client({.trusted_pem = "Two authorities:\n" + good + "and\n\n" + next + "\n"}));
}

TEST_F(TlsTest, JudgesCertificatesByTheClockThatItIsGiven) {
  clock_.wall_offset = 48h;
  EXPECT_FALSE(connect(server_options(), client_options()).client);
  clock_.wall_offset = -48h;
  EXPECT_FALSE(connect(server_options(), client_options()).client);
  clock_.wall_offset = 0h;
  EXPECT_TRUE(connect(server_options(), client_options()).client);
}

TEST_F(TlsTest, APinAloneNeedsNoNameAndRefusesOtherKeys) {
  io::SecureClientOptions pinned{.pinned = {*spki_sha256_of_pem(server_.pem.chain_pem)}};
  auto right = connect(server_options(), pinned, "whatever");
  ASSERT_TRUE(right.client) << right.client.error().to_string();
  EXPECT_TRUE((*right.client)->peer()->trusted());
  pinned.pinned = {*spki_sha256_of_pem(ca_.pem.chain_pem)};
  EXPECT_FALSE(connect(server_options(), pinned, "whatever").client);
}

TEST_F(TlsTest, TrustingAnyoneSaysSo) {
  auto pair = connect(server_options(), {.trust_anyone = true}, "whatever");
  ASSERT_TRUE(pair.client);
  EXPECT_EQ((*pair.client)->peer()->trust, Trust::Untrusted);
  EXPECT_FALSE(channels_.make_client({}));
  EXPECT_FALSE(channels_.make_client({.trusted_pem = ca_.pem.chain_pem, .trust_anyone = true}));
}

TEST_F(TlsTest, RequiredClientCertificatesAreChecked) {
  auto options = server_options();
  options.client_certificates = io::ClientCertificates::Require;
  options.minimum = io::TlsVersion::Tls13;
  EXPECT_FALSE(connect(options, client_options()).server);

  auto with_certificate = client_options();
  const auto agent = identity("agent", &ca_);
  with_certificate.identity = agent.pem;
  auto right = connect(options, with_certificate);
  ASSERT_TRUE(right.server) << right.server.error().to_string();
  EXPECT_TRUE((*right.server)->peer()->trusted());
  EXPECT_EQ((*right.server)->peer()->chain_pem, agent.pem.chain_pem);

  const auto stranger_ca = identity("stranger", nullptr);
  with_certificate.identity = identity("agent", &stranger_ca).pem;
  EXPECT_FALSE(connect(options, with_certificate).server);

  with_certificate.identity = identity("agent", &ca_, -30min).pem;
  EXPECT_FALSE(connect(options, with_certificate).server);
  options.accept_expired = true;
  auto expired = connect(options, with_certificate);
  ASSERT_TRUE(expired.server) << expired.server.error().to_string();
  EXPECT_EQ((*expired.server)->peer()->trust, Trust::Expired);
  with_certificate.identity = identity("agent", &stranger_ca, -30min).pem;
  EXPECT_FALSE(connect(options, with_certificate).server);
}

TEST_F(TlsTest, RequestedClientCertificatesAreHandedOnWithTheirTrust) {
  auto options = server_options();
  options.client_certificates = io::ClientCertificates::Request;
  EXPECT_FALSE((*connect(options, client_options()).server)->peer());
  auto with_certificate = client_options();
  with_certificate.identity = identity("agent", &ca_).pem;
  EXPECT_EQ((*connect(options, with_certificate).server)->peer()->trust, Trust::Trusted);
  const auto stranger_ca = identity("stranger", nullptr);
  with_certificate.identity = identity("agent", &stranger_ca).pem;
  EXPECT_EQ((*connect(options, with_certificate).server)->peer()->trust, Trust::Untrusted);
  options.accept_expired = true;
  with_certificate.identity = identity("agent", &stranger_ca, -30min).pem;
  EXPECT_EQ((*connect(options, with_certificate).server)->peer()->trust, Trust::Untrusted);
}

TEST_F(TlsTest, ReloadingChangesConnectionsToCome) {
  auto before = connect(server_options(), client_options());
  ASSERT_TRUE(before.client);
  auto options = server_options();
  const auto renewed = identity("hub.test", &ca_);
  options.identity = renewed.pem;
  ASSERT_TRUE(server_context_->reload(options));
  auto after = connect();
  ASSERT_TRUE(after.client);
  EXPECT_EQ((*after.client)->peer()->chain_pem, renewed.pem.chain_pem);
  loop_.run([](io::Stream& stream) -> io::Task<void> {
    EXPECT_TRUE(co_await write_text(stream, "still"));
  }(**before.client));
  before.client->reset();
  EXPECT_EQ(loop_.run(read_text(loop_, **before.server)), "still");
  options.identity.key_pem = server_.pem.key_pem;
  EXPECT_FALSE(server_context_->reload(options));
  EXPECT_TRUE(connect().client);
}

TEST_F(TlsTest, NoCommonProtocolEndsTheHandshake) {
  auto options = client_options();
  options.alpn = {"farholm-link/1"};
  EXPECT_FALSE(connect(server_options(), options).client);
}

TEST_F(TlsTest, GarbageAndAnEarlyEndAreErrors) {
  server_context_ = std::move(*channels_.make_server(server_options()));
  for (const std::string garbage : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\xff\xff", ""}) {
    auto [near, far] = io::make_memory_streams(loop_);
    ASSERT_TRUE(loop_.run(write_text(*near, garbage)));
    ASSERT_TRUE(near->shutdown_write());
    auto accepted = loop_.run(server_context_->accept(std::move(far)));
    EXPECT_FALSE(accepted);
  }
}

TEST_F(TlsTest, AnEndWithoutItsNoticeIsAnErrorAndNotTheEnd) {
  auto [near, far] = io::make_memory_streams(loop_);
  server_context_ = std::move(*channels_.make_server(server_options()));
  client_context_ = std::move(*channels_.make_client(client_options()));
  // A stream that loses everything after the handshake.
  class Cut final : public io::Stream {
   public:
    explicit Cut(std::unique_ptr<io::Stream> stream) : stream_(std::move(stream)) {}
    bool cut = false;
    Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override {
      if (cut) return std::optional<std::size_t>(0);
      return stream_->try_read(into);
    }
    Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) override {
      return stream_->try_write(bytes);
    }
    io::Task<void> readable() override { return stream_->readable(); }
    io::Task<void> writable() override { return stream_->writable(); }
    Result<void> shutdown_write() override { return stream_->shutdown_write(); }

   private:
    std::unique_ptr<io::Stream> stream_;
  };
  auto cut = std::make_unique<Cut>(std::move(far));
  auto& cutter = *cut;
  Pair pair;
  io::Scope scope(loop_);
  scope.spawn(
      [](io::SecureClient& context, std::unique_ptr<io::Stream> stream, Pair& into) -> io::Task<void> {
        into.client = co_await context.connect(std::move(stream), "hub.test");
      }(*client_context_, std::move(near), pair));
  pair.server = loop_.run(server_context_->accept(std::move(cut)));
  ASSERT_TRUE(pair.server);
  cutter.cut = true;
  std::byte byte{};
  EXPECT_FALSE((*pair.server)->try_read(std::span(&byte, 1)));
}

}  // namespace
}  // namespace farholm::net
