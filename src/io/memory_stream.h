// A connection within this process: two Streams, each the other's peer, with a bounded buffer each way. For
// tests, the simulator, and parts of one program that talk through a protocol. Both ends on one loop.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "io/loop.h"
#include "io/stream.h"

namespace farholm::io {

inline constexpr std::size_t kMemoryStreamBytes = 64 << 10;

// What one end writes the other reads; a destroyed end is read as the end, and written to as an error.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams(
    Loop& loop, std::size_t capacity_bytes = kMemoryStreamBytes);

}  // namespace farholm::io
