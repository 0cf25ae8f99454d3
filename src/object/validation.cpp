#include "object/validation.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <cmath>
#include <set>

#include "object/kind_descriptor.h"

namespace farholm::object {

namespace {

using Type = Schema::Type;

std::string_view type_name(Type type) {
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
  return "";
}

std::string_view type_name(const json::Value& value) {
  if (value.is_number_integer()) return "integer";
  return value.type_name();
}

bool has_type(Type type, const json::Value& value) {
  switch (type) {
    case Type::Any:
      return true;
    case Type::Object:
      return value.is_object();
    case Type::Array:
      return value.is_array();
    case Type::String:
      return value.is_string();
    case Type::Boolean:
      return value.is_boolean();
    case Type::Number:
      return value.is_number();
    case Type::Integer:
      if (value.is_number_integer()) return true;
      return value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
  }
  return false;
}

std::size_t code_points(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;
  return count;
}

std::string number_text(double value) {
  return fmt::format("{}", value);
}

class Validator {
 public:
  std::vector<ErrorCause> take() { return std::move(causes_); }

  void check(const Schema& schema, const json::Value& value, const std::string& path) {
    if (full()) return;
    if (value.is_null()) {
      if (!schema.nullable && schema.type != Type::Any) wrong_type(schema, value, path);
      return;
    }
    if (schema.int_or_string) {
      if (!value.is_string() && !value.is_number_integer()) wrong_type(schema, value, path);
      return;
    }
    if (!has_type(schema.type, value)) return wrong_type(schema, value, path);
    check_enumeration(schema, value, path);
    switch (value.type()) {
      case json::Value::value_t::string:
        return check_string(schema, value, path);
      case json::Value::value_t::object:
        return check_object(schema, value, path);
      case json::Value::value_t::array:
        return check_array(schema, value, path);
      default:
        return check_number(schema, value, path);
    }
  }

 private:
  bool full() const { return causes_.size() >= kCausesMax; }
  void add(ErrorCause cause) {
    if (!full()) causes_.push_back(std::move(cause));
  }
  void invalid(const Schema& schema, const std::string& path, const json::Value& value,
               const std::string& what) {
    add(field_invalid(path, shown(schema, value), path + " in body " + what));
  }

  static json::Value shown(const Schema& schema, const json::Value& value) {
    return schema.sensitive ? json::Value("<hidden>") : abbreviated(value);
  }

  static json::Value abbreviated(const json::Value& value) {
    if (value.is_string() && value.get_ref<const std::string&>().size() > kShownValueBytesMax)
      return json::Value("<" + std::to_string(value.get_ref<const std::string&>().size()) + " bytes>");
    if (value.is_structured()) return json::Value(std::string(type_name(value)));
    return value;
  }

  void wrong_type(const Schema& schema, const json::Value& value, const std::string& path) {
    const std::string expected =
        schema.int_or_string ? "integer,string" : std::string(type_name(schema.type));
    const std::string actual(type_name(value));
    add(field_type_invalid(path, actual,
                           fmt::format("{} in body must be of type {}: \"{}\"", path, expected, actual)));
  }

  void check_enumeration(const Schema& schema, const json::Value& value, const std::string& path) {
    if (schema.enumeration.empty()) return;
    for (const auto& allowed : schema.enumeration)
      if (allowed == value) return;
    add(field_not_supported(path, shown(schema, value), schema.enumeration));
  }

  void check_number(const Schema& schema, const json::Value& value, const std::string& path) {
    if (!value.is_number()) return;
    const double number = value.get<double>();
    if (schema.minimum && number < *schema.minimum)
      invalid(schema, path, value, "should be greater than or equal to " + number_text(*schema.minimum));
    if (schema.maximum && number > *schema.maximum)
      invalid(schema, path, value, "should be less than or equal to " + number_text(*schema.maximum));
    if (schema.format == "int32" && std::abs(number) > 2147483648.0)
      invalid(schema, path, value, "must be of type int32: \"" + json::to_text(value) + "\"");
  }

