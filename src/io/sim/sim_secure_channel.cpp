#include "io/sim/sim_secure_channel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "crypto/certificate.h"

namespace farholm::io::sim {
namespace {

using Chain = std::vector<crypto::Certificate>;

constexpr std::string_view kMagic = "SIMTLS";
constexpr std::size_t kLengthDigits = 8;
// What a server that requires a certificate sends once it has taken the client in, before anything else.
constexpr std::byte kWelcome{'+'};

std::unexpected<Error> handshake_failed(std::string_view why) {
  return fail(ErrorCode::ServiceUnavailable, fmt::format("the TLS handshake failed: {}", why));
}

class SimSecureStream final : public SecureStream {
 public:
  // `welcome_due`: a client's, which does not know yet whether the server has taken its certificate.
  SimSecureStream(std::unique_ptr<Stream> stream, std::optional<ChannelPeer> peer, std::string alpn,
                  bool welcome_due)
      : stream_(std::move(stream)),
        peer_(std::move(peer)),
        alpn_(std::move(alpn)),
        welcome_due_(welcome_due) {}

  Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override {
    if (into.empty()) return std::optional<std::size_t>(0);
    if (welcome_due_) {
      std::byte welcome{};
      FARHOLM_TRY(const auto count, stream_->try_read(std::span(&welcome, 1)));
      if (!count) return std::optional<std::size_t>();
      if (*count == 0 || welcome != kWelcome) return handshake_failed("the server refused the certificate");
      welcome_due_ = false;
    }
    return stream_->try_read(into);
  }
  Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) override {
    return stream_->try_write(bytes);
  }
  Task<void> readable() override { return stream_->readable(); }
  Task<void> writable() override { return stream_->writable(); }
  Result<void> shutdown_write() override { return stream_->shutdown_write(); }
  const std::optional<ChannelPeer>& peer() const override { return peer_; }
  const std::string& alpn() const override { return alpn_; }

 private:
  std::unique_ptr<Stream> stream_;
  const std::optional<ChannelPeer> peer_;
  const std::string alpn_;
  bool welcome_due_;
};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(at), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

Task<Result<std::string>> read_exactly(Stream& stream, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    FARHOLM_CO_TRY(const std::size_t some,
                   co_await read_some(stream, std::as_writable_bytes(std::span(bytes)).subspan(done)));
    if (some == 0) co_return handshake_failed("the peer closed the connection");
    done += some;
  }
  co_return bytes;
}

// A flight is "SIMTLS", its length in eight hexadecimal digits, certificates in hexadecimal with dots between
// them, a space, protocols with commas between them, and a space and "required" where the server refuses who
// shows no certificate.
struct Flight {
  Chain chain;
  std::vector<std::string> protocols;
  bool required = false;

  static Task<Result<Flight>> read(Stream& stream) {
    FARHOLM_CO_TRY(const std::string head, co_await read_exactly(stream, kMagic.size() + kLengthDigits));
    std::size_t length = 0;
    const char* digits = head.data() + kMagic.size();
    const auto parsed = std::from_chars(digits, digits + kLengthDigits, length, 16);
    if (!head.starts_with(kMagic) || parsed.ptr != digits + kLengthDigits || length > kSimFlightBytesMax) {
      co_return handshake_failed("the peer does not speak TLS");
    }
    FARHOLM_CO_TRY(const std::string body, co_await read_exactly(stream, length));
    const auto first = std::min(body.find(' '), body.size());
    const auto second = std::min(body.find(' ', first + 1), body.size());
    if (second == body.size()) co_return handshake_failed("the peer does not speak TLS");
    Flight flight;
    flight.protocols = split(std::string_view(body).substr(first + 1, second - first - 1), ',');
    flight.required = body.substr(second + 1) == "required";
    for (const auto& text : split(std::string_view(body).substr(0, first), '.')) {
      const auto der = from_hex(text);
      if (!der) co_return handshake_failed("the peer's certificate is not hexadecimal");
      auto certificate = crypto::Certificate::from_der(*der);
      if (!certificate) co_return handshake_failed(certificate.error().message);
      flight.chain.push_back(std::move(*certificate));
    }
    co_return flight;
  }

  std::string text() const {
    std::vector<std::string> certificates;
    for (const auto& certificate : chain) certificates.push_back(to_hex(certificate.der()));
    const std::string body = fmt::format("{} {} {}", fmt::join(certificates, "."), fmt::join(protocols, ","),
                                         required ? "required" : "");
    return fmt::format("{}{:08x}{}", kMagic, body.size(), body);
  }
};

Result<Chain> parse_identity(const ChannelIdentity& identity) {
  auto chain = crypto::Certificate::chain_from_pem(identity.chain_pem);
  if (!chain) return fail(ErrorCode::BadRequest, "the certificate chain must be certificates in PEM");
  FARHOLM_TRY(const auto key, crypto::PrivateKey::from_pem(identity.key_pem));
  if (!(key.public_key() == chain->front().public_key()))
    return fail(ErrorCode::BadRequest, "the private key does not belong to the certificate");
  return chain;
}

