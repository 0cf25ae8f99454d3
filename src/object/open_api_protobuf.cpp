// Field numbers: google/gnostic, openapiv2/OpenAPIv2.proto.
#include <bit>
#include <cstdint>

#include "object/open_api.h"

namespace farholm::object {

namespace {

// Writes protobuf's wire format; messages are strings that are nested.
class Message {
 public:
  Message& text(unsigned field, std::string_view value) {
    if (value.empty()) return *this;
    return raw(field, value);
  }
  Message& message(unsigned field, const Message& inner) { return raw(field, inner.bytes_); }
  Message& boolean(unsigned field, bool value) {
    if (value) varint(field << 3U).varint(1);
    return *this;
  }
  Message& integer(unsigned field, std::uint64_t value) {
    if (value != 0) varint(field << 3U).varint(value);
    return *this;
  }
  Message& number(unsigned field, double value) {
    varint((field << 3U) | 1U);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (unsigned shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>((bits >> shift) & 0xFFU);
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  Message& raw(unsigned field, std::string_view value) {
    varint((field << 3U) | 2U).varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(0x80U | (value & 0x7FU));
    bytes_ += static_cast<char>(value);
    return *this;
  }
  std::string bytes_;
};

// gnostic's Any holds YAML; JSON is YAML.
Message any(const json::Value& value) {
  return Message().text(2, json::to_text(value));
}

Message named(std::string_view name, const Message& value) {
  return Message().text(1, name).message(2, value);
}

void put_extensions(const json::Value& from, unsigned field, Message& into) {
  for (const auto& [name, value] : from.items())
    if (name.starts_with("x-")) into.message(field, named(name, any(value)));
}

void put_texts(const json::Value& from, std::string_view member, unsigned field, Message& into) {
  if (const auto* list = json::find_array(from, member))
    for (const auto& one : *list)
      if (one.is_string()) into.text(field, one.get_ref<const std::string&>());
}

Message schema_message(const json::Value& schema) {
  Message out;
  out.text(1, json::string_or(schema, "$ref")).text(2, json::string_or(schema, "format"));
  out.text(4, json::string_or(schema, "description"));
  if (const auto* value = json::find(schema, "default")) out.message(5, any(*value));
  if (const auto* value = json::find(schema, "maximum")) out.number(7, value->get<double>());
  if (const auto* value = json::find(schema, "minimum")) out.number(9, value->get<double>());
  const auto count = [&](unsigned field, std::string_view member) {
    out.integer(field, static_cast<std::uint64_t>(json::find_integer(schema, member).value_or(0)));
  };
  count(11, "maxLength");
  count(12, "minLength");
  out.text(13, json::string_or(schema, "pattern"));
  count(14, "maxItems");
  count(15, "minItems");
  count(17, "maxProperties");
  count(18, "minProperties");
  put_texts(schema, "required", 19, out);
  if (const auto* values = json::find_array(schema, "enum"))
    for (const auto& value : *values) out.message(20, any(value));
  if (const auto* value = json::find(schema, "additionalProperties"))
    out.message(21, Message().message(1, schema_message(*value)));
  if (const auto* type = json::find_string(schema, "type")) out.message(22, Message().text(1, *type));
  if (const auto* items = json::find_object(schema, "items"))
    out.message(23, Message().message(1, schema_message(*items)));
  if (const auto* properties = json::find_object(schema, "properties")) {
    Message all;
    for (const auto& [name, property] : properties->items())
      all.message(1, named(name, schema_message(property)));
    out.message(25, all);
  }
  put_extensions(schema, 31, out);
  return out;
}

Message parameter_message(const json::Value& parameter) {
  Message query;
  query.text(2, json::string_or(parameter, "in")).text(3, json::string_or(parameter, "description"));
  query.text(4, json::string_or(parameter, "name"))
      .text(6, json::string_or(parameter, "type"))
      .boolean(20, true);
  // ParametersItem > Parameter > NonBodyParameter > QueryParameterSubSchema
  return Message().message(1, Message().message(2, Message().message(3, query)));
}

Message operation_message(const json::Value& operation) {
  Message out;
  out.text(5, json::string_or(operation, "operationId"));
  put_texts(operation, "produces", 6, out);
  put_texts(operation, "consumes", 7, out);
  if (const auto* parameters = json::find_array(operation, "parameters"))
    for (const auto& parameter : *parameters) out.message(8, parameter_message(parameter));
  if (const auto* responses = json::find_object(operation, "responses")) {
    Message all;
    for (const auto& [code, response] : responses->items()) {
      Message one;
      one.text(1, json::string_or(response, "description"));
      if (const auto* schema = json::find(response, "schema"))
        one.message(2, Message().message(1, schema_message(*schema)));
      all.message(1, named(code, Message().message(1, one)));
    }
    out.message(9, all);
  }
  put_extensions(operation, 13, out);
  return out;
}

Message path_message(const json::Value& path) {
  Message out;
  const std::pair<const char*, unsigned> verbs[] = {
      {"get", 2}, {"put", 3}, {"post", 4}, {"delete", 5}, {"patch", 8}};
  for (const auto& [verb, field] : verbs)
    if (const auto* operation = json::find(path, verb)) out.message(field, operation_message(*operation));
  return out;
}

}  // namespace

std::string open_api_v2_protobuf(const json::Value& document) {
  Message info;
  if (const auto* given = json::find(document, "info"))
    info.text(1, json::string_or(*given, "title")).text(2, json::string_or(*given, "version"));
  Message paths;
  if (const auto* given = json::find_object(document, "paths"))
    for (const auto& [name, path] : given->items()) paths.message(2, named(name, path_message(path)));
  Message definitions;
  if (const auto* given = json::find_object(document, "definitions"))
    for (const auto& [name, schema] : given->items())
      definitions.message(1, named(name, schema_message(schema)));
  return Message().text(1, "2.0").message(2, info).message(8, paths).message(9, definitions).take();
}

}  // namespace farholm::object
