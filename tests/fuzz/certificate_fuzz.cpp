// Certificates, requests and keys that read back as they were written.
#include <cstdint>

#include "base/assert.h"
#include "crypto/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto certificate = crypto::Certificate::from_der(as_bytes(text))) {
    const auto again = crypto::Certificate::from_pem(certificate->to_pem());
    FARHOLM_ASSERT(again && *again == *certificate);
    (void)crypto::verify_chain(*certificate, {*certificate}, {*certificate}, {.at = {}});
    (void)crypto::matches_host(*certificate, "hub.example.com");
  }
  (void)crypto::Certificate::chain_from_pem(text);
  (void)crypto::parse_certificate_request(text);
  if (const auto key = crypto::PublicKey::from_der(as_bytes(text))) {
    FARHOLM_ASSERT(crypto::PublicKey::from_pem(key->to_pem()).has_value());
  }
  (void)crypto::PrivateKey::from_pem(text);
  return 0;
}
