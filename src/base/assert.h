// FARHOLM_ASSERT: a bug in this program stops it, in release builds too; supervisors restart it. Never for
// input.
#pragma once

#include <source_location>

namespace farholm {
[[noreturn]] void assertion_failed(const char* what,
                                   std::source_location where = std::source_location::current());
}  // namespace farholm

#define FARHOLM_ASSERT(condition)              \
  do {                                         \
    if (!(condition)) [[unlikely]]             \
      ::farholm::assertion_failed(#condition); \
  } while (false)
