// /pairing/v1/…: Pairing over HTTP (docs/formats/pairing.md). One thread.
#pragma once

#include "hub/authority.h"
#include "hub/pairing.h"
#include "net/exchange.h"
#include "net/target.h"

namespace farholm::hub {

inline constexpr std::uint64_t kRegistrationBytesMax = 256 << 10;
inline constexpr std::string_view kPairingPrefix = "/pairing/v1/";
// What a host signs with its identity key to certify its sealing key; the key's 32 bytes follow.
inline constexpr std::string_view kSealingKeyContext = "farholm/v1/sealing-key\n";

class PairingHandler final : public net::HttpHandler {
 public:
  // Both outlive it.
  PairingHandler(Pairing& pairing, const Authority& authority) : pairing_(pairing), authority_(authority) {}

  io::Task<void> handle(net::Exchange& exchange) override;

 private:
  io::Task<Result<net::Response>> serve(net::Exchange& exchange);
  Result<net::Response> serve_time(const net::Target& target) const;
  io::Task<Result<net::Response>> serve_register(net::Exchange& exchange);
  io::Task<Result<net::Response>> serve_renew(net::Exchange& exchange);

  Pairing& pairing_;
  const Authority& authority_;
};

// Reads the body of a registration, and checks what can be checked without the store: that the request is
// signed by its key, and the sealing key by the same. BadRequest else.
Result<Registration> parse_registration(std::string_view body, std::string address);

}  // namespace farholm::hub
