// What stands in TLS's place in a simulated world. A handshake has TLS 1.3's three flights: the client says
// which protocols it speaks, the server chooses one and shows its certificate, the client shows its own.
// Certificates are real ones (crypto makes them from the world's entropy) and are judged as TLS judges them,
// at the time of the machine's clock. That who shows one also has its key is taken on trust, and the bytes
// that follow are not encrypted: so every run is like every other. One thread.
#pragma once

#include <cstddef>

#include "io/clock.h"
#include "io/secure_channel.h"

namespace farholm::io::sim {

inline constexpr std::size_t kSimFlightBytesMax = 64 * 1024;

class SimSecureChannels final : public SecureChannels {
 public:
  // The clock outlives this and what it makes.
  explicit SimSecureChannels(const Clock& clock) : clock_(clock) {}

  Result<std::unique_ptr<SecureServer>> make_server(const SecureServerOptions& options) override;
  Result<std::unique_ptr<SecureClient>> make_client(const SecureClientOptions& options) override;

 private:
  const Clock& clock_;
};

}  // namespace farholm::io::sim
