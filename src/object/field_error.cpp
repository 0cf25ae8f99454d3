#include <algorithm>

#include "object/kind_descriptor.h"

namespace farholm::object {

namespace {

// A bad value as Kubernetes prints it: strings quoted, the rest as JSON.
std::string shown(const json::Value& value) {
  return json::to_text(value);
}

ErrorCause cause(std::string reason, std::string message, std::string field) {
  return {.reason = std::move(reason), .message = std::move(message), .field = std::move(field)};
}

std::string with_detail(std::string message, const std::string& detail) {
  return detail.empty() ? message : message + ": " + detail;
}

}  // namespace

bool KindDescriptor::has_verb(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

ErrorCause field_required(std::string field, std::string detail) {
  return cause("FieldValueRequired", with_detail("Required value", detail), std::move(field));
}

ErrorCause field_invalid(std::string field, const json::Value& value, std::string detail) {
  return cause("FieldValueInvalid", with_detail("Invalid value: " + shown(value), detail), std::move(field));
}

ErrorCause field_type_invalid(std::string field, const json::Value& value, std::string detail) {
  return cause("FieldValueTypeInvalid", with_detail("Invalid value: " + shown(value), detail),
               std::move(field));
}

ErrorCause field_not_supported(std::string field, const json::Value& value,
                               const std::vector<json::Value>& supported) {
  std::string list;
  for (const auto& one : supported) {
    if (!list.empty()) list += ", ";
    list += one.is_string() ? shown(one) : shown(json::to_text(one));
  }
  return cause("FieldValueNotSupported", "Unsupported value: " + shown(value) + ": supported values: " + list,
               std::move(field));
}

ErrorCause field_duplicate(std::string field, const json::Value& value) {
  return cause("FieldValueDuplicate", "Duplicate value: " + shown(value), std::move(field));
}

ErrorCause field_forbidden(std::string field, std::string detail) {
  return cause("FieldValueForbidden", with_detail("Forbidden", detail), std::move(field));
}

ErrorCause field_not_found(std::string field, const json::Value& value) {
  return cause("FieldValueNotFound", "Not found: " + shown(value), std::move(field));
}

ErrorCause field_too_long(std::string field, std::uint64_t length_max) {
  return cause("FieldValueTooLong", "Too long: may not be more than " + std::to_string(length_max) + " bytes",
               std::move(field));
}

ErrorCause field_too_many(std::string field, std::uint64_t actual, std::uint64_t most) {
  return cause(
      "FieldValueTooMany",
      "Too many: " + std::to_string(actual) + ": must have at most " + std::to_string(most) + " items",
      std::move(field));
}

}  // namespace farholm::object
