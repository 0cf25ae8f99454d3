// One contract, both of its implementations: OpenSSL's TLS and the simulator's channel, each between two
// machines of a simulated network with delays, partitions, resets and power cuts. What holds for one holds
// for the other, so that what is simulated is what will run.
#include <gmock/gmock.h>

#include <optional>

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"
#include "net/tls.h"

namespace farholm::sim_tests {
namespace {

using namespace std::chrono_literals;
using io::Task;
using testing::HasSubstr;
using Trust = io::ChannelPeer::Trust;

enum class Kind : std::uint8_t { Tls, Simulated };

// The world's network, the identities of three people, and a channel of the kind that is asked for.
class Channels {
 public:
  explicit Channels(Kind kind, std::uint64_t seed = 1) : world(seed), kind_(kind) {
    world.fabric().set_default_link({.latency = 20ms, .jitter = 5ms});
  }

  io::SecureChannels& of(io::sim::SimMachine& machine) {
    if (kind_ == Kind::Simulated) return machine.world().secure;
    return &machine == &hub ? hub_tls_ : site_tls_;
  }

  io::ChannelIdentity issue(const std::string& name, crypto::CertificateUse use,
                            io::Duration valid_for = 24h) {
    const auto own = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy_);
    const auto certificate = crypto::issue({{name, {}},
                                            {.dns = {name}, .ip = {}, .uri = {}},
                                            {io::sim::kBeginning - 1h, io::sim::kBeginning + valid_for},
                                            use},
                                           own.public_key(), authority_, key_, entropy_);
    return {.chain_pem = certificate->to_pem(), .key_pem = own.to_pem()};
  }
  std::string authority() const { return authority_.to_pem(); }

  io::SecureServerOptions server_options() {
    return {.identity = hub_identity_, .trusted_pem = authority(), .alpn = {"h2", "http/1.1"}};
  }
  io::SecureClientOptions client_options() {
    return {.identity = {}, .trusted_pem = authority(), .pinned = {}, .alpn = {"http/1.1"}};
  }

  using Outcome = Result<std::unique_ptr<io::SecureStream>>;
  struct Pair {
    Outcome client = fail(ErrorCode::InternalError, "not run");
    Outcome server = fail(ErrorCode::InternalError, "not run");
  };
  Pair shake(const io::SecureServerOptions& server_options, const io::SecureClientOptions& client_options,
             const std::string& name = "hub") {
    const auto server = of(hub).make_server(server_options);
    const auto client = of(site).make_client(client_options);
    if (!server || !client) return {};
    auto raw = connect();
    Pair pair;
    io::Scope scope(world.loop());
    scope.spawn([](io::SecureServer& on, std::unique_ptr<io::Stream> stream, Outcome& into) -> Task<void> {
      into = co_await on.accept(std::move(stream));
    }(**server, std::move(raw.second), pair.server));
    pair.client = world.loop().run((*client)->connect(std::move(raw.first), name));
    world.loop().run(scope.join());
    return pair;
  }
  Pair shake() { return shake(server_options(), client_options()); }

  // Both ends of a connection: the site's, the hub's.
  std::pair<std::unique_ptr<io::Stream>, std::unique_ptr<io::Stream>> connect() {
    auto listener = *hub.world().network.listen(kEndpoint);
    std::unique_ptr<io::Stream> far;
    io::Scope scope(world.loop());
    scope.spawn([](io::Listener& on, std::unique_ptr<io::Stream>& into) -> Task<void> {
      into = std::move((co_await on.accept())->stream);
    }(*listener, far));
    auto near = *world.loop().run(site.world().network.connect(kEndpoint));
    world.loop().run(scope.join());
    return {std::move(near), std::move(far)};
  }

