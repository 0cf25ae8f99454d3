// Times in signed documents: RFC 3339 in UTC to the second, one text for one time. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "io/clock.h"

namespace farholm::trust {

// "2027-01-01T00:00:00Z", as io::to_rfc3339 writes it; BadRequest else.
Result<io::WallTime> parse_timestamp(std::string_view text);

}  // namespace farholm::trust
