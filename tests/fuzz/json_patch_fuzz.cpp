// {"target":…,"patch":…}: a patch applies as a whole or changes nothing; a merge patch applied twice is as
// once.
#include <cstdint>

#include "base/assert.h"
#include "json/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  const auto input = json::parse({reinterpret_cast<const char*>(data), size});
  if (!input) return 0;
  const auto* target = json::find(*input, "target");
  const auto* patch = json::find(*input, "patch");
  if (target == nullptr || patch == nullptr) return 0;
  json::Value patched = *target;
  if (!json::apply_json_patch(patched, *patch, 100)) FARHOLM_ASSERT(patched == *target);
  json::Value merged = *target;
  json::apply_merge_patch(merged, *patch);
  json::Value twice = merged;
  json::apply_merge_patch(twice, *patch);
  FARHOLM_ASSERT(twice == merged);
  return 0;
}
