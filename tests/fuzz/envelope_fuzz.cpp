// What parses as an envelope, a registration token or a sealed value comes back as it went.
#include <cstdint>

#include "base/assert.h"
#include "trust/envelope.h"
#include "trust/registration_token.h"
#include "trust/sealed_value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto envelope = trust::parse_envelope(text)) {
    const auto again = trust::parse_envelope(trust::to_text(*envelope));
    FARHOLM_ASSERT(again && again->payload == envelope->payload &&
                   again->payload_type == envelope->payload_type &&
                   again->signatures.size() == envelope->signatures.size());
    FARHOLM_ASSERT(!trust::verify_signatures("x", envelope->signatures, {}, {.key_ids = {}, .threshold = 0}));
  }
  if (const auto token = trust::parse_registration_token(text)) FARHOLM_ASSERT(token->to_text() == text);
  (void)trust::open_value(crypto::SealingKey{}, {.site = "s", .name = "n", .version = "v"}, text);
  return 0;
}
