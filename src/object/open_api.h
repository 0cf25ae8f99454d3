// The OpenAPI documents that clients download: v2 (as JSON and as gnostic's protobuf) for kubectl up to 1.28
// and Terraform, v3 for kubectl since 1.29. Generated from descriptors. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"
#include "object/kind_descriptor.h"

namespace farholm::object {

enum class SchemaDialect : std::uint8_t {
  V3,  // CustomResourceDefinitions, and the documents of v3
  V2,  // no nullable
};
// A schema as JSON.
json::Value schema_json(const Schema& schema, SchemaDialect dialect);

// "dev.farholm.v1alpha1.Site", "io.k8s.api.core.v1.Secret": what the definition is called.
std::string definition_name(const KindDescriptor& kind);

// Swagger 2.0 with the definitions of all kinds and the operations that clients look for.
json::Value open_api_v2(const std::vector<const KindDescriptor*>& kinds, const std::string& version);
// gnostic's openapi.v2.Document of such a document (google/gnostic, openapiv2/OpenAPIv2.proto).
std::string open_api_v2_protobuf(const json::Value& document);
// OpenAPI 3.0 of the kinds of one group and version.
json::Value open_api_v3(const std::vector<const KindDescriptor*>& kinds, const std::string& version);

}  // namespace farholm::object
