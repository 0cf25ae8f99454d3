// What stands in TLS's place in a simulated world: both ends show their certificates and agree on a protocol,
// and the bytes that follow are not encrypted. Certificates are real ones (crypto makes them from the world's
// entropy) and are judged as TLS judges them, at the time of the machine's clock; that who shows one also has
// its key is taken on trust. Every run is like every other. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "io/clock.h"
#include "io/secure_channel.h"

namespace farholm::io::sim {

inline constexpr std::size_t kSimHelloBytesMax = 64 * 1024;

struct SimChannelOptions {
  std::optional<crypto::Certificate> identity;  // a server must have one
  std::vector<crypto::Certificate> trusted;     // authorities
  bool require_client = false;  // a server's: clients without a trusted certificate are refused
  bool accept_expired = false;  // a server's: expired ones are handed on as such
  std::vector<std::string> alpn;
};

class SimSecureChannel final : public SecureChannel {
 public:
  // The clock outlives it; the channel outlives its handshakes.
  SimSecureChannel(const Clock& clock, SimChannelOptions options)
      : clock_(clock), options_(std::move(options)) {}

  Task<Result<std::unique_ptr<SecureStream>>> accept(std::unique_ptr<Stream> stream) override;
  Task<Result<std::unique_ptr<SecureStream>>> connect(std::unique_ptr<Stream> stream,
                                                      std::string server_name) override;

 private:
  struct Hello;
  std::string hello(const std::vector<std::string>& protocols) const;
  Result<std::optional<ChannelPeer>> judge(const Hello& hello, crypto::ChainRules::Use use) const;

  const Clock& clock_;
  const SimChannelOptions options_;
};

}  // namespace farholm::io::sim
