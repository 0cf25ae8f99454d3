// What parses has one canonical text, and that text is a fixed point.
#include <cstdint>

#include "base/assert.h"
#include "json/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> duplicates;
  const auto lenient = json::parse_lenient(text, duplicates);
  const auto value = json::parse(text);
  FARHOLM_ASSERT(value.has_value() == (lenient.has_value() && duplicates.empty()));
  if (!value) return 0;
  const auto again = json::parse(json::to_text(*value));
  FARHOLM_ASSERT(again && *again == *value);
  const auto canonical = json::to_canonical_text(*value);
  if (!canonical) return 0;
  const auto back = json::parse(*canonical);
  FARHOLM_ASSERT(back.has_value());
  const auto twice = json::to_canonical_text(*back);
  FARHOLM_ASSERT(twice && *twice == *canonical);
  return 0;
}
