#include "trust/envelope.h"

#include <fmt/format.h>

#include "json/json.h"
#include "trust/key_id.h"

namespace farholm::trust {

std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", payload_type.size(), payload_type, payload.size(), payload);
}

Envelope sign_envelope(std::string payload_type, std::string payload,
                       const std::vector<crypto::PrivateKey>& signers) {
  const std::string message = pre_authentication_encoding(payload_type, payload);
  Envelope envelope{.payload_type = std::move(payload_type), .payload = std::move(payload), .signatures = {}};
  for (const auto& signer : signers) {
    envelope.signatures.push_back(
        {.key_id = key_id(signer.public_key()), .bytes = signer.sign(as_bytes(message))});
  }
  return envelope;
}

std::string to_text(const Envelope& envelope) {
  json::Value signatures = json::Value::array();
  for (const auto& signature : envelope.signatures) {
    signatures.push_back({{"keyid", signature.key_id}, {"sig", to_base64(signature.bytes)}});
  }
  return json::to_text({{"payload", to_base64(as_bytes(envelope.payload))},
                        {"payloadType", envelope.payload_type},
                        {"signatures", std::move(signatures)}});
}

Result<Envelope> parse_envelope(std::string_view text) {
  const auto not_one = [](std::string_view why) {
    return fail(ErrorCode::BadRequest, fmt::format("this is not a signed envelope (DSSE): {}", why));
  };
  auto value = json::parse(text, {.bytes_max = Envelope::kBytesMax, .depth_max = 8, .values_max = 1000});
  if (!value) return not_one(value.error().message);
  const auto* payload_type = json::find_string(*value, "payloadType");
  const auto* payload = json::find_string(*value, "payload");
  const auto* signatures = json::find_array(*value, "signatures");
  if (payload_type == nullptr || payload == nullptr || signatures == nullptr) {
    return not_one("it must have payloadType, payload and signatures");
  }
  const auto bytes = from_base64(*payload);
  if (!bytes) return not_one("its payload must be base64");
  if (signatures->size() > Envelope::kSignaturesMax) {
    return not_one(fmt::format("it has more than {} signatures", Envelope::kSignaturesMax));
  }
  Envelope envelope{.payload_type = *payload_type, .payload = std::string(as_text(*bytes)), .signatures = {}};
  for (const auto& entry : *signatures) {
    const auto* signature = json::find_string(entry, "sig");
    auto signature_bytes = signature == nullptr ? std::nullopt : from_base64(*signature);
    if (!signature_bytes) return not_one("each signature must have a \"sig\" in base64");
    envelope.signatures.push_back(
        {.key_id = json::string_or(entry, "keyid"), .bytes = std::move(*signature_bytes)});
  }
  return envelope;
}

Result<void> verify_signatures(std::string_view message, const std::vector<Signature>& signatures,
                               const Keys& keys, const Role& role) {
  std::set<std::string_view> signed_by;
  for (const auto& signature : signatures) {
    if (!role.key_ids.contains(signature.key_id)) continue;
    const auto key = keys.find(signature.key_id);
    if (key == keys.end() || !key->second.verify(as_bytes(message), signature.bytes)) continue;
    signed_by.insert(key->first);
  }
  // A role without keys grants nothing, whatever its threshold.
  if (role.threshold > 0 && signed_by.size() >= role.threshold) return {};
  return fail(ErrorCode::Forbidden, fmt::format("{} of the {} signatures that are needed are right",
                                                signed_by.size(), role.threshold));
}

}  // namespace farholm::trust
