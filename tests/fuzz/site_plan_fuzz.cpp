// A plan's payload, and the content of its layers: what is read comes back as it was written, and its
// fingerprints can be taken.
#include <cstdint>

#include "base/assert.h"
#include "profile/layer_blob.h"
#include "profile/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  using namespace farholm::profile;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto plan = parse_plan(text)) {
    const auto again = parse_plan(to_payload(*plan));
    FARHOLM_ASSERT(again && *again == *plan);
    for (const auto& layer : plan->layers) FARHOLM_ASSERT(!layer_fingerprint(*plan, layer).empty());
  }
  for (const char* type : {"kubernetes", "manifests"}) {
    SitePlan plan;
    plan.variables = {{"a", "text"}, {"b", 7}};
    const PlanLayer layer{.name = "x", .type = type, .variables = {"a", "b"}};
    if (const auto content = parse_layer_blob(layer, text)) (void)resolve_layer(plan, layer, *content, {});
  }
  return 0;
}
