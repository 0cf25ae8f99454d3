#include <gtest/gtest.h>

#include "profile/kinds.h"

namespace farholm::profile {
namespace {

std::vector<std::string> wrong_fields(std::vector<json::Value> objects) {
  const json::Value preview{{"spec", {{"objects", std::move(objects)}}}};
  std::vector<std::string> fields;
  for (const auto& cause : plan_preview_kind().validate(nullptr, preview)) fields.push_back(cause.field);
  return fields;
}

TEST(PlanPreview, IsAboutNamedClusterProfilesAndSites) {
  const auto object = [](std::string_view version, const char* kind, json::Value metadata) -> json::Value {
    return {{"apiVersion", version}, {"kind", kind}, {"metadata", std::move(metadata)}};
  };
  EXPECT_TRUE(wrong_fields({object(kApiVersion, "ClusterProfile", {{"name", "store"}}),
                            object(kApiVersion, "Site", {{"name", "store-1"}})})
                  .empty());
  // A Secret is not one of them: what it holds must not be sent to and fro.
  EXPECT_EQ(
      wrong_fields({object(kApiVersion, "Site", {{"name", "store-1"}}),
                    object("v1", "Secret", {{"name", "card"}}), object(kApiVersion, "Site", nullptr), 7}),
      (std::vector<std::string>{"spec.objects[1].apiVersion", "spec.objects[1].kind",
                                "spec.objects[2].metadata.name", "spec.objects[3].apiVersion",
                                "spec.objects[3].kind", "spec.objects[3].metadata.name"}));
}

}  // namespace
}  // namespace farholm::profile
