// Whatever a query holds is read or refused, and what is read can be asked.
#include <cstdint>

#include "object/json_path.h"
#include "object/selector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const json::Value object = {{"metadata", {{"name", "a"}, {"labels", {{"region", "north"}, {"size", "7"}}}}},
                              {"spec", {{"list", {1, 2, {{"type", "Ready"}}}}}}};
  if (const auto labels = object::LabelSelector::parse(text)) (void)labels->matches_object(object);
  if (const auto fields = object::FieldSelector::parse(text, {"spec.list"})) (void)fields->matches(object);
  if (const auto path = object::JsonPath::parse(text.substr(0, 256))) (void)path->find(object);
  return 0;
}
