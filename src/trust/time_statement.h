// A time statement: what time it is, said by the plan role to one who asked just now. Whoever can say it can
// sign plans, and so is believed about their expiry. Bytes: docs/formats/pairing.md. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "io/clock.h"
#include "trust/root.h"

namespace farholm::trust {

inline constexpr std::string_view kTimePayloadType = "application/vnd.farholm.time.v1+json";
inline constexpr std::size_t kTimeNonceBytes = 32;  // of the asker's, as text: hexadecimal digits

// Whether this is what an asker may send.
bool is_time_nonce(std::string_view nonce);
std::string sign_time(io::WallTime time, std::string_view nonce, const crypto::PrivateKey& plan_key);
// To the second. Forbidden without the signature of the plan role, or for another nonce.
Result<io::WallTime> verify_time(const Root& root, std::string_view nonce, std::string_view envelope);

}  // namespace farholm::trust
