// The metadata of an object: reading it, and Kubernetes' rules for names, labels and annotations
// (apimachinery, pkg/util/validation and pkg/api/validation). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "object/kind_descriptor.h"
#include "object/schema.h"

namespace farholm::object {

inline constexpr std::size_t kAnnotationsBytesMax = 256 << 10;
inline constexpr std::size_t kNameBytesMax = 253;
inline constexpr std::size_t kLabelBytesMax = 63;

// "" or nullptr where it is not there.
std::string name_of(const json::Value& object);
std::string namespace_of(const json::Value& object);
std::string uid_of(const json::Value& object);
const json::Value* labels_of(const json::Value& object);
std::string annotation_of(const json::Value& object, std::string_view key);
std::int64_t generation_of(const json::Value& object);
bool is_being_deleted(const json::Value& object);
std::vector<std::string> finalizers_of(const json::Value& object);
// metadata as a mutable object; made when it is not there.
json::Value& metadata_of(json::Value& object);
// A controller's reference to the object that owns another (metadata.ownerReferences).
json::Value owner_reference(const json::Value& owner, bool controller);

// Kubernetes' sentence about what is wrong, or "".
std::string dns_subdomain_problem(std::string_view name);  // RFC 1123, at most 253
std::string dns_label_problem(std::string_view name);      // RFC 1123, at most 63
std::string label_key_problem(std::string_view key);
std::string label_value_problem(std::string_view value);

// What is wrong with metadata that is about to be stored; its types have been looked at before.
std::vector<ErrorCause> validate_metadata(const KindDescriptor& kind, const json::Value& object);
// What an update may not do to metadata; `changed` has the server's fields filled in already.
std::vector<ErrorCause> validate_metadata_update(const json::Value& old, const json::Value& changed);

// metav1.ObjectMeta.
const Schema& object_meta_schema();

// meta.k8s.io PartialObjectMetadata of it.
json::Value partial_metadata(const json::Value& object, std::string_view api_version = "meta.k8s.io/v1");

}  // namespace farholm::object
