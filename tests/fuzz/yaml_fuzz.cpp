// What parses can be written, and what was written reads back the same.
#include <cstdint>

#include "base/assert.h"
#include "json/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  const json::Limits limits{.values_max = 10'000};
  const auto documents = json::parse_yaml_stream({reinterpret_cast<const char*>(data), size}, limits);
  if (!documents) return 0;
  for (const auto& document : *documents) {
    const auto back = json::parse_yaml(json::to_yaml(document));
    FARHOLM_ASSERT(back && *back == document);
  }
  return 0;
}