  Result<void> write(io::Stream& stream, std::string text) {
    return world.loop().run([](io::Stream& to, std::string bytes) -> Task<Result<void>> {
      co_return co_await io::write_all(to, as_bytes(bytes));
    }(stream, std::move(text)));
  }
  // At most so many bytes, or up to the end.
  Result<std::string> read(io::Stream& stream, std::size_t count) {
    return world.loop().run([](io::Stream& from, std::size_t most) -> Task<Result<std::string>> {
      std::string all;
      while (all.size() < most) {
        std::string piece(std::min<std::size_t>(most - all.size(), 4096), '\0');
        FARHOLM_CO_TRY(const auto some,
                       co_await io::read_some(from, std::as_writable_bytes(std::span(piece))));
        if (some == 0) break;
        all += piece.substr(0, some);
      }
      co_return all;
    }(stream, count));
  }
  Result<std::string> read_to_end(io::Stream& stream) { return read(stream, std::size_t{1} << 30U); }
  void pass(io::Duration time) {
    world.loop().run([](io::Loop& loop, io::Duration duration) -> Task<void> {
      co_await loop.sleep(duration);
    }(world.loop(), time));
  }
  io::Duration now() { return world.time().monotonic().time_since_epoch(); }

  const io::Endpoint kEndpoint{.kind = io::Endpoint::Kind::Tcp, .host = "hub", .port = 8443, .path = {}};
  io::sim::SimWorld world;
  io::sim::SimMachine& hub = world.add_machine("hub");
  io::sim::SimMachine& site = world.add_machine("site");

 private:
  const Kind kind_;
  net::TlsChannels hub_tls_{world.loop(), hub.clock()};
  net::TlsChannels site_tls_{world.loop(), site.clock()};
  io::sim::SimEntropy entropy_{5};
  const crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy_);
  const crypto::Certificate authority_ =
      *crypto::make_self_signed({{"authority", {}},
                                 {},
                                 {io::sim::kBeginning - 1h, io::sim::kBeginning + 24h * 365},
                                 crypto::CertificateUse::Authority},
                                key_, entropy_);
  const io::ChannelIdentity hub_identity_ = issue("hub", crypto::CertificateUse::Server);
};

class SecureChannelContract : public testing::TestWithParam<Kind> {
 protected:
  Channels channels_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Kinds, SecureChannelContract, testing::Values(Kind::Tls, Kind::Simulated),
                         [](const auto& kind) { return kind.param == Kind::Tls ? "Tls" : "Simulated"; });

