#include "trust/sealed_value.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "json/json.h"

namespace farholm::trust {
namespace {

constexpr std::string_view kInfo = "farholm/v1/sealed";

Result<std::string> additional_data(const SealedPlace& place) {
  return json::to_canonical_text({{"site", place.site}, {"name", place.name}, {"version", place.version}});
}

}  // namespace

Result<std::string> seal_value(const crypto::SealingPublicKey& recipient, const SealedPlace& place,
                               std::string_view secret, io::Entropy& entropy) {
  FARHOLM_TRY(const auto aad, additional_data(place));
  FARHOLM_TRY(const auto sealed, crypto::seal(recipient, kInfo, as_bytes(aad), as_bytes(secret), entropy));
  return json::to_canonical_text(
      {{"enc", to_base64(sealed.encapsulated)}, {"ciphertext", to_base64(sealed.ciphertext)}});
}

Result<std::string> open_value(const crypto::SealingKey& key, const SealedPlace& place,
                               std::string_view blob) {
  FARHOLM_TRY(const auto value, json::parse(blob));
  const auto encapsulated = from_base64(json::string_or(value, "enc", "?"));
  auto ciphertext = from_base64(json::string_or(value, "ciphertext", "?"));
  crypto::Sealed sealed;
  if (!encapsulated || encapsulated->size() != sealed.encapsulated.size() || !ciphertext) {
    return fail(ErrorCode::BadRequest, "a sealed value must be {\"enc\",\"ciphertext\"} in base64");
  }
  std::ranges::copy(*encapsulated, sealed.encapsulated.begin());
  sealed.ciphertext = std::move(*ciphertext);
  FARHOLM_TRY(const auto aad, additional_data(place));
  auto secret = crypto::open(key, sealed, kInfo, as_bytes(aad));
  if (!secret) {
    return fail_while(std::move(secret).error(),
                      fmt::format("opening version {} of the variable {}", place.version, place.name));
  }
  return std::string(as_text(*secret));
}

}  // namespace farholm::trust
