#include "trust/registration_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace farholm::trust {
namespace {

constexpr std::size_t kIdMax = 63;  // a DNS label (RFC 1123)
constexpr std::size_t kSecretMin = 16;
constexpr std::size_t kSecretMax = 128;

bool is_lower_or_digit(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}
bool is_secret_letter(char letter) {
  return is_lower_or_digit(letter) || (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
}
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdMax && is_lower_or_digit(text.front()) &&
         is_lower_or_digit(text.back()) &&
         std::ranges::all_of(text, [](char letter) { return is_lower_or_digit(letter) || letter == '-'; });
}

}  // namespace

std::string RegistrationToken::to_text() const {
  return fmt::format("{}.{}.{}", id, secret, root.hex());
}

bool RegistrationToken::proves(const crypto::Digest& kept_secret_digest) const {
  return crypto::equal_in_constant_time(secret_digest().bytes(), kept_secret_digest.bytes());
}

RegistrationToken make_registration_token(std::string id, const crypto::Digest& root, io::Entropy& entropy) {
  std::array<std::byte, 32> secret{};
  entropy.fill(secret);
  return {.id = std::move(id), .secret = to_hex(secret), .root = root};
}

Result<RegistrationToken> parse_registration_token(std::string_view text) {
  const auto first = text.find('.');
  const auto second = text.rfind('.');
  if (first != std::string_view::npos && second > first) {
    const auto id = text.substr(0, first);
    const auto secret = text.substr(first + 1, second - first - 1);
    const auto root = crypto::Digest::from_hex(text.substr(second + 1));
    if (is_id(id) && secret.size() >= kSecretMin && secret.size() <= kSecretMax &&
        std::ranges::all_of(secret, is_secret_letter) && root) {
      return RegistrationToken{.id = std::string(id), .secret = std::string(secret), .root = *root};
    }
  }
  return fail(
      ErrorCode::BadRequest,
      "this is not a registration token: it must be an ID, a secret and the root's digest, with dots between "
      "them; copy all of it");
}

}  // namespace farholm::trust
