// Kubernetes' own kinds that a hub serves, as descriptors: Namespace, Secret, ConfigMap, ServiceAccount,
// Event (of both API groups) and the read-only CustomResourceDefinition. Values; any thread.
#pragma once

#include <memory>
#include <vector>

#include "apiserver/kinds.h"

namespace farholm::apiserver {

object::KindDescriptor namespace_kind();
object::KindDescriptor secret_kind();
object::KindDescriptor config_map_kind();
object::KindDescriptor service_account_kind();
object::KindDescriptor core_event_kind();
object::KindDescriptor event_kind();  // of events.k8s.io
object::KindDescriptor custom_resource_definition_kind();

// The two forms of an event: events.k8s.io/v1 and what is stored, core/v1.
json::Value event_from_core(const json::Value& core);
json::Value event_to_core(const json::Value& event);

inline constexpr std::string_view kNamespaces = "/namespaces";  // store resources
inline constexpr std::string_view kEvents = "/events";
inline constexpr std::string_view kCustomResourceDefinitions =
    "apiextensions.k8s.io/customresourcedefinitions";

}  // namespace farholm::apiserver
