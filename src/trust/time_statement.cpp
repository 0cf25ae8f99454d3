#include "trust/time_statement.h"

#include <algorithm>

#include "json/json.h"
#include "trust/envelope.h"
#include "trust/timestamp.h"

namespace farholm::trust {

bool is_time_nonce(std::string_view nonce) {
  return nonce.size() == kTimeNonceBytes && std::ranges::all_of(nonce, [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string sign_time(io::WallTime time, std::string_view nonce, const crypto::PrivateKey& plan_key) {
  const json::Value payload{{"nonce", nonce}, {"time", io::to_rfc3339(time)}};
  return to_text(sign_envelope(std::string(kTimePayloadType), json::to_text(payload), {plan_key}));
}

Result<io::WallTime> verify_time(const Root& root, std::string_view nonce, std::string_view text) {
  FARHOLM_TRY(const auto envelope, parse_envelope(text));
  if (auto right = root.verify(RoleName::Plan, envelope); !right)
    return fail_while(std::move(right).error(), "asking what time it is");
  if (envelope.payload_type != kTimePayloadType)
    return fail(ErrorCode::Forbidden, "what was signed is no time");
  FARHOLM_TRY(const auto payload, json::parse(envelope.payload));
  if (json::string_or(payload, "nonce") != nonce)
    return fail(ErrorCode::Forbidden, "the time was told to somebody else");
  FARHOLM_TRY(const auto time, json::require_string(payload, "time"));
  return parse_timestamp(time);
}

}  // namespace farholm::trust
