#include "object/open_api.h"

#include <gtest/gtest.h>

#include "object/custom_resource_definition.h"

namespace farholm::object {
namespace {

KindDescriptor site() {
  KindDescriptor kind;
  kind.group = "farholm.dev";
  kind.version = "v1alpha1";
  kind.kind = "Site";
  kind.plural = "sites";
  kind.singular = "site";
  kind.schema =
      object("", {{"spec", object("What it should be.", {{"count", integer("How many.").between(0, 9)},
                                                         {"note", string("").or_null()}})}});
  return kind;
}

TEST(CustomResourceDefinition, HasASchemaAndColumns) {
  const auto definition = custom_resource_definition(site());
  EXPECT_EQ(definition["metadata"]["name"], "sites.farholm.dev");
  const auto& version = definition["spec"]["versions"][0];
  const auto& spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"];
  EXPECT_EQ(spec["properties"]["count"], (json::Value{{"type", "integer"},
                                                      {"format", "int64"},
                                                      {"minimum", 0},
                                                      {"maximum", 9},
                                                      {"description", "How many."}}));
  EXPECT_EQ(spec["properties"]["note"]["nullable"], true);
  EXPECT_EQ(version["additionalPrinterColumns"][0]["name"], "Age");
}

TEST(OpenApi, NamesDefinitionsAsKubernetesDoes) {
  KindDescriptor secret;
  secret.version = "v1";
  secret.kind = "Secret";
  EXPECT_EQ(definition_name(secret), "io.k8s.api.core.v1.Secret");
  EXPECT_EQ(definition_name(site()), "dev.farholm.v1alpha1.Site");
}

TEST(OpenApi, TellsKubectlWhichPatchesAKindTakes) {
  const auto kind = site();
  const auto document = open_api_v3({&kind}, "v1");
  const auto& patch =
      document["paths"]["/apis/farholm.dev/v1alpha1/namespaces/{namespace}/sites/{name}"]["patch"];
  EXPECT_TRUE(patch["requestBody"]["content"].contains("application/merge-patch+json"));
  EXPECT_FALSE(patch["requestBody"]["content"].contains("application/strategic-merge-patch+json"));
  EXPECT_EQ(patch["x-kubernetes-group-version-kind"]["kind"], "Site");
}

TEST(OpenApi, LeavesNullableOutOfSwagger) {
  const auto kind = site();
  const auto text = json::to_text(open_api_v2({&kind}, "v1"));
  EXPECT_EQ(text.find("nullable"), std::string::npos);
}

TEST(OpenApi, WritesGnosticsWireFormat) {
  const json::Value document = {{"info", {{"title", "T"}, {"version", "v"}}}};
  // 1: "2.0"; 2: {1: "T", 2: "v"}; 8: {}; 9: {}
  EXPECT_EQ(open_api_v2_protobuf(document), std::string("\x0a\x03"
                                                        "2.0\x12\x06\x0a\x01T\x12\x01v\x42\x00\x4a\x00",
                                                        17));
}

}  // namespace
}  // namespace farholm::object