TEST_P(SecureChannelContract, CarriesBytesBothWaysAndEachDirectionEndsByItself) {
  auto [client, server] = channels_.shake();
  ASSERT_TRUE(client) << client.error().to_string();
  ASSERT_TRUE(server) << server.error().to_string();
  EXPECT_EQ((*client)->alpn(), "http/1.1");
  EXPECT_EQ((*server)->alpn(), "http/1.1");
  EXPECT_TRUE((*client)->peer()->trusted());
  EXPECT_FALSE((*server)->peer());

  const std::string much(100'000, 'x');
  ASSERT_TRUE(channels_.write(**client, much));
  ASSERT_TRUE((*client)->shutdown_write());
  EXPECT_EQ(channels_.read_to_end(**server).value(), much);
  ASSERT_TRUE(channels_.write(**server, "after your end"));
  server->reset();
  EXPECT_EQ(channels_.read_to_end(**client).value(), "after your end");
  EXPECT_FALSE((*client)->try_write(as_bytes("x"))) << "written after its own end";
}

TEST_P(SecureChannelContract, AClientShowsItsWholeChainAndTheServerKnowsIt) {
  auto options = channels_.client_options();
  options.identity = channels_.issue("site", crypto::CertificateUse::Client);
  options.identity->chain_pem += channels_.authority();
  for (const auto asked : {io::ClientCertificates::Request, io::ClientCertificates::Require}) {
    auto server_options = channels_.server_options();
    server_options.client_certificates = asked;
    auto [client, server] = channels_.shake(server_options, options);
    ASSERT_TRUE(server) << server.error().to_string();
    EXPECT_EQ((*server)->peer()->trust, Trust::Trusted);
    EXPECT_EQ((*server)->peer()->chain_pem, options.identity->chain_pem);
    ASSERT_TRUE(channels_.write(**server, "welcome"));
    EXPECT_EQ(channels_.read(**client, 7).value(), "welcome");
  }
  auto [client, server] = channels_.shake(channels_.server_options(), options);
  EXPECT_FALSE((*server)->peer()) << "who is not asked shows nothing";
}

TEST_P(SecureChannelContract, AStrangerIsRefusedWhereACertificateIsRequiredAndHandedOnWhereItIsAskedFor) {
  auto stranger = channels_.client_options();
  io::sim::SimEntropy entropy(6);
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
  stranger.identity = {
      .chain_pem = crypto::make_self_signed({{"stranger", {}},
                                             {},
                                             {io::sim::kBeginning, io::sim::kBeginning + 24h},
                                             crypto::CertificateUse::Client},
                                            key, entropy)
                       ->to_pem(),
      .key_pem = key.to_pem()};
  auto server_options = channels_.server_options();
  server_options.client_certificates = io::ClientCertificates::Require;
  for (const auto& refused : {stranger, channels_.client_options()}) {
    auto [client, server] = channels_.shake(server_options, refused);
    EXPECT_FALSE(server);
    ASSERT_TRUE(client) << "a client hears of it when it reads";
    EXPECT_FALSE(channels_.read_to_end(**client)) << "a refusal is no end";
  }
  server_options.client_certificates = io::ClientCertificates::Request;
  EXPECT_EQ((*channels_.shake(server_options, stranger).server)->peer()->trust, Trust::Untrusted);
  EXPECT_FALSE((*channels_.shake(server_options, channels_.client_options()).server)->peer());
}

TEST_P(SecureChannelContract, AnExpiredClientIsGoodForRenewingItselfWhereThatIsAllowed) {
  auto options = channels_.client_options();
  options.identity = channels_.issue("site", crypto::CertificateUse::Client, 1h);
  auto server_options = channels_.server_options();
  server_options.client_certificates = io::ClientCertificates::Require;
  channels_.hub.clock().jump(2h);
  EXPECT_FALSE(channels_.shake(server_options, options).server);
  server_options.accept_expired = true;
  auto [client, server] = channels_.shake(server_options, options);
  ASSERT_TRUE(server) << server.error().to_string();
  EXPECT_EQ((*server)->peer()->trust, Trust::Expired);
  channels_.hub.clock().jump(-4h);
  EXPECT_FALSE(channels_.shake(server_options, options).server) << "not yet valid is not expired";
}

TEST_P(SecureChannelContract, AServerMustHaveTheRightNameTheRightAuthorityAndTheRightTime) {
  const auto server = channels_.server_options();
  auto wrong_name = channels_.shake(server, channels_.client_options(), "other");
  ASSERT_FALSE(wrong_name.client);
  EXPECT_EQ(wrong_name.client.error().code, ErrorCode::ServiceUnavailable);
  EXPECT_THAT(wrong_name.client.error().message, HasSubstr("handshake failed"));
  EXPECT_FALSE(wrong_name.server);

  auto other_authority = channels_.client_options();
  other_authority.trusted_pem = channels_.issue("other", crypto::CertificateUse::Authority).chain_pem;
  EXPECT_FALSE(channels_.shake(server, other_authority).client);

  channels_.site.clock().jump(48h);
  EXPECT_FALSE(channels_.shake().client);
  channels_.site.clock().set_skew(-48h);
  EXPECT_FALSE(channels_.shake().client);
  channels_.site.clock().set_skew(0h);
  EXPECT_TRUE(channels_.shake().client);
}

TEST_P(SecureChannelContract, APinAloneDecidesAndTrustingAnyoneSaysSo) {
  auto server = channels_.server_options();
  auto options = channels_.client_options();
  options.trusted_pem.clear();
  options.pinned = {net::spki_sha256_of_pem(server.identity.chain_pem).value()};
  EXPECT_TRUE((*channels_.shake(server, options, "whoever").client)->peer()->trusted());
  options.pinned = {net::spki_sha256_of_pem(channels_.authority()).value()};
  EXPECT_FALSE(channels_.shake(server, options, "whoever").client);
  options.pinned.clear();
  options.trust_anyone = true;
  EXPECT_EQ((*channels_.shake(server, options, "whoever").client)->peer()->trust, Trust::Untrusted);
}

TEST_P(SecureChannelContract, WrongOptionsAreSaidWhenTheChannelIsMade) {
  auto& made = channels_.of(channels_.hub);
  auto server = channels_.server_options();
  server.identity.key_pem = channels_.issue("hub", crypto::CertificateUse::Server).key_pem;
  EXPECT_EQ(made.make_server(server).error().code, ErrorCode::BadRequest) << "another's key";
  server = channels_.server_options();
  server.trusted_pem.clear();
  server.client_certificates = io::ClientCertificates::Require;
  EXPECT_EQ(made.make_server(server).error().code, ErrorCode::BadRequest);
  auto client = channels_.client_options();
  client.trusted_pem.clear();
  EXPECT_EQ(made.make_client(client).error().code, ErrorCode::BadRequest) << "trusts nobody";
  client = channels_.client_options();
  client.trust_anyone = true;
  EXPECT_EQ(made.make_client(client).error().code, ErrorCode::BadRequest) << "trusts both";

  auto running = made.make_server(channels_.server_options()).value();
  EXPECT_FALSE(running->reload(server)) << "and what was there stays";
  EXPECT_TRUE(running->reload(channels_.server_options()));
}

TEST_P(SecureChannelContract, NoCommonProtocolIsARefusal) {
  auto options = channels_.client_options();
  options.alpn = {"farholm-link/1"};
  auto [client, server] = channels_.shake(channels_.server_options(), options);
  EXPECT_FALSE(client);
  EXPECT_FALSE(server);
}

TEST_P(SecureChannelContract, GarbageAndAnEarlyEndAreErrors) {
  const auto server = channels_.of(channels_.hub).make_server(channels_.server_options()).value();
  for (const std::string garbage : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "SIMTLSzzzzzzzz  ", ""}) {
    auto [near, far] = channels_.connect();
    ASSERT_TRUE(channels_.write(*near, garbage));
    ASSERT_TRUE(near->shutdown_write());
    const auto accepted = channels_.world.loop().run(server->accept(std::move(far)));
    ASSERT_FALSE(accepted);
    EXPECT_EQ(accepted.error().code, ErrorCode::ServiceUnavailable);
  }
}

