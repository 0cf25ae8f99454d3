#include "apiserver/object_input.h"

#include "apiserver/protobuf.h"
#include "object/metadata.h"
#include "object/structure.h"
#include "object/validation.h"

namespace farholm::apiserver {

using object::Answer;
using object::bad_request;
using object::KindDescriptor;

namespace {

// Of an object that is sent to us. A value costs a hundred bytes and more in memory, many times its text:
// with so many the largest costs about 10 MiB (bench/hostile_clients_run), and the largest that anybody
// writes is far below.
constexpr json::Limits kBodyLimits{.values_max = 64'000};

std::string cannot_be_handled(const KindDescriptor& kind, const std::string& why) {
  return kind.kind + " in version \"" + kind.version + "\" cannot be handled as a " + kind.kind + ": " + why;
}

// A value that members of the object's metadata must have for anything else to make sense.
Answer<void> check_metadata_types(const KindDescriptor& kind, const json::Value& object) {
  const auto* metadata = json::find(object, "metadata");
  if (!metadata) return {};
  const auto causes = object::validate(object::object_meta_schema(), *metadata, "metadata");
  if (causes.empty()) return {};
  return std::unexpected(
      bad_request(cannot_be_handled(kind, causes.front().field + ": " + causes.front().message)));
}

}  // namespace

Answer<json::Value> decode_body(BodyType type, std::string_view body, std::vector<std::string>& strict) {
  if (type == BodyType::Protobuf) {
    FARHOLM_TRY(auto value, decode_protobuf_body(body));
    return value;
  }
  if (type == BodyType::Yaml) {
    FARHOLM_TRY(auto value, json::parse_yaml(body, kBodyLimits));
    return value;
  }
  std::vector<std::string> duplicates;
  FARHOLM_TRY(auto value, json::parse_lenient(body, duplicates, kBodyLimits));
  for (const auto& name : duplicates) {
    if (strict.size() == object::kUnknownFieldsMax) break;
    strict.push_back("duplicate field \"" + name + "\"");
  }
  return value;
}

Answer<json::Value> decode_object(const KindDescriptor& kind, BodyType type, std::string_view body,
                                  std::vector<std::string>& strict) {
  if (body.empty()) return std::unexpected(bad_request("the request has no body: send the object"));
  auto decoded = decode_body(type, body, strict);
  if (!decoded) {
    auto failure = std::move(decoded).error();
    failure.error.message = cannot_be_handled(kind, failure.error.message);
    return std::unexpected(std::move(failure));
  }
  auto object = std::move(*decoded);
  if (!object.is_object())
    return std::unexpected(bad_request(cannot_be_handled(kind, "it is not an object")));
  const auto api_version = json::string_or(object, "apiVersion");
  const auto name = json::string_or(object, "kind");
  if (name.empty()) return std::unexpected(bad_request("Object 'Kind' is missing"));
  if (api_version.empty()) return std::unexpected(bad_request("Object 'apiVersion' is missing"));
  if (name != kind.kind)
    return std::unexpected(bad_request("the kind in the data (" + name.substr(0, 256) +
                                       ") does not match the expected kind (" + kind.kind + ")"));
  if (api_version != kind.api_version())
    return std::unexpected(bad_request("the API version in the data (" + api_version.substr(0, 256) +
                                       ") does not match the expected API version (" + kind.api_version() +
                                       ")"));
  return object;
}

Answer<void> shape_object(const KindDescriptor& kind, json::Value& object, std::vector<std::string>& strict) {
  FARHOLM_CHECK(check_metadata_types(kind, object));
  auto unknown = object::prune(kind.schema, object);
  for (auto& name : object::prune(object::object_meta_schema(), object::metadata_of(object), "metadata"))
    unknown.push_back(std::move(name));
  for (const auto& name : unknown) strict.push_back("unknown field \"" + name + "\"");
  object::apply_defaults(kind.schema, object);
  return {};
}

Answer<std::vector<std::string>> judge_strictness(const KindDescriptor& kind, FieldValidation validation,
                                                  const std::vector<std::string>& strict) {
  if (validation == FieldValidation::Ignore || strict.empty()) return std::vector<std::string>();
  if (validation == FieldValidation::Warn) return strict;
  std::string all;
  for (const auto& one : strict) all += (all.empty() ? "" : ", ") + one;
  return std::unexpected(bad_request(cannot_be_handled(kind, "strict decoding error: " + all)));
}

Answer<void> complete_and_validate(const KindDescriptor& kind, const json::Value* old, json::Value& object) {
  std::vector<ErrorCause> causes = object::validate_metadata(kind, object);
  const auto add = [&](std::vector<ErrorCause> more) {
    for (auto& cause : more)
      if (causes.size() < object::kCausesMax) causes.push_back(std::move(cause));
  };
  if (old) add(object::validate_metadata_update(*old, object));
  auto by_schema = object::validate(kind.schema, object, "");
  const bool well_formed = by_schema.empty();
  add(std::move(by_schema));
  // The kind's own rules may rely on what the schema says.
  if (well_formed && kind.prepare) kind.prepare(old, object);
  if (well_formed && kind.validate) add(kind.validate(old, object));
  if (old) add(object::validate_immutable(kind.schema, *old, object, ""));
  if (old && kind.immutable)
    for (const auto& property : kind.schema.properties) {
      if (property.name == "status") continue;
      const auto* before = json::find(*old, property.name);
      const auto* after = json::find(object, property.name);
      if ((before == nullptr) != (after == nullptr) || (before && *before != *after))
        add({object::field_forbidden(property.name, "a " + kind.kind + " cannot be changed")});
    }
  if (causes.empty()) return {};
  return std::unexpected(object::invalid(kind, object::name_of(object), std::move(causes)));
}

}  // namespace farholm::apiserver
