#include "trust/key_id.h"

#include "base/assert.h"
#include "crypto/digest.h"

namespace farholm::trust {
namespace {
constexpr std::string_view kEd25519 = "ed25519";
constexpr std::string_view kEcdsa = "ecdsa";
constexpr std::string_view kEcdsaScheme = "ecdsa-sha2-nistp256";
}  // namespace

json::Value key_to_json(const crypto::PublicKey& key) {
  if (key.type() == crypto::KeyType::Ed25519) {
    return {{"keytype", kEd25519}, {"scheme", kEd25519}, {"keyval", {{"public", to_hex(key.raw())}}}};
  }
  return {{"keytype", kEcdsa}, {"scheme", kEcdsaScheme}, {"keyval", {{"public", key.to_pem()}}}};
}

Result<crypto::PublicKey> key_from_json(const json::Value& value) {
  const auto* keyval = json::find_object(value, "keyval");
  const auto* text = keyval == nullptr ? nullptr : json::find_string(*keyval, "public");
  if (text != nullptr) {
    const auto type = json::string_or(value, "keytype");
    if (type == kEd25519) {
      const auto raw = from_hex(*text);
      auto key = crypto::PublicKey::from_ed25519(raw.value_or(std::vector<std::byte>()));
      if (key && key_to_json(*key) == value) return key;
    } else if (type == kEcdsa) {
      auto key = crypto::PublicKey::from_pem(*text);
      if (key && key_to_json(*key) == value) return key;
    }
  }
  return fail(ErrorCode::Invalid,
              "a key must be {\"keytype\",\"scheme\",\"keyval\":{\"public\"}} of the scheme ed25519 or "
              "ecdsa-sha2-nistp256 and have no other members");
}

std::string key_id(const crypto::PublicKey& key) {
  const auto text = json::to_canonical_text(key_to_json(key));
  FARHOLM_ASSERT(text.has_value());
  return crypto::Digest::of(*text).hex();
}

}  // namespace farholm::trust