  void check_string(const Schema& schema, const json::Value& value, const std::string& path) {
    const auto& text = value.get_ref<const std::string&>();
    if (schema.length_max && code_points(text) > *schema.length_max)
      add(field_too_long(path, *schema.length_max));
    if (schema.length_min && code_points(text) < *schema.length_min)
      invalid(schema, path, value, fmt::format("should be at least {} chars long", *schema.length_min));
    if (schema.compiled_pattern && !re2::RE2::PartialMatch(text, *schema.compiled_pattern))
      invalid(schema, path, value, "should match '" + schema.pattern + "'");
    if (!schema.format.empty() && !in_format(schema.format, text))
      invalid(schema, path, value,
              "must be of type " + schema.format + ": " + json::to_text(shown(schema, value)));
  }

  void check_object(const Schema& schema, const json::Value& value, const std::string& path) {
    if (schema.length_max && value.size() > *schema.length_max)
      add(field_too_many(path, value.size(), *schema.length_max));
    if (schema.length_min && value.size() < *schema.length_min)
      invalid(schema, path, value, fmt::format("should have at least {} properties", *schema.length_min));
    for (const auto& name : schema.required)
      if (!value.contains(name)) add(field_required(child_path(path, name)));
    for (const auto& [name, member] : value.items())
      if (const Schema* known = schema.member(name)) check(*known, member, child_path(path, name));
  }

  void check_array(const Schema& schema, const json::Value& value, const std::string& path) {
    if (schema.length_max && value.size() > *schema.length_max)
      add(field_too_many(path, value.size(), *schema.length_max));
    if (schema.length_min && value.size() < *schema.length_min)
      invalid(schema, path, value, fmt::format("should have at least {} items", *schema.length_min));
    if (!schema.items) return;
    for (std::size_t i = 0; i < value.size() && !full(); ++i)
      check(*schema.items, value[i], index_path(path, i));
    check_duplicates(schema, value, path);
  }

  void check_duplicates(const Schema& schema, const json::Value& value, const std::string& path) {
    if (schema.list_type == Schema::ListType::Atomic) return;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < value.size() && !full(); ++i) {
      json::Value key = value[i];
      if (schema.list_type == Schema::ListType::Map) {
        key = json::Value::object();
        for (const auto& name : schema.list_map_keys)
          if (const auto* part = json::find(value[i], name)) key[name] = *part;
      }
      if (!seen.insert(json::to_text(key)).second) add(field_duplicate(index_path(path, i), key));
    }
  }

  std::vector<ErrorCause> causes_;
};

bool is_plain_word(std::string_view member) {
  for (const char c : member)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
          c == '-' || c == '$'))
      return false;
  return !member.empty();
}

void find_changes(const Schema& schema, const json::Value* old, const json::Value* changed,
                  const std::string& path, std::vector<ErrorCause>& causes) {
  if (causes.size() >= kCausesMax) return;
  // Setting what was never set is allowed; changing or removing is not.
  if (schema.immutable) {
    if (old && (!changed || *old != *changed)) {
      const bool shown = changed && changed->is_primitive();
      causes.push_back(field_invalid(path, shown ? *changed : json::Value("object"), "field is immutable"));
    }
    return;
  }
  if (!old || !changed || !old->is_object() || !changed->is_object()) return;
  for (const auto& property : schema.properties)
    find_changes(property.schema, json::find(*old, property.name), json::find(*changed, property.name),
                 child_path(path, property.name), causes);
}

}  // namespace

std::vector<ErrorCause> validate(const Schema& schema, const json::Value& value, const std::string& path) {
  Validator validator;
  validator.check(schema, value, path);
  return validator.take();
}

std::vector<ErrorCause> validate_immutable(const Schema& schema, const json::Value& old,
                                           const json::Value& changed, const std::string& path) {
  std::vector<ErrorCause> causes;
  find_changes(schema, &old, &changed, path, causes);
  return causes;
}

std::string child_path(const std::string& path, std::string_view member) {
  if (!is_plain_word(member)) return path + "[" + std::string(member) + "]";
  return path.empty() ? std::string(member) : path + "." + std::string(member);
}

std::string index_path(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

}  // namespace farholm::object