TEST_P(SecureChannelContract, APartitionIsADelayAlsoInTheMiddleOfTheHandshake) {
  channels_.world.fabric().set_default_link({.latency = 20ms, .jitter = io::Duration(0)});
  io::Scope scope(channels_.world.loop());
  auto cut_in_handshake = [](Channels& of) -> Task<void> {
    // A connection takes 40 ms; the handshake's first flight is under way then.
    co_await of.world.loop().sleep(50ms);
    of.world.fabric().partition("hub", "site");
    co_await of.world.loop().sleep(5min);
    of.world.fabric().heal("hub", "site");
  };
  scope.spawn(cut_in_handshake(channels_));
  auto [client, server] = channels_.shake();
  ASSERT_TRUE(client) << client.error().to_string();
  ASSERT_TRUE(server);
  EXPECT_GE(channels_.now(), 5min);
  ASSERT_TRUE(channels_.write(**client, "late"));
  EXPECT_EQ(channels_.read(**server, 4).value(), "late");
}

TEST_P(SecureChannelContract, ALongPartitionAndAResetEndItWithAnErrorAtBothEnds) {
  auto cut = channels_.shake();
  channels_.world.fabric().partition("hub", "site");
  ASSERT_TRUE(channels_.write(**cut.client, "never"));
  ASSERT_TRUE(channels_.write(**cut.server, "never"));
  const auto at_client = channels_.read_to_end(**cut.client);
  ASSERT_FALSE(at_client) << "not an end: what was sent may have been lost";
  EXPECT_EQ(at_client.error().code, ErrorCode::ServiceUnavailable);
  EXPECT_FALSE(channels_.read_to_end(**cut.server));
  EXPECT_FALSE((*cut.client)->try_write(as_bytes("x")));
  channels_.world.fabric().heal("hub", "site");

  auto broken = channels_.shake();
  ASSERT_TRUE(broken.client);
  channels_.world.fabric().reset("hub", "site");
  const auto reset = channels_.read_to_end(**broken.client);
  ASSERT_FALSE(reset);
  EXPECT_THAT(reset.error().message, HasSubstr("reset"));
  EXPECT_FALSE(channels_.read_to_end(**broken.server));
}

