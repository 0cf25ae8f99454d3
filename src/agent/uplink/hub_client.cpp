#include "agent/uplink/hub_client.h"

#include "crypto/checked_file.h"
#include "io/scope.h"
#include "link/frame.h"

namespace farholm::agent {
namespace {

constexpr std::uint64_t kStateBytesMax = 256 << 10;
constexpr std::uint64_t kAnswerBytesMax = 1 << 20;
constexpr auto kRequestTimeout = std::chrono::seconds(30);
constexpr auto kDialTimeout = std::chrono::seconds(15);

io::SecureClientOptions tls_options(const HubState& state, const Identity& identity, bool for_link) {
  io::SecureClientOptions options;
  if (!state.certificate.empty())
    options.identity = io::ChannelIdentity{.chain_pem = state.certificate, .key_pem = identity.key.to_pem()};
  options.trusted_pem = state.authorities;
  options.alpn = {for_link ? std::string(link::kAlpn) : "http/1.1"};
  if (for_link) options.minimum = io::TlsVersion::Tls13;
  return options;
}

}  // namespace

Result<HubState> load_hub_state(io::Files& files, const std::string& path) {
  const auto text = crypto::read_checked_file(files, path, kStateBytesMax);
  if (!text && text.error().code != ErrorCode::Invalid) return std::unexpected(text.error());
  if (!text || !*text) return HubState{};
  const auto value = json::parse(**text);
  // It can all be had again: pairing with the same key gives the same EdgeHost.
  if (!value) return HubState{};
  HubState state{.address = json::string_or(*value, "hub"),
                 .authorities = json::string_or(*value, "authorities"),
                 .certificate = json::string_or(*value, "certificate"),
                 .host_namespace = {},
                 .host_name = {},
                 .host_uid = {}};
  if (const auto* host = json::find_object(*value, "host")) {
    state.host_namespace = json::string_or(*host, "namespace");
    state.host_name = json::string_or(*host, "name");
    state.host_uid = json::string_or(*host, "uid");
  }
  return state;
}

Result<void> save_hub_state(io::Files& files, const std::string& path, const HubState& state) {
  const json::Value value{
      {"hub", state.address},
      {"authorities", state.authorities},
      {"certificate", state.certificate},
      {"host", {{"namespace", state.host_namespace}, {"name", state.host_name}, {"uid", state.host_uid}}}};
  return crypto::write_checked_file(files, path, json::to_text(value), 0600);
}

Result<std::unique_ptr<HubClient>> HubClient::make_trusting(const io::World& world,
                                                            const std::string& address) {
  FARHOLM_TRY(auto endpoint, io::parse_endpoint(address));
  auto client = std::unique_ptr<HubClient>(new HubClient(world, std::move(endpoint)));
  io::SecureClientOptions options;
  options.trust_anyone = true;
  options.alpn = {"http/1.1"};
  FARHOLM_TRY(client->tls_, world.secure.make_client(options));
  client->http_ = std::make_unique<net::HttpClient>(
      world.loop, net::make_dialer(world.network, client->endpoint_, client->tls_.get()),
      net::ClientOptions{.authority = address, .default_headers = {}});
  return client;
}

Result<std::unique_ptr<HubClient>> HubClient::make(const io::World& world, const HubState& state,
                                                   const Identity& identity) {
  FARHOLM_TRY(auto endpoint, io::parse_endpoint(state.address));
  auto client = std::unique_ptr<HubClient>(new HubClient(world, std::move(endpoint)));
  FARHOLM_TRY(client->tls_, world.secure.make_client(tls_options(state, identity, false)));
  FARHOLM_TRY(client->link_tls_, world.secure.make_client(tls_options(state, identity, true)));
  client->http_ = std::make_unique<net::HttpClient>(
      world.loop, net::make_dialer(world.network, client->endpoint_, client->tls_.get()),
      net::ClientOptions{.authority = state.address, .default_headers = {}});
  return client;
}

Result<void> HubClient::reload(const HubState& state, const Identity& identity) {
  FARHOLM_CHECK(tls_->reload(tls_options(state, identity, false)));
  FARHOLM_CHECK(link_tls_->reload(tls_options(state, identity, true)));
  // Pooled connections still show the old certificate.
  http_ = std::make_unique<net::HttpClient>(
      world_.loop, net::make_dialer(world_.network, endpoint_, tls_.get()),
      net::ClientOptions{.authority = state.address, .default_headers = {}});
  return {};
}

io::Task<Result<net::Response>> HubClient::send(net::Request request, std::uint64_t limit_bytes) {
  FARHOLM_CO_TRY(auto response,
                 co_await http_->send(std::move(request),
                                      {.deadline = kRequestTimeout, .response_body_bytes_max = limit_bytes}));
  if (response.status < 400) co_return response;
  std::string message = "the hub answered " + std::to_string(response.status);
  if (const auto status = json::parse(response.body)) {
    if (auto text = json::string_or(*status, "message"); !text.empty()) message = std::move(text);
  }
  co_return fail(error_code_from_http_status(response.status), std::move(message));
}

io::Task<Result<net::Response>> HubClient::get(std::string path, std::uint64_t limit_bytes) {
  return send({.method = "GET", .target = std::move(path), .headers = {}, .body = {}}, limit_bytes);
}

io::Task<Result<net::Response>> HubClient::post(std::string path, json::Value body) {
  net::Request request{
      .method = "POST", .target = std::move(path), .headers = {}, .body = json::to_text(body)};
  request.headers.add("Content-Type", "application/json");
  return send(std::move(request), kAnswerBytesMax);
}

io::Task<Result<std::unique_ptr<io::Stream>>> HubClient::dial_link() {
  auto dialled = [](io::World world, io::Endpoint endpoint,
                    io::SecureClient& tls) -> io::Task<Result<std::unique_ptr<io::Stream>>> {
    FARHOLM_CO_TRY(auto raw, co_await world.network.connect(endpoint));
    FARHOLM_CO_TRY(auto secured, co_await tls.connect(std::move(raw), endpoint.host));
    if (secured->alpn() != link::kAlpn)
      co_return fail(ErrorCode::BadRequest,
                     "what answers does not speak the link's protocol: is it the hub?");
    co_return std::unique_ptr<io::Stream>(std::move(secured));
  }(world_, endpoint_, *link_tls_);
  return io::with_deadline<std::unique_ptr<io::Stream>>(world_.loop, kDialTimeout, "the hub did not answer",
                                                        std::move(dialled));
}

}  // namespace farholm::agent
