// The engine's errors as sentences that say what to do. The engine answers with a status and prose
// ({"message": "driver failed programming external connectivity …"}); the phrases looked for are those of
// moby 20.10 to 28 (daemon, libnetwork, runc). Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"

namespace farholm::driver::docker {

// `doing` completes "while …" ("creating container x"); `body` is what the engine answered.
Error engine_error(int status, std::string_view body, std::string_view doing);
// As engine_error, for a message that came without a status (an image pull's error line).
Error engine_error_from_message(int status, std::string_view message, std::string_view doing);
// `port` of the host is another program's.
Error port_taken(std::string_view port);
// Nobody answered at the socket.
Error engine_absent(std::string_view endpoint, const Error& transport);

}  // namespace farholm::driver::docker
