#include "agent/identity.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/checked_file.h"
#include "json/json.h"

namespace farholm::agent {
namespace {

constexpr std::uint64_t kIdentityBytesMax = 64 << 10;

Result<Identity> parse(const std::string& text) {
  FARHOLM_TRY(const auto document, json::parse(text));
  FARHOLM_TRY(const auto pem, json::require_string(document, "key"));
  FARHOLM_TRY(auto key, crypto::PrivateKey::from_pem(pem));
  FARHOLM_TRY(const auto sealing_text, json::require_string(document, "sealingKey"));
  const auto sealing_bytes = from_base64(sealing_text);
  crypto::SealingKey sealing;
  if (!sealing_bytes || sealing_bytes->size() != sealing.secret.size()) {
    return fail(ErrorCode::Invalid, "its sealingKey is not 32 bytes in base64");
  }
  std::ranges::copy(*sealing_bytes, sealing.secret.begin());
  return Identity{.key = std::move(key), .sealing = sealing};
}

}  // namespace

Result<Identity> open_identity(io::Files& files, io::Entropy& entropy, const std::string& path) {
  const auto text = crypto::read_checked_file(files, path, kIdentityBytesMax);
  if (!text && text.error().code != ErrorCode::Invalid) return std::unexpected(text.error());
  if (!text || *text) {
    auto identity = text ? parse(**text) : std::unexpected(text.error());
    if (identity) return identity;
    return fail(ErrorCode::Invalid,
                "the host's identity in " + path + " cannot be read (" + identity.error().message +
                    "): restore it from a backup, or remove it to make this a new host that has to "
                    "pair again");
  }
  Identity identity{.key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy),
                    .sealing = crypto::SealingKey::generate(entropy)};
  const json::Value document{{"key", identity.key.to_pem()},
                             {"sealingKey", to_base64(identity.sealing.secret)}};
  FARHOLM_CHECK(crypto::write_checked_file(files, path, json::to_text(document), 0600));
  return identity;
}

}  // namespace farholm::agent
