#include "object/open_api.h"

#include <algorithm>

#include "object/custom_resource_definition.h"
#include "object/metadata.h"

namespace farholm::object {

namespace {

constexpr const char* kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
constexpr const char* kListMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

json::Value group_version_kind(const KindDescriptor& kind) {
  return {{"group", kind.group}, {"version", kind.version}, {"kind", kind.kind}};
}

std::string root_of(const KindDescriptor& kind) {
  return kind.group.empty() ? "/api/" + kind.version : "/apis/" + kind.group + "/" + kind.version;
}

std::string collection_path(const KindDescriptor& kind) {
  return root_of(kind) + (kind.namespaced ? "/namespaces/{namespace}/" : "/") + kind.plural;
}

json::Value list_meta_json() {
  return {{"type", "object"},
          {"description", "Metadata of a list."},
          {"properties",
           {{"continue", {{"type", "string"}}},
            {"remainingItemCount", {{"type", "integer"}, {"format", "int64"}}},
            {"resourceVersion", {{"type", "string"}}},
            {"selfLink", {{"type", "string"}}}}}};
}

json::Value reference(const char* name, SchemaDialect dialect) {
  const std::string prefix = dialect == SchemaDialect::V2 ? "#/definitions/" : "#/components/schemas/";
  json::Value target = {{"$ref", prefix + name}};
  if (dialect == SchemaDialect::V2) return target;
  // A sibling of $ref would be ignored in 3.0; kubectl explain reads allOf.
  return {{"allOf", json::Value::array({target})}, {"default", json::Value::object()}};
}

json::Value kind_schema(const KindDescriptor& kind, SchemaDialect dialect) {
  auto schema = open_api_v3_schema(kind);
  if (dialect == SchemaDialect::V2) {
    schema["properties"].update(schema_json(kind.schema, dialect).value("properties", json::Value::object()));
  }
  auto metadata = reference(kObjectMeta, dialect);
  metadata["description"] = "Standard object metadata.";
  schema["properties"]["metadata"] = std::move(metadata);
  schema["x-kubernetes-group-version-kind"] = json::Value::array({group_version_kind(kind)});
  return schema;
}

json::Value list_schema(const KindDescriptor& kind, SchemaDialect dialect) {
  const std::string prefix = dialect == SchemaDialect::V2 ? "#/definitions/" : "#/components/schemas/";
  auto gvk = group_version_kind(kind);
  gvk["kind"] = kind.list_kind();
  return {{"type", "object"},
          {"description", "A list of " + kind.kind + "."},
          {"required", {"items"}},
          {"properties",
           {{"apiVersion", {{"type", "string"}}},
            {"kind", {{"type", "string"}}},
            {"metadata", reference(kListMeta, dialect)},
            {"items", {{"type", "array"}, {"items", {{"$ref", prefix + definition_name(kind)}}}}}}},
          {"x-kubernetes-group-version-kind", json::Value::array({gvk})}};
}

json::Value definitions_of(const std::vector<const KindDescriptor*>& kinds, SchemaDialect dialect) {
  json::Value definitions = {{kObjectMeta, schema_json(object_meta_schema(), dialect)},
                             {kListMeta, list_meta_json()}};
  for (const auto* kind : kinds) {
    definitions[definition_name(*kind)] = kind_schema(*kind, dialect);
    definitions[definition_name(*kind) + "List"] = list_schema(*kind, dialect);
  }
  return definitions;
}

json::Value query_parameter(const char* name, const char* description, SchemaDialect dialect) {
  json::Value parameter = {{"name", name}, {"in", "query"}, {"description", description}};
  if (dialect == SchemaDialect::V2) {
    parameter["type"] = "string";
    parameter["uniqueItems"] = true;
  } else {
    parameter["schema"] = {{"type", "string"}, {"uniqueItems", true}};
  }
  return parameter;
}

std::vector<std::string> patch_types(const KindDescriptor& kind) {
  std::vector<std::string> types = {"application/json-patch+json", "application/merge-patch+json"};
  // Its absence is how kubectl learns to send merge patches instead.
  if (kind.built_in) types.emplace_back("application/strategic-merge-patch+json");
  return types;
}

json::Value operation(const KindDescriptor& kind, const char* action, const char* verb, bool writes,
                      SchemaDialect dialect) {
  const bool v2 = dialect == SchemaDialect::V2;
  json::Value response = {{"description", "OK"}};
  const std::string ref = (v2 ? "#/definitions/" : "#/components/schemas/") + definition_name(kind);
  if (v2)
    response["schema"] = {{"$ref", ref}};
  else
    response["content"]["application/json"]["schema"] = {{"$ref", ref}};
  json::Value operation = {{"operationId", std::string(verb) + kind.group + kind.version + kind.kind},
                           {"x-kubernetes-action", action},
                           {"x-kubernetes-group-version-kind", group_version_kind(kind)},
                           {"responses", {{"200", std::move(response)}}}};
  if (v2) operation["produces"] = {"application/json"};
  if (!writes) return operation;
  operation["parameters"] = json::Value::array(
      {query_parameter("dryRun", "All: decide, but do not store.", dialect),
       query_parameter("fieldManager", "Who is writing.", dialect),
       query_parameter("fieldValidation", "Ignore, Warn or Strict: what to do about unknown fields.",
                       dialect)});
  const auto types = std::string_view(action) == "patch"
                         ? patch_types(kind)
                         : std::vector<std::string>{"application/json", "application/yaml"};
  if (v2) {
    operation["consumes"] = types;
  } else {
    for (const auto& type : types) operation["requestBody"]["content"][type]["schema"] = {{"type", "object"}};
  }
  return operation;
}

json::Value paths_of(const std::vector<const KindDescriptor*>& kinds, SchemaDialect dialect) {
  json::Value paths = json::Value::object();
  for (const auto* kind : kinds) {
    auto& collection = paths[collection_path(*kind)];
    auto& item = paths[collection_path(*kind) + "/{name}"];
    collection = json::Value::object();
    item = json::Value::object();
    if (kind->has_verb("list")) collection["get"] = operation(*kind, "list", "list", false, dialect);
    if (kind->has_verb("create")) collection["post"] = operation(*kind, "post", "create", true, dialect);
    if (kind->has_verb("get")) item["get"] = operation(*kind, "get", "read", false, dialect);
    if (kind->has_verb("update")) item["put"] = operation(*kind, "put", "replace", true, dialect);
    // Kinds that only the hub writes have it too: kubectl reads `dryRun` and `fieldValidation` from there.
    item["patch"] = operation(*kind, "patch", "patch", true, dialect);
    if (kind->has_verb("delete")) item["delete"] = operation(*kind, "delete", "delete", false, dialect);
  }
  return paths;
}

}  // namespace

std::string definition_name(const KindDescriptor& kind) {
  if (kind.group.empty()) return "io.k8s.api.core." + kind.version + "." + kind.kind;
  std::string name;
  std::string_view rest = kind.group;
  while (!rest.empty()) {
    const auto dot = rest.rfind('.');
    const auto part = dot == std::string_view::npos ? rest : rest.substr(dot + 1);
    name += std::string(part) + ".";
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(0, dot);
  }
  return name + kind.version + "." + kind.kind;
}

json::Value open_api_v2(const std::vector<const KindDescriptor*>& kinds, const std::string& version) {
  return {{"swagger", "2.0"},
          {"info", {{"title", "Farholm"}, {"version", version}}},
          {"paths", paths_of(kinds, SchemaDialect::V2)},
          {"definitions", definitions_of(kinds, SchemaDialect::V2)}};
}

json::Value open_api_v3(const std::vector<const KindDescriptor*>& kinds, const std::string& version) {
  return {{"openapi", "3.0.0"},
          {"info", {{"title", "Farholm"}, {"version", version}}},
          {"paths", paths_of(kinds, SchemaDialect::V3)},
          {"components", {{"schemas", definitions_of(kinds, SchemaDialect::V3)}}}};
}

}  // namespace farholm::object
