// Hold: the veto of the people on site, in one file of the state folder, that can also be made by hand: its
// presence is the hold. A first line "until <RFC 3339>" ends it by itself; the rest is the reason. Any
// thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "io/clock.h"
#include "io/files.h"

namespace farholm::agent {

struct Hold {
  std::optional<io::WallTime> until;  // nothing: until it is taken away
  std::string reason;                 // one line, at most kHoldReasonBytesMax; may be empty
  bool operator==(const Hold&) const = default;
};

inline constexpr std::size_t kHoldReasonBytesMax = 200;

// Nothing: no hold, or one that has ended. A file that cannot be read or understood holds: whoever made it
// meant something by it.
std::optional<Hold> read_hold(io::Files& files, const std::string& path, io::WallTime now);

// Durable when it returns. Invalid for a reason that is too long or has control characters.
Result<void> write_hold(io::Files& files, const std::string& path, const Hold& hold);
// No error when there is none.
Result<void> remove_hold(io::Files& files, const std::string& path);

}  // namespace farholm::agent