Result<Chain> parse_trusted(const std::string& pem) {
  if (pem.empty()) return Chain();
  auto chain = crypto::Certificate::chain_from_pem(pem);
  if (!chain) return fail(ErrorCode::BadRequest, "the trusted CAs must be certificates in PEM");
  return chain;
}

ChannelPeer make_peer(const Chain& chain, ChannelPeer::Trust trust) {
  ChannelPeer peer{.trust = trust, .der = std::string(as_text(chain.front().der())), .chain_pem = {}};
  for (const auto& certificate : chain) peer.chain_pem += certificate.to_pem();
  return peer;
}

// Whether the chain leads to one of `trusted`; and, where it does not, why.
Result<void> verify(const Chain& chain, const Chain& trusted, const crypto::ChainRules& rules) {
  return crypto::verify_chain(chain.front(), Chain(chain.begin() + 1, chain.end()), trusted, rules);
}

struct ServerConfig {
  SecureServerOptions options;
  Chain identity;
  Chain trusted;
};

struct ClientConfig {
  SecureClientOptions options;
  Chain identity;
  Chain trusted;
};

Result<std::shared_ptr<const ServerConfig>> make_config(const SecureServerOptions& options) {
  auto config =
      std::make_shared<ServerConfig>(ServerConfig{.options = options, .identity = {}, .trusted = {}});
  FARHOLM_TRY(config->identity, parse_identity(options.identity));
  FARHOLM_TRY(config->trusted, parse_trusted(options.trusted_pem));
  if (config->trusted.empty() && options.client_certificates == ClientCertificates::Require)
    return fail(ErrorCode::BadRequest, "requiring client certificates needs the CAs that issue them");
  return std::shared_ptr<const ServerConfig>(std::move(config));
}

Result<std::shared_ptr<const ClientConfig>> make_config(const SecureClientOptions& options) {
  auto config =
      std::make_shared<ClientConfig>(ClientConfig{.options = options, .identity = {}, .trusted = {}});
  if (options.identity) {
    FARHOLM_TRY(config->identity, parse_identity(*options.identity));
  }
  FARHOLM_TRY(config->trusted, parse_trusted(options.trusted_pem));
  if (!config->trusted.empty() && options.trust_anyone)
    return fail(ErrorCode::BadRequest, "trusting anyone and trusting certain CAs exclude one another");
  if (config->trusted.empty() && options.pinned.empty() && !options.trust_anyone)
    return fail(ErrorCode::BadRequest, "a TLS client needs the CAs or the keys that it trusts");
  return std::shared_ptr<const ClientConfig>(std::move(config));
}

// What the server makes of the client's chain; an error where it is refused.
Result<std::optional<ChannelPeer>> judge_client(const ServerConfig& config, const Chain& chain,
                                                WallTime now) {
  const bool required = config.options.client_certificates == ClientCertificates::Require;
  if (chain.empty()) {
    if (required) return handshake_failed("the client has shown no certificate");
    return std::optional<ChannelPeer>();
  }
  crypto::ChainRules rules{.at = now, .use = crypto::ChainRules::Use::Client};
  const auto trusted = verify(chain, config.trusted, rules);
  if (trusted) return std::optional(make_peer(chain, ChannelPeer::Trust::Trusted));
  rules.ignore_times = true;
  if (config.options.accept_expired && chain.front().validity().not_after < now &&
      verify(chain, config.trusted, rules)) {
    return std::optional(make_peer(chain, ChannelPeer::Trust::Expired));
  }
  if (required) return handshake_failed(trusted.error().message);
  return std::optional(make_peer(chain, ChannelPeer::Trust::Untrusted));
}

// What the client makes of the server's chain; an error where it is refused.
Result<ChannelPeer> judge_server(const ClientConfig& config, const Chain& chain, const std::string& name,
                                 WallTime now) {
  if (chain.empty()) return handshake_failed("the server has shown no certificate");
  if (!config.trusted.empty()) {
    const auto trusted = verify(chain, config.trusted, {.at = now, .use = crypto::ChainRules::Use::Server});
    if (!trusted) return handshake_failed(trusted.error().message);
    if (!crypto::matches_host(chain.front(), name))
      return handshake_failed(fmt::format("the server's certificate is not for \"{}\"", name));
  }
  const auto& pinned = config.options.pinned;
  const auto digest = chain.front().public_key().digest();
  if (!pinned.empty() && std::ranges::none_of(pinned, [&](const SpkiSha256& pin) {
        return std::ranges::equal(pin, digest.bytes());
      })) {
    return handshake_failed("the server's key is not the one that is expected");
  }
  return make_peer(chain, config.options.trust_anyone && pinned.empty() ? ChannelPeer::Trust::Untrusted
                                                                        : ChannelPeer::Trust::Trusted);
}