TEST_P(SecureChannelContract, APeerWithoutPowerIsNoticedWhenItIsBackAndNotTakenForAnEnd) {
  auto [client, server] = channels_.shake();
  channels_.hub.cut_power();
  ASSERT_TRUE(channels_.write(**client, "to nobody"));
  channels_.hub.restart(io::sim::Survival::Nothing);
  EXPECT_FALSE(channels_.read_to_end(**client));
  EXPECT_FALSE(channels_.read_to_end(**server));
}

// A conversation over a bad network, as the world writes it down.
struct Recorded {
  std::uint64_t hash = 0;
  std::vector<std::string> lines;
};

Recorded record(Kind kind, std::uint64_t seed, bool leave_out_bytes) {
  Channels channels(kind, seed);
  channels.world.fabric().set_default_link({.latency = 20ms, .jitter = 15ms, .loss_once_in = 5});
  if (leave_out_bytes) channels.world.fabric().leave_out_bytes("TLS's keys and nonces");
  auto options = channels.client_options();
  options.identity = channels.issue("site", crypto::CertificateUse::Client);
  auto server_options = channels.server_options();
  server_options.client_certificates = io::ClientCertificates::Require;
  auto [client, server] = channels.shake(server_options, options);
  EXPECT_TRUE(client && server);
  for (int i = 0; i < 5; ++i) {
    const std::string text(static_cast<std::size_t>(1) << (2 * i), static_cast<char>('a' + i));
    EXPECT_TRUE(channels.write(**client, text));
    EXPECT_EQ(channels.read(**server, text.size()).value(), text);
    EXPECT_TRUE(channels.write(**server, text + text));
    EXPECT_EQ(channels.read(**client, text.size() * 2).value(), text + text);
  }
  EXPECT_TRUE((*client)->shutdown_write());
  EXPECT_EQ(channels.read_to_end(**server).value(), "");
  const auto& history = channels.world.history();
  return {.hash = history.hash(), .lines = {history.last_lines().begin(), history.last_lines().end()}};
}

TEST(SecureChannelHistory, TheSimulatedChannelRepeatsItselfToTheByteAndOtherSeedsDiffer) {
  const auto first = record(Kind::Simulated, 1, false);
  EXPECT_GE(first.lines.size(), 15U);
  EXPECT_EQ(record(Kind::Simulated, 1, false).lines, first.lines);
  EXPECT_EQ(record(Kind::Simulated, 1, false).hash, first.hash);
  EXPECT_NE(record(Kind::Simulated, 2, false).hash, first.hash);
}

// TLS draws keys and nonces where nobody can give them: only they are left out, and named. What was sent
// when, how much of it and how often still has to be the same.
TEST(SecureChannelHistory, TlsRepeatsItselfButForItsKeysAndNonces) {
  const auto first = record(Kind::Tls, 1, true);
  EXPECT_GE(first.lines.size(), 15U);
  EXPECT_THAT(first.lines, testing::Contains(HasSubstr("TLS's keys and nonces")));
  EXPECT_EQ(record(Kind::Tls, 1, true).lines, first.lines);
  EXPECT_EQ(record(Kind::Tls, 1, true).hash, first.hash);
  EXPECT_NE(record(Kind::Tls, 2, true).hash, first.hash);
  EXPECT_NE(record(Kind::Tls, 1, false).hash, record(Kind::Tls, 1, false).hash)
      << "if they are alike now, nothing has to be left out any more";
}

}  // namespace
}  // namespace farholm::sim_tests
