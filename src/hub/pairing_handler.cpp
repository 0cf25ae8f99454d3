#include "hub/pairing_handler.h"

#include "hub/responses.h"
#include "trust/time_statement.h"

namespace farholm::hub {
namespace {

constexpr json::Limits kLimits{.bytes_max = kRegistrationBytesMax, .depth_max = 32, .values_max = 20'000};
constexpr std::size_t kMachineIdBytesMax = 128;
constexpr int kRetrySeconds = 10;

Result<std::vector<std::byte>> require_base64(const json::Value& body, std::string_view member) {
  FARHOLM_TRY(const auto text, json::require_string(body, member));
  auto bytes = from_base64(text);
  if (!bytes) return fail(ErrorCode::BadRequest, std::string(member) + " is not base64");
  return std::move(*bytes);
}

net::Response as_response(const Registered& registered) {
  json::Value body{
      {"host", {{"namespace", registered.name_space}, {"name", registered.name}, {"uid", registered.uid}}}};
  if (!registered.approved) {
    body["state"] = "Pending";
    body["message"] = registered.message;
    auto response = json_response(202, body);
    response.headers.add("Retry-After", std::to_string(kRetrySeconds));
    return response;
  }
  body["state"] = "Approved";
  body["certificate"] = registered.certificate;
  return json_response(200, body);
}

}  // namespace

Result<Registration> parse_registration(std::string_view text, std::string address) {
  FARHOLM_TRY(const auto body, json::parse(text, kLimits));
  FARHOLM_TRY(const auto version, json::require_integer(body, "version"));
  if (version < 1) return fail(ErrorCode::BadRequest, "version must be at least 1");
  FARHOLM_TRY(const auto pem, json::require_string(body, "certificateRequest"));
  FARHOLM_TRY(auto request, crypto::parse_certificate_request(pem));
  FARHOLM_TRY(const auto sealing_key, require_base64(body, "sealingKey"));
  FARHOLM_TRY(const auto signature, require_base64(body, "sealingSignature"));
  if (sealing_key.size() != 32) return fail(ErrorCode::BadRequest, "sealingKey must be 32 bytes in base64");
  const std::string certified = std::string(kSealingKeyContext) + std::string(as_text(sealing_key));
  if (!request.key.verify(as_bytes(certified), signature))
    return fail(ErrorCode::BadRequest, "sealingSignature is not the host key's over the sealing key");
  FARHOLM_TRY(auto machine_id, json::require_string(body, "machineID"));
  if (machine_id.empty() || machine_id.size() > kMachineIdBytesMax)
    return fail(ErrorCode::BadRequest, "machineID must have 1 to 128 bytes");
  const auto* inventory = json::find_object(body, "inventory");
  return Registration{.claims = {.key_digest = request.key.digest().to_string(),
                                 .sealing_key = to_base64(sealing_key),
                                 .machine_id = std::move(machine_id),
                                 .agent_version = json::string_or(body, "agentVersion"),
                                 .inventory = inventory == nullptr ? json::Value() : *inventory},
                      .key = request.key,
                      .token = json::string_or(body, "token"),
                      .address = std::move(address)};
}

io::Task<void> PairingHandler::handle(net::Exchange& exchange) {
  auto response = co_await serve(exchange);
  // If it cannot be sent, the host has gone; it asks again.
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(response ? std::move(*response) : error_response(response.error()));
}

io::Task<Result<net::Response>> PairingHandler::serve(net::Exchange& exchange) {
  const auto& request = exchange.request();
  FARHOLM_CO_TRY(const auto target, net::parse_target(request.target));
  const std::string what = target.path.substr(kPairingPrefix.size());
  const bool posts = what == "register" || what == "renew";
  if (!posts && what != "root" && what != "pki" && what != "time")
    co_return fail(ErrorCode::NotFound, "there is nothing at " + target.path);
  if (request.method != (posts ? "POST" : "GET"))
    co_return fail(ErrorCode::MethodNotAllowed, target.path + " is asked with " + (posts ? "POST" : "GET"));
  if (what == "root") co_return text_response("application/json", authority_.root().text());
  if (what == "pki") co_return text_response("application/json", authority_.pki_envelope());
  if (what == "time") co_return serve_time(target);
  if (what == "register") co_return co_await serve_register(exchange);
  co_return co_await serve_renew(exchange);
}

Result<net::Response> PairingHandler::serve_time(const net::Target& target) const {
  const auto nonce = target.query_value("nonce");
  if (!nonce || !trust::is_time_nonce(*nonce))
    return fail(ErrorCode::BadRequest, "?nonce= must be 32 hexadecimal digits of the asker's");
  return text_response("application/json", authority_.time_statement(*nonce));
}

io::Task<Result<net::Response>> PairingHandler::serve_register(net::Exchange& exchange) {
  FARHOLM_CO_TRY(const auto body, co_await exchange.read_body(kRegistrationBytesMax));
  FARHOLM_CO_TRY(auto registration, parse_registration(body, exchange.peer().address));
  FARHOLM_CO_TRY(const auto registered, co_await pairing_.register_host(std::move(registration)));
  co_return as_response(registered);
}

io::Task<Result<net::Response>> PairingHandler::serve_renew(net::Exchange& exchange) {
  const auto& peer = exchange.peer().certificate;
  if (!peer || peer->trust == io::ChannelPeer::Trust::Untrusted)
    co_return fail(ErrorCode::Unauthorized, "Renewing needs the host's client certificate; pair again.");
  FARHOLM_CO_TRY(const auto certificate, crypto::Certificate::from_der(as_bytes(peer->der)));
  FARHOLM_CO_TRY(const auto body, co_await exchange.read_body(kRegistrationBytesMax));
  FARHOLM_CO_TRY(const auto value, json::parse(body, kLimits));
  FARHOLM_CO_TRY(const auto pem, json::require_string(value, "certificateRequest"));
  FARHOLM_CO_TRY(const auto request, crypto::parse_certificate_request(pem));
  if (!(request.key == certificate.public_key()))
    co_return fail(ErrorCode::Forbidden, "A host keeps its key: the request is for another one.");
  FARHOLM_CO_TRY(const auto renewed, co_await pairing_.renew(certificate.subject().common_name, request.key));
  co_return as_response(renewed);
}

}  // namespace farholm::hub
