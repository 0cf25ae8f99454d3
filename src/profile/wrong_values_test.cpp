// Every field of every kind gets a generated wrong value, and the answer names exactly that field.
#include <gtest/gtest.h>

#include "object/validation.h"
#include "profile/kinds.h"
#include "profile/test_catalog.h"

namespace farholm::profile {
namespace {

using object::Schema;

std::string text_that_matches(const Schema& schema) {
  static const std::vector<std::string> kSamples = {
      "name",    "sha256:" + std::string(64, 'a'), "10.0.0.0/16",
      "v1.35.4", "2026-01-01T00:00:00Z",           "bundle@sha256:" + std::string(64, 'a'),
      "02:30"};
  for (const auto& sample : kSamples) {
    json::Value value = sample;
    if (object::validate(schema, value, "").empty()) return sample;
  }
  ADD_FAILURE() << "add a sample for the pattern " << schema.pattern;
  return "";
}

// A value that has every field and is right.
json::Value right_value(const Schema& schema) {
  if (!schema.enumeration.empty()) return schema.enumeration.front();
  switch (schema.type) {
    case Schema::Type::Any:
      return "anything";
    case Schema::Type::Object: {
      json::Value value = json::Value::object();
      for (const auto& property : schema.properties) value[property.name] = right_value(property.schema);
      if (schema.additional) value["key"] = right_value(*schema.additional);
      return value;
    }
    case Schema::Type::Array:
      return json::Value::array({right_value(*schema.items)});
    case Schema::Type::String:
      return text_that_matches(schema);
    case Schema::Type::Integer:
    case Schema::Type::Number:
      return static_cast<std::int64_t>(schema.minimum.value_or(1));
    case Schema::Type::Boolean:
      return true;
  }
  return nullptr;
}

std::vector<json::Value> wrong_values(const Schema& schema) {
  std::vector<json::Value> wrong;
  switch (schema.type) {
    case Schema::Type::Any:
      return {};
    case Schema::Type::Object:
      return {"text", 7, json::Value::array()};
    case Schema::Type::Array:
      wrong = {"text", json::Value::object()};
      // Many equal items would be named as duplicates, not as too many.
      if (schema.length_max && schema.list_type == Schema::ListType::Atomic)
        wrong.emplace_back(std::vector<json::Value>(*schema.length_max + 1, right_value(*schema.items)));
      if (schema.length_min) wrong.push_back(json::Value::array());
      return wrong;
    case Schema::Type::String:
      wrong = {42, true, json::Value::object()};
      if (!schema.enumeration.empty()) wrong.emplace_back("no-such-value");
      if (!schema.pattern.empty()) wrong.emplace_back("\n");
      if (!schema.format.empty()) wrong.emplace_back("yesterday");
      if (schema.length_max) wrong.emplace_back(std::string(*schema.length_max + 1, 'a'));
      if (schema.length_min) wrong.emplace_back("");
      return wrong;
    case Schema::Type::Integer:
    case Schema::Type::Number:
      wrong = {"1", 1.5, json::Value::array()};
      if (schema.minimum) wrong.emplace_back(static_cast<std::int64_t>(*schema.minimum) - 1);
      if (schema.maximum) wrong.emplace_back(static_cast<std::int64_t>(*schema.maximum) + 1);
      return wrong;
    case Schema::Type::Boolean:
      return {"yes", 1};
  }
  return wrong;
}

std::vector<object::KindDescriptor> all_kinds() {
  auto all = kinds();
  all.push_back(plan_preview_kind());
  return all;
}

class WrongValues {
 public:
  explicit WrongValues(const Schema& schema) : schema_(schema), root_(right_value(schema)) {
    EXPECT_TRUE(object::validate(schema_, root_, "").empty())
        << object::validate(schema_, root_, "")[0].field;
  }

  void check_all() { check(schema_, root_, ""); }
  int checked = 0;

 private:
  void check(const Schema& schema, json::Value& place, const std::string& path) {
    if (!path.empty()) {
      const json::Value right = place;
      for (const auto& wrong : wrong_values(schema)) {
        place = wrong;
        const auto causes = object::validate(schema_, root_, "");
        EXPECT_FALSE(causes.empty()) << path << ": " << json::to_text(wrong).substr(0, 80);
        // A value may be wrong in two ways ("" is too short and does not match), never in another field.
        for (const auto& cause : causes) EXPECT_EQ(cause.field, path) << cause.message;
        ++checked;
      }
      place = right;
    }
    for (const auto& property : schema.properties)
      check(property.schema, place[property.name], object::child_path(path, property.name));
    if (schema.additional) check(*schema.additional, place["key"], object::child_path(path, "key"));
    if (schema.items) check(*schema.items, place[0], object::index_path(path, 0));
  }

  const Schema& schema_;
  json::Value root_;
};

TEST(WrongValues, OfEveryFieldAreNamedByExactlyThatField) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind.kind);
    WrongValues values(kind.schema);
    values.check_all();
    EXPECT_GT(values.checked, 20);
  }
}

TEST(WrongValues, AMissingRequiredFieldIsNamed) {
  for (const auto& kind : all_kinds()) {
    if (kind.schema.required.empty()) continue;
    const auto causes = object::validate(kind.schema, json::Value::object(), "");
    ASSERT_FALSE(causes.empty()) << kind.kind;
    EXPECT_EQ(causes[0].field, "spec");
    EXPECT_EQ(causes[0].reason, "FieldValueRequired");
  }
}

TEST(Kinds, HaveNamesAndColumnsOfTheirOwn) {
  std::set<std::string> names;
  for (const auto& kind : all_kinds()) {
    EXPECT_TRUE(names.insert(kind.plural).second);
    for (const auto& short_name : kind.short_names)
      EXPECT_TRUE(names.insert(short_name).second) << short_name;
    EXPECT_FALSE(kind.columns.empty());
    EXPECT_FALSE(kind.description.empty());
  }
}

}  // namespace
}  // namespace farholm::profile
