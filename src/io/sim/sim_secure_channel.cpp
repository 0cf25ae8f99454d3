#include "io/sim/sim_secure_channel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/encoding.h"

namespace farholm::io::sim {
namespace {

constexpr std::string_view kMagic = "SIMTLS";

class SimSecureStream final : public SecureStream {
 public:
  SimSecureStream(std::unique_ptr<Stream> stream, std::optional<ChannelPeer> peer, std::string alpn)
      : stream_(std::move(stream)), peer_(std::move(peer)), alpn_(std::move(alpn)) {}

  Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override {
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
};

Task<Result<std::string>> read_exactly(Stream& stream, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    FARHOLM_CO_TRY(const std::size_t some,
                   co_await read_some(stream, std::as_writable_bytes(std::span(bytes)).subspan(done)));
    if (some == 0) co_return fail(ErrorCode::ServiceUnavailable, "the peer hung up during the handshake");
    done += some;
  }
  co_return bytes;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(at), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

// "SIMTLS" and eight hexadecimal digits, which are the length of: the certificate in hexadecimal ("" for
// none), a space, protocols with commas between them.
struct SimSecureChannel::Hello {
  std::optional<crypto::Certificate> certificate;
  std::vector<std::string> protocols;

  static Task<Result<Hello>> read(Stream& stream) {
    FARHOLM_CO_TRY(const std::string head, co_await read_exactly(stream, kMagic.size() + 8));
    std::size_t length = 0;
    const char* digits = head.data() + kMagic.size();
    const auto parsed = std::from_chars(digits, digits + 8, length, 16);
    if (!head.starts_with(kMagic) || parsed.ptr != digits + 8 || length > kSimHelloBytesMax) {
      co_return fail(ErrorCode::BadRequest, "the peer does not speak TLS");
    }
    FARHOLM_CO_TRY(const std::string body, co_await read_exactly(stream, length));
    const auto space = std::min(body.find(' '), body.size());
    Hello hello;
    hello.protocols = split(std::string_view(body).substr(std::min(space + 1, body.size())), ',');
    if (space > 0) {
      const auto der = from_hex(body.substr(0, space));
      if (!der) co_return fail(ErrorCode::BadRequest, "the peer's certificate is not hexadecimal");
      FARHOLM_CO_TRY(hello.certificate, crypto::Certificate::from_der(*der));
    }
    co_return hello;
  }
};

std::string SimSecureChannel::hello(const std::vector<std::string>& protocols) const {
  const std::string body = fmt::format("{} {}", options_.identity ? to_hex(options_.identity->der()) : "",
                                       fmt::join(protocols, ","));
  return fmt::format("{}{:08x}{}", kMagic, body.size(), body);
}

Result<std::optional<ChannelPeer>> SimSecureChannel::judge(const Hello& hello,
                                                           crypto::ChainRules::Use use) const {
  if (!hello.certificate) return std::optional<ChannelPeer>();
  ChannelPeer peer{.trust = ChannelPeer::Trust::Untrusted,
                   .certificate_der = std::string(as_text(hello.certificate->der()))};
  crypto::ChainRules rules{.at = clock_.now(), .use = use};
  if (crypto::verify_chain(*hello.certificate, {}, options_.trusted, rules)) {
    peer.trust = ChannelPeer::Trust::Trusted;
  } else {
    rules.ignore_times = true;
    if (crypto::verify_chain(*hello.certificate, {}, options_.trusted, rules)) {
      peer.trust = ChannelPeer::Trust::Expired;
    }
  }
  return std::optional(std::move(peer));
}

Task<Result<std::unique_ptr<SecureStream>>> SimSecureChannel::accept(std::unique_ptr<Stream> stream) {
  FARHOLM_CO_TRY(const Hello theirs, co_await Hello::read(*stream));
  FARHOLM_CO_TRY(auto peer, judge(theirs, crypto::ChainRules::Use::Client));
  const bool acceptable = peer && (peer->trust == ChannelPeer::Trust::Trusted ||
                                   (peer->trust == ChannelPeer::Trust::Expired && options_.accept_expired));
  if (options_.require_client && !acceptable) {
    co_return fail(ErrorCode::Unauthorized, "the client has shown no certificate that is trusted here");
  }
  std::string chosen;
  for (const auto& protocol : options_.alpn) {
    if (chosen.empty() && std::ranges::find(theirs.protocols, protocol) != theirs.protocols.end())
      chosen = protocol;
  }
  if (chosen.empty() && !options_.alpn.empty() && !theirs.protocols.empty()) {
    co_return fail(ErrorCode::BadRequest, "the client speaks none of the protocols that are spoken here");
  }
  const std::string ours = hello(chosen.empty() ? std::vector<std::string>() : std::vector{chosen});
  FARHOLM_CO_CHECK(co_await write_all(*stream, as_bytes(ours)));
  co_return std::make_unique<SimSecureStream>(std::move(stream), std::move(peer), std::move(chosen));
}

Task<Result<std::unique_ptr<SecureStream>>> SimSecureChannel::connect(std::unique_ptr<Stream> stream,
                                                                      std::string server_name) {
  const std::string ours = hello(options_.alpn);
  FARHOLM_CO_CHECK(co_await write_all(*stream, as_bytes(ours)));
  FARHOLM_CO_TRY(Hello theirs, co_await Hello::read(*stream));
  FARHOLM_CO_TRY(auto peer, judge(theirs, crypto::ChainRules::Use::Server));
  if (!peer || peer->trust != ChannelPeer::Trust::Trusted) {
    co_return fail(ErrorCode::Unauthorized, "the server's certificate is not trusted here");
  }
  if (!crypto::matches_host(*theirs.certificate, server_name)) {
    co_return fail(ErrorCode::Unauthorized,
                   fmt::format("the server's certificate is not for {}", server_name));
  }
  std::string chosen = theirs.protocols.empty() ? "" : theirs.protocols.front();
  co_return std::make_unique<SimSecureStream>(std::move(stream), std::move(peer), std::move(chosen));
}

}  // namespace farholm::io::sim
