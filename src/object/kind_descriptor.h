// KindDescriptor: everything that the API server has to know about a kind. Kinds come in as these values; the
// API server itself knows none of ours. Built at start, then only read; any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "object/schema.h"

namespace farholm::object {

// A column of `kubectl get` (additionalPrinterColumns). Name and, unless the kind has its own, Age are added.
struct PrinterColumn {
  std::string name;             // "Ready"
  std::string type = "string";  // string, integer, number, boolean, date (shown as an age)
  std::string json_path;        // ".status.conditions[?(@.type==\"Ready\")].status"
  std::string description;
  int priority = 0;    // above 0: only with -o wide
  std::string format;  // usually empty; "name" for the first column
  // For built-in kinds whose cells are not a path (a Secret's number of keys): wins over json_path.
  std::function<json::Value(const json::Value& object)> cell;
};

struct KindDescriptor {
  std::string group;    // "farholm.dev"; empty for the core group
  std::string version;  // "v1alpha1"
  std::string kind;     // "Site"
  std::string plural;   // "sites"
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  std::string description;

  // The object's own fields (spec, status, data, …); apiVersion, kind and metadata are added by whoever reads
  // it.
  Schema schema;
  std::vector<PrinterColumn> columns;
  bool status_subresource = false;
  // Beside metadata.name and metadata.namespace: ".spec.host" is selected as "spec.host".
  std::vector<std::string> selectable_fields;
  // Of get list watch create update patch delete deletecollection. Objects of a kind without create and
  // update are written by the hub alone.
  std::vector<std::string> verbs = {"create", "delete", "deletecollection", "get",
                                    "list",   "patch",  "update",           "watch"};
  // Part of Kubernetes' own API: strategic merge patches and protobuf bodies are accepted, no
  // CustomResourceDefinition is shown, and metadata.generation is not kept.
  bool built_in = false;
  // The whole object but its metadata (and status) never changes after it was created.
  bool immutable = false;
  // metadata.name: a DNS subdomain (RFC 1123) of at most 253 characters, or a label of at most 63.
  bool name_is_label = false;

  // Completes an object that has passed the schema and its defaults, before it is validated; `old` is null on
  // creation. Pure: what needs a store is an apiserver::Admission.
  std::function<void(const json::Value* old, json::Value& object)> prepare;
  // What the schema cannot say. Empty: valid.
  std::function<std::vector<ErrorCause>(const json::Value* old, const json::Value& object)> validate;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  std::string list_kind() const { return kind + "List"; }
  // "sites.farholm.dev", or "secrets" in the core group: how messages name the resource.
  std::string resource() const { return group.empty() ? plural : plural + "." + group; }
  bool has_verb(std::string_view verb) const;
};

// Causes as Kubernetes words them (apimachinery, pkg/util/validation/field/errors.go), for validate hooks.
ErrorCause field_required(std::string field, std::string detail = "");
ErrorCause field_invalid(std::string field, const json::Value& value, std::string detail);
ErrorCause field_type_invalid(std::string field, const json::Value& value, std::string detail);
ErrorCause field_not_supported(std::string field, const json::Value& value,
                               const std::vector<json::Value>& supported);
ErrorCause field_duplicate(std::string field, const json::Value& value);
ErrorCause field_forbidden(std::string field, std::string detail);
ErrorCause field_not_found(std::string field, const json::Value& value);
ErrorCause field_too_long(std::string field, std::uint64_t length_max);
ErrorCause field_too_many(std::string field, std::uint64_t actual, std::uint64_t most);

}  // namespace farholm::object
