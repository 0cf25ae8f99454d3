#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace farholm {

void assertion_failed(const char* what, std::source_location where) {
  std::fprintf(stderr, "bug: %s does not hold at %s:%u (%s); please report it\n", what, where.file_name(),
               where.line(), where.function_name());
  std::abort();
}

}  // namespace farholm
