// Field numbers: k8s.io/api core/v1, events/v1, authorization/v1 and k8s.io/apimachinery meta/v1
// generated.proto.
#include "apiserver/protobuf.h"

namespace farholm::apiserver {

namespace {

using Type = ProtobufField::Type;
using Field = ProtobufField;
using Message = ProtobufMessage;

constexpr Field message(unsigned number, const char* name, const Message& of) {
  return {.number = number, .name = name, .type = Type::Message, .message = &of};
}
constexpr Field messages(unsigned number, const char* name, const Message& of) {
  return {.number = number, .name = name, .type = Type::Message, .repeated = true, .message = &of};
}
constexpr Field text(unsigned number, const char* name) {
  return {.number = number, .name = name};
}
constexpr Field texts(unsigned number, const char* name) {
  return {.number = number, .name = name, .repeated = true};
}
constexpr Field of_type(unsigned number, const char* name, Type type) {
  return {.number = number, .name = name, .type = type};
}
constexpr Field optional(unsigned number, const char* name, Type type) {
  return {.number = number, .name = name, .type = type, .keep_zero = true};
}

constexpr Field kOwnerReferenceFields[] = {text(5, "apiVersion"),
                                           text(1, "kind"),
                                           text(3, "name"),
                                           text(4, "uid"),
                                           optional(6, "controller", Type::Boolean),
                                           optional(7, "blockOwnerDeletion", Type::Boolean)};
constexpr Message kOwnerReference{kOwnerReferenceFields};
constexpr Field kManagedFieldsFields[] = {text(1, "manager"),    text(2, "operation"),
                                          text(3, "apiVersion"), of_type(4, "time", Type::Time),
                                          text(6, "fieldsType"), of_type(7, "fieldsV1", Type::RawJson),
                                          text(8, "subresource")};
constexpr Message kManagedFields{kManagedFieldsFields};
constexpr Field kObjectMetaFields[] = {text(1, "name"),
                                       text(2, "generateName"),
                                       text(3, "namespace"),
                                       text(5, "uid"),
                                       text(6, "resourceVersion"),
                                       of_type(7, "generation", Type::Integer),
                                       of_type(8, "creationTimestamp", Type::Time),
                                       of_type(9, "deletionTimestamp", Type::Time),
                                       optional(10, "deletionGracePeriodSeconds", Type::Integer),
                                       of_type(11, "labels", Type::StringMap),
                                       of_type(12, "annotations", Type::StringMap),
                                       messages(13, "ownerReferences", kOwnerReference),
                                       texts(14, "finalizers"),
                                       messages(17, "managedFields", kManagedFields)};
constexpr Message kObjectMeta{kObjectMetaFields};
constexpr Field kMetadata = message(1, "metadata", kObjectMeta);

constexpr Field kConditionFields[] = {text(1, "type"), text(2, "status"),
                                      of_type(4, "lastTransitionTime", Type::Time), text(5, "reason"),
                                      text(6, "message")};
constexpr Message kCondition{kConditionFields};
constexpr Field kNamespaceSpecFields[] = {texts(1, "finalizers")};
constexpr Message kNamespaceSpec{kNamespaceSpecFields};
constexpr Field kNamespaceStatusFields[] = {text(1, "phase"), messages(2, "conditions", kCondition)};
constexpr Message kNamespaceStatus{kNamespaceStatusFields};
constexpr Field kNamespaceFields[] = {kMetadata, message(2, "spec", kNamespaceSpec),
                                      message(3, "status", kNamespaceStatus)};
constexpr Message kNamespace{kNamespaceFields};

constexpr Field kConfigMapFields[] = {kMetadata, of_type(2, "data", Type::StringMap),
                                      of_type(3, "binaryData", Type::BytesMap),
                                      optional(4, "immutable", Type::Boolean)};
constexpr Message kConfigMap{kConfigMapFields};
constexpr Field kSecretFields[] = {kMetadata, of_type(2, "data", Type::BytesMap), text(3, "type"),
                                   of_type(4, "stringData", Type::StringMap),
                                   optional(5, "immutable", Type::Boolean)};
constexpr Message kSecret{kSecretFields};

constexpr Field kReferenceFields[] = {text(1, "kind"),     text(2, "namespace"),  text(3, "name"),
                                      text(4, "uid"),      text(5, "apiVersion"), text(6, "resourceVersion"),
                                      text(7, "fieldPath")};
constexpr Message kReference{kReferenceFields};
constexpr Field kLocalReferenceFields[] = {text(1, "name")};
constexpr Message kLocalReference{kLocalReferenceFields};
constexpr Field kServiceAccountFields[] = {kMetadata, messages(2, "secrets", kReference),
                                           messages(3, "imagePullSecrets", kLocalReference),
                                           optional(4, "automountServiceAccountToken", Type::Boolean)};
constexpr Message kServiceAccount{kServiceAccountFields};

constexpr Field kEventSourceFields[] = {text(1, "component"), text(2, "host")};
constexpr Message kEventSource{kEventSourceFields};
constexpr Field kEventSeriesFields[] = {of_type(1, "count", Type::Integer),
                                        of_type(2, "lastObservedTime", Type::MicroTime)};
constexpr Message kEventSeries{kEventSeriesFields};
constexpr Field kCoreEventFields[] = {kMetadata,
                                      message(2, "involvedObject", kReference),
                                      text(3, "reason"),
                                      text(4, "message"),
                                      message(5, "source", kEventSource),
                                      of_type(6, "firstTimestamp", Type::Time),
                                      of_type(7, "lastTimestamp", Type::Time),
                                      of_type(8, "count", Type::Integer),
                                      text(9, "type"),
                                      of_type(10, "eventTime", Type::MicroTime),
                                      message(11, "series", kEventSeries),
                                      text(12, "action"),
                                      message(13, "related", kReference),
                                      text(14, "reportingComponent"),
                                      text(15, "reportingInstance")};
constexpr Message kCoreEvent{kCoreEventFields};
constexpr Field kEventFields[] = {kMetadata,
                                  of_type(2, "eventTime", Type::MicroTime),
                                  message(3, "series", kEventSeries),
                                  text(4, "reportingController"),
                                  text(5, "reportingInstance"),
                                  text(6, "action"),
                                  text(7, "reason"),
                                  message(8, "regarding", kReference),
                                  message(9, "related", kReference),
                                  text(10, "note"),
                                  text(11, "type"),
                                  message(12, "deprecatedSource", kEventSource),
                                  of_type(13, "deprecatedFirstTimestamp", Type::Time),
                                  of_type(14, "deprecatedLastTimestamp", Type::Time),
                                  of_type(15, "deprecatedCount", Type::Integer)};
constexpr Message kEvent{kEventFields};

constexpr Field kPreconditionsFields[] = {optional(1, "uid", Type::String),
                                          optional(2, "resourceVersion", Type::String)};
constexpr Message kPreconditions{kPreconditionsFields};
constexpr Field kDeleteOptionsFields[] = {
    optional(1, "gracePeriodSeconds", Type::Integer), message(2, "preconditions", kPreconditions),
    optional(3, "orphanDependents", Type::Boolean), text(4, "propagationPolicy"), texts(5, "dryRun")};
constexpr Message kDeleteOptions{kDeleteOptionsFields};

constexpr Field kResourceAttributesFields[] = {
    text(1, "namespace"), text(2, "verb"),        text(3, "group"), text(4, "version"),
    text(5, "resource"),  text(6, "subresource"), text(7, "name")};
constexpr Message kResourceAttributes{kResourceAttributesFields};
constexpr Field kNonResourceAttributesFields[] = {text(1, "path"), text(2, "verb")};
constexpr Message kNonResourceAttributes{kNonResourceAttributesFields};
constexpr Field kAccessReviewSpecFields[] = {message(1, "resourceAttributes", kResourceAttributes),
                                             message(2, "nonResourceAttributes", kNonResourceAttributes)};
constexpr Message kAccessReviewSpec{kAccessReviewSpecFields};
constexpr Field kAccessReviewFields[] = {kMetadata, message(2, "spec", kAccessReviewSpec)};
constexpr Message kAccessReview{kAccessReviewFields};

struct Known {
  std::string_view api_version;  // empty: any
  std::string_view kind;
  const Message& message;
};
constexpr Known kKnown[] = {
    {"v1", "Namespace", kNamespace},
    {"v1", "ConfigMap", kConfigMap},
    {"v1", "Secret", kSecret},
    {"v1", "ServiceAccount", kServiceAccount},
    {"v1", "Event", kCoreEvent},
    {"events.k8s.io/v1", "Event", kEvent},
    {"", "DeleteOptions", kDeleteOptions},
    {"authorization.k8s.io/v1", "SelfSubjectAccessReview", kAccessReview},
};

}  // namespace

const ProtobufMessage* protobuf_message_of(std::string_view api_version, std::string_view kind) {
  for (const auto& known : kKnown)
    if (known.kind == kind && (known.api_version.empty() || known.api_version == api_version))
      return &known.message;
  return nullptr;
}

}  // namespace farholm::apiserver
