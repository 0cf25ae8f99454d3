#include <fmt/format.h>

#include "json/json.h"

namespace farholm::json {
namespace {

std::unexpected<Error> wrong(const Value& value, std::string_view member, std::string_view must_be) {
  const bool there = find(value, member) != nullptr;
  auto error = fail(ErrorCode::Invalid, fmt::format("\"{}\" {} {}", member,
                                                    there ? "must be" : "is missing; it must be", must_be));
  error.error().causes.push_back({.reason = there ? "FieldValueTypeInvalid" : "FieldValueRequired",
                                  .message = fmt::format("must be {}", must_be),
                                  .field = std::string(member)});
  return error;
}

}  // namespace

const Value* find(const Value& value, std::string_view member) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(member);
  return found == value.end() ? nullptr : &*found;
}

const Value* find_path(const Value& value, std::initializer_list<std::string_view> members) {
  const Value* at = &value;
  for (const auto member : members) {
    at = find(*at, member);
    if (at == nullptr) return nullptr;
  }
  return at;
}

const std::string* find_string(const Value& value, std::string_view member) {
  const Value* found = find(value, member);
  return found == nullptr ? nullptr : found->get_ptr<const std::string*>();
}

std::string string_or(const Value& value, std::string_view member, std::string_view otherwise) {
  const std::string* found = find_string(value, member);
  return found == nullptr ? std::string(otherwise) : *found;
}

std::optional<std::int64_t> find_integer(const Value& value, std::string_view member) {
  const Value* found = find(value, member);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  if (const auto* unsigned_value = found->get_ptr<const Value::number_unsigned_t*>()) {
    if (*unsigned_value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(*unsigned_value);
  }
  return *found->get_ptr<const Value::number_integer_t*>();
}

std::optional<bool> find_bool(const Value& value, std::string_view member) {
  const Value* found = find(value, member);
  if (found == nullptr || !found->is_boolean()) return std::nullopt;
  return *found->get_ptr<const Value::boolean_t*>();
}

const Value* find_array(const Value& value, std::string_view member) {
  const Value* found = find(value, member);
  return found != nullptr && found->is_array() ? found : nullptr;
}

const Value* find_object(const Value& value, std::string_view member) {
  const Value* found = find(value, member);
  return found != nullptr && found->is_object() ? found : nullptr;
}

Result<std::string> require_string(const Value& value, std::string_view member) {
  if (const std::string* found = find_string(value, member)) return *found;
  return wrong(value, member, "a string");
}

Result<std::int64_t> require_integer(const Value& value, std::string_view member) {
  if (const auto found = find_integer(value, member)) return *found;
  return wrong(value, member, "an integer of 64 bits");
}

Result<const Value*> require_array(const Value& value, std::string_view member) {
  if (const Value* found = find_array(value, member)) return found;
  return wrong(value, member, "an array");
}

Result<const Value*> require_object(const Value& value, std::string_view member) {
  if (const Value* found = find_object(value, member)) return found;
  return wrong(value, member, "an object");
}

}  // namespace farholm::json
