// Waits with an end, and the careful ways to write to and to close a stream. Internal to net.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "base/result.h"
#include "io/loop.h"
#include "io/stream.h"

namespace farholm::net {

// False when `limit` passed first; the task is dropped then.
io::Task<bool> ends_within(io::Loop& loop, io::Duration limit, io::Task<void> task);

// Writes all of it; Timeout when nothing was taken for `limit`. `progressed` hears when something was, but
// not all at once.
io::Task<Result<void>> write_within(io::Loop& loop, io::Stream& stream, std::span<const std::byte> bytes,
                                    io::Duration limit, std::function<void()> progressed = {});

// Waits until what was written has been handed on, ends our direction, and reads what the peer still sends
// (little, and not for long): closing a socket with unread bytes would reset it, and the peer would lose the
// answer (RFC 9112 §9.6).
io::Task<void> close_gently(io::Loop& loop, std::unique_ptr<io::Stream> stream);

// `stream` with bytes in front that have been read from it already.
std::unique_ptr<io::Stream> with_prefix(std::string prefix, std::unique_ptr<io::Stream> stream);

}  // namespace farholm::net
