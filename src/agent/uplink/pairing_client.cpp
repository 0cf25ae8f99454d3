#include "agent/uplink/pairing_client.h"

#include "agent/agent.h"
#include "crypto/certificate.h"
#include "trust/envelope.h"
#include "trust/time_statement.h"

namespace farholm::agent {
namespace {

constexpr std::string_view kPkiPayloadType = "application/vnd.farholm.pki.v1+json";
constexpr std::string_view kSealingKeyContext = "farholm/v1/sealing-key\n";
constexpr std::uint64_t kEnvelopeBytesMax = 256 << 10;
constexpr std::size_t kCommonNameBytesMax = 64;

Result<void> take_certificate(const json::Value& answer, const Identity& identity, HubState& state) {
  FARHOLM_TRY(const auto pem, json::require_string(answer, "certificate"));
  FARHOLM_TRY(const auto chain, crypto::Certificate::chain_from_pem(pem));
  if (!(chain.front().public_key() == identity.key.public_key()))
    return fail(ErrorCode::InternalError, "the hub gave us a certificate for another key");
  FARHOLM_TRY(const auto* host, json::require_object(answer, "host"));
  state.certificate = pem;
  state.host_namespace = json::string_or(*host, "namespace");
  state.host_name = json::string_or(*host, "name");
  state.host_uid = json::string_or(*host, "uid");
  return {};
}

Result<std::string> certificate_request(const Identity& identity, const std::string& name) {
  return crypto::make_certificate_request(
      {.common_name = name.substr(0, kCommonNameBytesMax), .organizations = {}}, {}, identity.key);
}

}  // namespace

io::Task<Result<std::string>> fetch_root(const io::World& world, std::string address,
                                         crypto::Digest expected) {
  FARHOLM_CO_TRY(const auto client, HubClient::make_trusting(world, address));
  FARHOLM_CO_TRY(auto response, co_await client->get("/pairing/v1/root", trust::Root::kBytesMax));
  FARHOLM_CO_TRY(const auto root, trust::Root::parse(response.body));
  if (root.digest() != expected)
    co_return fail(ErrorCode::Forbidden, "the hub at " + address +
                                             " has another root than the token names: it "
                                             "is not the hub that the token is for");
  co_return std::move(response.body);
}

io::Task<Result<std::string>> fetch_authorities(const io::World& world, std::string address,
                                                const trust::Root& root) {
  FARHOLM_CO_TRY(const auto client, HubClient::make_trusting(world, address));
  FARHOLM_CO_TRY(const auto response, co_await client->get("/pairing/v1/pki", kEnvelopeBytesMax));
  FARHOLM_CO_TRY(const auto envelope, trust::parse_envelope(response.body));
  if (auto signed_right = root.verify(trust::RoleName::Pki, envelope); !signed_right)
    co_return fail_while(std::move(signed_right).error(), "asking the hub at " + address + " who it is");
  if (envelope.payload_type != kPkiPayloadType)
    co_return fail(ErrorCode::Forbidden, "the hub proves itself with something else than its authorities");
  FARHOLM_CO_TRY(const auto payload, json::parse(envelope.payload));
  FARHOLM_CO_TRY(const auto* list, json::require_array(payload, "authorities"));
  std::string pem;
  for (const auto& item : *list)
    if (item.is_string()) pem += item.get<std::string>();
  FARHOLM_CO_CHECK(crypto::Certificate::chain_from_pem(pem));
  co_return pem;
}

io::Task<Result<io::WallTime>> fetch_time(const io::World& world, std::string address,
                                          const trust::Root& root) {
  FARHOLM_CO_TRY(const auto client, HubClient::make_trusting(world, address));
  std::array<std::byte, trust::kTimeNonceBytes / 2> random{};
  world.entropy.fill(random);
  const auto nonce = to_hex(random);
  FARHOLM_CO_TRY(const auto response,
                 co_await client->get("/pairing/v1/time?nonce=" + nonce, kEnvelopeBytesMax));
  co_return trust::verify_time(root, nonce, response.body);
}

io::Task<Result<PairingAnswer>> register_host(HubClient& client, const Identity& identity,
                                              PairingRequest request, HubState& state) {
  const auto sealing_key = identity.sealing.public_key();
  const std::string certified = std::string(kSealingKeyContext) + std::string(as_text(sealing_key));
  FARHOLM_CO_TRY(auto pem, certificate_request(identity, request.machine_id));
  json::Value body{{"version", 1},
                   {"certificateRequest", std::move(pem)},
                   {"sealingKey", to_base64(sealing_key)},
                   {"sealingSignature", to_base64(identity.key.sign(as_bytes(certified)))},
                   {"machineID", request.machine_id},
                   {"agentVersion", kVersion}};
  if (!request.token.empty()) body["token"] = request.token;
  if (request.inventory.is_object()) body["inventory"] = std::move(request.inventory);
  FARHOLM_CO_TRY(const auto response, co_await client.post("/pairing/v1/register", std::move(body)));
  FARHOLM_CO_TRY(const auto answer, json::parse(response.body));
  if (response.status == 202)
    co_return PairingAnswer{.approved = false, .message = json::string_or(answer, "message")};
  FARHOLM_CO_CHECK(take_certificate(answer, identity, state));
  co_return PairingAnswer{.approved = true, .message = {}};
}

io::Task<Result<void>> renew_certificate(HubClient& client, const Identity& identity, HubState& state) {
  FARHOLM_CO_TRY(auto pem, certificate_request(identity, state.host_uid));
  json::Value body{{"certificateRequest", std::move(pem)}};
  FARHOLM_CO_TRY(const auto response, co_await client.post("/pairing/v1/renew", std::move(body)));
  FARHOLM_CO_TRY(const auto answer, json::parse(response.body));
  co_return take_certificate(answer, identity, state);
}

std::optional<io::WallTime> renewal_time(const HubState& state) {
  const auto chain = crypto::Certificate::chain_from_pem(state.certificate);
  if (!chain) return std::nullopt;
  const auto& validity = chain->front().validity();
  return validity.not_before + (validity.not_after - validity.not_before) / 3 * 2;
}

}  // namespace farholm::agent
