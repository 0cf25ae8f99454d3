// A kind as an apiextensions.k8s.io/v1 CustomResourceDefinition: what `api/` holds and what the hub shows.
// Pure; any thread.
#pragma once

#include "json/json.h"
#include "object/kind_descriptor.h"

namespace farholm::object {

// As one would apply it elsewhere: metadata.name and spec.
json::Value custom_resource_definition(const KindDescriptor& kind);

// The schema with apiVersion, kind and metadata at the top.
json::Value open_api_v3_schema(const KindDescriptor& kind);

}  // namespace farholm::object
