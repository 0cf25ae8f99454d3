#include "object/schema.h"

#include <re2/re2.h>

#include "base/assert.h"

namespace farholm::object {

namespace {
// RE2's own bound on the compiled program: our patterns are short.
constexpr std::int64_t kPatternMemoryBytesMax = 1 << 20;

bool is_numeric(const Schema& schema) {
  return schema.type == Schema::Type::Integer || schema.type == Schema::Type::Number;
}

Schema of_type(Schema::Type type, std::string description) {
  Schema schema;
  schema.type = type;
  schema.description = std::move(description);
  return schema;
}
}  // namespace

Schema& Schema::matching(std::string regular_expression) {
  re2::RE2::Options options;
  options.set_max_mem(kPatternMemoryBytesMax);
  options.set_log_errors(false);
  auto compiled = std::make_shared<re2::RE2>(regular_expression, options);
  FARHOLM_ASSERT(compiled->ok());
  compiled_pattern = std::move(compiled);
  pattern = std::move(regular_expression);
  return *this;
}

Schema& Schema::one_of(std::initializer_list<const char*> values) {
  enumeration.assign(values.begin(), values.end());
  return *this;
}

Schema& Schema::between(double least, double most) {
  return at_least(least).at_most(most);
}

Schema& Schema::at_least(double bound) {
  if (is_numeric(*this))
    minimum = bound;
  else
    length_min = static_cast<std::uint64_t>(bound);
  return *this;
}

Schema& Schema::at_most(double bound) {
  if (is_numeric(*this))
    maximum = bound;
  else
    length_max = static_cast<std::uint64_t>(bound);
  return *this;
}

Schema& Schema::in_format(std::string name) {
  format = std::move(name);
  return *this;
}

Schema& Schema::defaults_to(json::Value value) {
  default_value = std::move(value);
  return *this;
}

Schema& Schema::or_null() {
  nullable = true;
  return *this;
}

Schema& Schema::as_set() {
  list_type = ListType::Set;
  return *this;
}

Schema& Schema::as_map_by(std::vector<std::string> keys) {
  list_type = ListType::Map;
  list_map_keys = std::move(keys);
  return *this;
}

Schema& Schema::fixed() {
  immutable = true;
  return *this;
}

Schema& Schema::hidden() {
  sensitive = true;
  return *this;
}

Schema& Schema::with_unknown_fields() {
  preserve_unknown = true;
  return *this;
}

const Schema* Schema::property(std::string_view name) const {
  for (const auto& candidate : properties)
    if (candidate.name == name) return &candidate.schema;
  return nullptr;
}

const Schema* Schema::member(std::string_view name) const {
  if (const Schema* known = property(name)) return known;
  return additional.get();
}

Schema object(std::string description, std::vector<Property> properties, std::vector<std::string> required) {
  Schema schema = of_type(Schema::Type::Object, std::move(description));
  schema.properties = std::move(properties);
  schema.required = std::move(required);
  return schema;
}

Schema map_of(std::string description, Schema values) {
  Schema schema = of_type(Schema::Type::Object, std::move(description));
  schema.additional = std::make_shared<const Schema>(std::move(values));
  return schema;
}

Schema array(std::string description, Schema items) {
  Schema schema = of_type(Schema::Type::Array, std::move(description));
  schema.items = std::make_shared<const Schema>(std::move(items));
  return schema;
}

Schema string(std::string description) {
  return of_type(Schema::Type::String, std::move(description));
}

Schema integer(std::string description) {
  Schema schema = of_type(Schema::Type::Integer, std::move(description));
  schema.format = "int64";
  return schema;
}

Schema number(std::string description) {
  return of_type(Schema::Type::Number, std::move(description));
}
Schema boolean(std::string description) {
  return of_type(Schema::Type::Boolean, std::move(description));
}

Schema int_or_string(std::string description) {
  Schema schema = of_type(Schema::Type::Any, std::move(description));
  schema.int_or_string = true;
  return schema;
}

Schema timestamp(std::string description) {
  return string(std::move(description)).in_format("date-time");
}

Schema anything(std::string description) {
  return of_type(Schema::Type::Any, std::move(description)).with_unknown_fields();
}

Schema any_object(std::string description) {
  return of_type(Schema::Type::Object, std::move(description)).with_unknown_fields();
}

Schema conditions(std::string description) {
  Schema condition =
      object("One thing that is, or is not, true of the object.",
             {{"type", string("What is judged, in CamelCase.").at_least(1).at_most(316)},
              {"status", string("Whether it is so.").one_of({"True", "False", "Unknown"})},
              {"reason", string("Why, as one CamelCase word for programs.").at_most(1024)},
              {"message", string("Why, as a sentence for people.").at_most(32768)},
              {"lastTransitionTime", timestamp("When the status last changed.")},
              {"observedGeneration", integer("The metadata.generation that was judged.").at_least(0)}},
             {"type", "status", "reason", "message", "lastTransitionTime"});
  return array(std::move(description), std::move(condition)).as_map_by({"type"});
}

Schema label_selector(std::string description) {
  Schema requirement = object(
      "One requirement on a label.",
      {{"key", string("The label.")},
       {"operator",
        string("In, NotIn, Exists or DoesNotExist.").one_of({"In", "NotIn", "Exists", "DoesNotExist"})},
       {"values", array("The values of In and NotIn.", string("A value."))}},
      {"key", "operator"});
  return object(std::move(description),
                {{"matchLabels", map_of("Labels that must have exactly these values.", string("A value."))},
                 {"matchExpressions", array("Requirements that must all hold.", std::move(requirement))}});
}

}  // namespace farholm::object
