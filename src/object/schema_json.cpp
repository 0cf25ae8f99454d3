#include "object/custom_resource_definition.h"
#include "object/open_api.h"
#include "object/table.h"

namespace farholm::object {

namespace {

using Type = Schema::Type;

const char* type_name(Type type) {
  switch (type) {
    case Type::Object:
      return "object";
    case Type::Array:
      return "array";
    case Type::String:
      return "string";
    case Type::Integer:
      return "integer";
    case Type::Number:
      return "number";
    case Type::Boolean:
      return "boolean";
    case Type::Any:
      break;
  }
  return nullptr;
}

// Whole numbers without a fraction, as people write them.
json::Value bound(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? json::Value(whole) : json::Value(value);
}

void put_lengths(const Schema& schema, json::Value& out) {
  const char* least = schema.type == Type::String  ? "minLength"
                      : schema.type == Type::Array ? "minItems"
                                                   : "minProperties";
  const char* most = schema.type == Type::String  ? "maxLength"
                     : schema.type == Type::Array ? "maxItems"
                                                  : "maxProperties";
  if (schema.length_min) out[least] = *schema.length_min;
  if (schema.length_max) out[most] = *schema.length_max;
}

void put_list_type(const Schema& schema, json::Value& out) {
  if (schema.type != Type::Array) return;
  if (schema.list_type == Schema::ListType::Set) out["x-kubernetes-list-type"] = "set";
  if (schema.list_type == Schema::ListType::Map) {
    out["x-kubernetes-list-type"] = "map";
    out["x-kubernetes-list-map-keys"] = schema.list_map_keys;
  }
}

}  // namespace

json::Value schema_json(const Schema& schema, SchemaDialect dialect) {
  json::Value out = json::Value::object();
  if (!schema.description.empty()) out["description"] = schema.description;
  if (const char* name = type_name(schema.type)) out["type"] = name;
  if (!schema.format.empty()) out["format"] = schema.format;
  if (!schema.pattern.empty()) out["pattern"] = schema.pattern;
  if (schema.minimum) out["minimum"] = bound(*schema.minimum);
  if (schema.maximum) out["maximum"] = bound(*schema.maximum);
  put_lengths(schema, out);
  if (!schema.enumeration.empty()) out["enum"] = schema.enumeration;
  if (schema.default_value) out["default"] = *schema.default_value;
  if (schema.nullable && dialect == SchemaDialect::V3) out["nullable"] = true;
  if (schema.int_or_string) out["x-kubernetes-int-or-string"] = true;
  if (schema.preserve_unknown) out["x-kubernetes-preserve-unknown-fields"] = true;
  put_list_type(schema, out);
  for (const auto& property : schema.properties)
    out["properties"][property.name] = schema_json(property.schema, dialect);
  if (!schema.required.empty()) out["required"] = schema.required;
  if (schema.additional) out["additionalProperties"] = schema_json(*schema.additional, dialect);
  if (schema.items) out["items"] = schema_json(*schema.items, dialect);
  return out;
}

json::Value open_api_v3_schema(const KindDescriptor& kind) {
  auto schema = schema_json(kind.schema, SchemaDialect::V3);
  schema["type"] = "object";
  if (!kind.description.empty()) schema["description"] = kind.description;
  auto& properties = schema["properties"];
  if (!properties.is_object()) properties = json::Value::object();
  properties["apiVersion"] = {{"type", "string"}, {"description", "The version of this form of the object."}};
  properties["kind"] = {{"type", "string"}, {"description", "What the object is."}};
  properties["metadata"] = {{"type", "object"}};
  return schema;
}

json::Value custom_resource_definition(const KindDescriptor& kind) {
  json::Value names = {{"kind", kind.kind},
                       {"listKind", kind.list_kind()},
                       {"plural", kind.plural},
                       {"singular", kind.singular}};
  if (!kind.short_names.empty()) names["shortNames"] = kind.short_names;
  if (!kind.categories.empty()) names["categories"] = kind.categories;
  json::Value columns = json::Value::array();
  for (const auto& column : shown_columns(kind)) {
    if (column.name == "Name") continue;  // every table has it
    json::Value one = {{"name", column.name}, {"type", column.type}, {"jsonPath", column.json_path}};
    if (!column.description.empty()) one["description"] = column.description;
    if (!column.format.empty()) one["format"] = column.format;
    if (column.priority != 0) one["priority"] = column.priority;
    columns.push_back(std::move(one));
  }
  json::Value version = {{"name", kind.version},
                         {"served", true},
                         {"storage", true},
                         {"schema", {{"openAPIV3Schema", open_api_v3_schema(kind)}}},
                         {"additionalPrinterColumns", std::move(columns)}};
  if (kind.status_subresource) version["subresources"] = {{"status", json::Value::object()}};
  for (const auto& field : kind.selectable_fields)
    version["selectableFields"].push_back({{"jsonPath", field.starts_with('.') ? field : "." + field}});
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata", {{"name", kind.plural + "." + kind.group}}},
          {"spec",
           {{"group", kind.group},
            {"scope", kind.namespaced ? "Namespaced" : "Cluster"},
            {"names", std::move(names)},
            {"versions", json::Value::array({std::move(version)})}}}};
}

}  // namespace farholm::object