Task<Result<std::unique_ptr<SecureStream>>> accept_on(std::shared_ptr<const ServerConfig> config,
                                                      const Clock& clock, std::unique_ptr<Stream> stream) {
  FARHOLM_CO_TRY(const Flight hello, co_await Flight::read(*stream));
  const auto& spoken = config->options.alpn;
  Flight answer{.chain = config->identity,
                .protocols = {},
                .required = config->options.client_certificates == ClientCertificates::Require};
  for (const auto& protocol : spoken) {
    if (answer.protocols.empty() && std::ranges::find(hello.protocols, protocol) != hello.protocols.end())
      answer.protocols.push_back(protocol);
  }
  if (answer.protocols.empty() && !spoken.empty() && !hello.protocols.empty())
    co_return handshake_failed("the client speaks none of the protocols that are spoken here");
  FARHOLM_CO_CHECK(co_await write_all(*stream, as_bytes(answer.text())));
  FARHOLM_CO_TRY(Flight theirs, co_await Flight::read(*stream));
  // Who is not asked shows nothing.
  if (config->options.client_certificates == ClientCertificates::None) theirs.chain.clear();
  FARHOLM_CO_TRY(auto peer, judge_client(*config, theirs.chain, clock.now()));
  if (answer.required) FARHOLM_CO_CHECK(co_await write_all(*stream, std::span(&kWelcome, 1)));
  std::string alpn = answer.protocols.empty() ? "" : answer.protocols.front();
  co_return std::make_unique<SimSecureStream>(std::move(stream), std::move(peer), std::move(alpn),
                                              /*welcome_due=*/false);
}

Task<Result<std::unique_ptr<SecureStream>>> connect_on(std::shared_ptr<const ClientConfig> config,
                                                       const Clock& clock, std::unique_ptr<Stream> stream,
                                                       std::string server_name) {
  if (!config->trusted.empty() && server_name.empty())
    co_return fail(ErrorCode::BadRequest, "the name that the server's certificate must have is missing");
  const std::string hello = Flight{.chain = {}, .protocols = config->options.alpn}.text();
  FARHOLM_CO_CHECK(co_await write_all(*stream, as_bytes(hello)));
  FARHOLM_CO_TRY(const Flight theirs, co_await Flight::read(*stream));
  FARHOLM_CO_TRY(auto peer, judge_server(*config, theirs.chain, server_name, clock.now()));
  const std::string finished = Flight{.chain = config->identity, .protocols = {}}.text();
  FARHOLM_CO_CHECK(co_await write_all(*stream, as_bytes(finished)));
  std::string alpn = theirs.protocols.empty() ? "" : theirs.protocols.front();
  co_return std::make_unique<SimSecureStream>(std::move(stream), std::move(peer), std::move(alpn),
                                              /*welcome_due=*/theirs.required);
}

class SimServer final : public SecureServer {
 public:
  SimServer(const Clock& clock, std::shared_ptr<const ServerConfig> config)
      : clock_(clock), config_(std::move(config)) {}
  Task<Result<std::unique_ptr<SecureStream>>> accept(std::unique_ptr<Stream> stream) override {
    return accept_on(config_, clock_, std::move(stream));
  }
  Result<void> reload(const SecureServerOptions& options) override {
    FARHOLM_TRY(config_, make_config(options));
    return {};
  }

 private:
  const Clock& clock_;
  std::shared_ptr<const ServerConfig> config_;
};

class SimClient final : public SecureClient {
 public:
  SimClient(const Clock& clock, std::shared_ptr<const ClientConfig> config)
      : clock_(clock), config_(std::move(config)) {}
  Task<Result<std::unique_ptr<SecureStream>>> connect(std::unique_ptr<Stream> stream,
                                                      std::string server_name) override {
    return connect_on(config_, clock_, std::move(stream), std::move(server_name));
  }
  Result<void> reload(const SecureClientOptions& options) override {
    FARHOLM_TRY(config_, make_config(options));
    return {};
  }

 private:
  const Clock& clock_;
  std::shared_ptr<const ClientConfig> config_;
};

}  // namespace

Result<std::unique_ptr<SecureServer>> SimSecureChannels::make_server(const SecureServerOptions& options) {
  FARHOLM_TRY(auto config, make_config(options));
  return std::make_unique<SimServer>(clock_, std::move(config));
}

Result<std::unique_ptr<SecureClient>> SimSecureChannels::make_client(const SecureClientOptions& options) {
  FARHOLM_TRY(auto config, make_config(options));
  return std::make_unique<SimClient>(clock_, std::move(config));
}

}  // namespace farholm::io::sim
