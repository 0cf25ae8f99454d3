#include "object/schema.h"

#include <gtest/gtest.h>

#include "object/structure.h"
#include "object/validation.h"

namespace farholm::object {
namespace {

Schema example() {
  return object(
      "", {{"spec",
            object("Spec.",
                   {{"profile", string("").at_least(1).at_most(5)},
                    {"mode", string("").one_of({"Fast", "Slow"}).defaults_to("Fast")},
                    {"count", integer("").between(0, 9)},
                    {"number", string("").matching("^[0-9]+$")},
                    {"subnet", string("").in_format("cidr")},
                    {"port", int_or_string("")},
                    {"tags", array("", string("")).as_set()},
                    {"layers",
                     array("", object("", {{"name", string("")}}, {"name"})).as_map_by({"name"}).at_most(2)},
                    {"labels", map_of("", string(""))},
                    {"template", any_object("")},
                    {"zone", string("").fixed()}},
                   {"profile"})}});
}

std::vector<std::string> said(const json::Value& spec) {
  std::vector<std::string> lines;
  for (const auto& cause : validate(example(), json::Value{{"spec", spec}}, ""))
    lines.push_back(cause.reason + " " + cause.field + ": " + cause.message);
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Schema, AcceptsWhatItDescribes) {
  EXPECT_EQ(
      said(
          {{"profile", "store"}, {"mode", "Slow"}, {"count", 9}, {"port", "http"}, {"subnet", "10.0.0.0/8"}}),
      Lines{});
}

TEST(Schema, NamesWhatIsMissing) {
  EXPECT_EQ(said(json::Value::object()), Lines{"FieldValueRequired spec.profile: Required value"});
}

TEST(Schema, NamesTheTypeThatItWanted) {
  EXPECT_EQ(
      said({{"profile", 7}}),
      Lines{"FieldValueTypeInvalid spec.profile: Invalid value: \"integer\": spec.profile in body must be of "
            "type string: \"integer\""});
}

TEST(Schema, RefusesNullWhereItIsNotAllowed) {
  EXPECT_EQ(
      said({{"profile", nullptr}}),
      Lines{
          "FieldValueTypeInvalid spec.profile: Invalid value: \"null\": spec.profile in body must be of type "
          "string: \"null\""});
}

TEST(Schema, SaysWhichValuesThereAre) {
  EXPECT_EQ(said({{"profile", "a"}, {"mode", "Warp"}}),
            Lines{"FieldValueNotSupported spec.mode: Unsupported value: \"Warp\": supported values: "
                  "\"Fast\", \"Slow\""});
}

TEST(Schema, SpeaksOfBoundsAsKubernetesDoes) {
  EXPECT_EQ(said({{"profile", "a"}, {"count", -1}}),
            Lines{"FieldValueInvalid spec.count: Invalid value: -1: spec.count in body should be greater "
                  "than or equal "
                  "to 0"});
  EXPECT_EQ(said({{"profile", "toolong"}}),
            Lines{"FieldValueTooLong spec.profile: Too long: may not be more than 5 bytes"});
  EXPECT_EQ(said({{"profile", "a"}, {"number", "x1"}}),
            Lines{"FieldValueInvalid spec.number: Invalid value: \"x1\": spec.number in body should match "
                  "'^[0-9]+$'"});
  EXPECT_EQ(
      said({{"profile", "a"}, {"subnet", "10.0.0.0"}}),
      Lines{"FieldValueInvalid spec.subnet: Invalid value: \"10.0.0.0\": spec.subnet in body must be of type "
            "cidr: \"10.0.0.0\""});
}

TEST(Schema, FindsDuplicatesInSetsAndMaps) {
  EXPECT_EQ(said({{"profile", "a"}, {"tags", {"x", "y", "x"}}}),
            Lines{"FieldValueDuplicate spec.tags[2]: Duplicate value: \"x\""});
  EXPECT_EQ(said({{"profile", "a"}, {"layers", {{{"name", "os"}}, {{"name", "os"}}}}}),
            Lines{"FieldValueDuplicate spec.layers[1]: Duplicate value: {\"name\":\"os\"}"});
}

TEST(Schema, GivesThePathInsideOfLists) {
  EXPECT_EQ(said({{"profile", "a"}, {"layers", {{{"name", "os"}}, {{"type", "x"}}}}}),
            Lines{"FieldValueRequired spec.layers[1].name: Required value"});
}

TEST(Schema, StopsCountingWhatIsWrong) {
  json::Value tags = json::Value::array();
  for (int i = 0; i < 10'000; ++i) tags.push_back(i);
  EXPECT_EQ(said({{"profile", "a"}, {"tags", tags}}).size(), kCausesMax);
}

TEST(Schema, DoesNotRepeatALongBadValue) {
  const auto lines = said({{"profile", "a"}, {"number", std::string(100'000, 'x')}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_LT(lines.front().size(), 300U);
}

TEST(Structure, FillsInDefaults) {
  json::Value object = {{"spec", {{"profile", "a"}}}};
  apply_defaults(example(), object);
  EXPECT_EQ(object["spec"]["mode"], "Fast");
}

TEST(Structure, LeavesListsAsTheyWereWritten) {
  const Schema schema =
      object("", {{"items", array("", object("", {{"mode", string("").defaults_to("Fast")}}))}});
  json::Value value = {{"items", {json::Value::object()}}};
  apply_defaults(schema, value);
  EXPECT_EQ(value, (json::Value{{"items", {json::Value::object()}}}));
}

TEST(Structure, PrunesAndNamesWhatNobodyKnows) {
  json::Value object = {{"apiVersion", "v1"},
                        {"kind", "X"},
                        {"metadata", {{"name", "n"}}},
                        {"extra", 1},
                        {"spec",
                         {{"replicaz", 1},
                          {"template", {{"any", 1}}},
                          {"labels", {{"a", "b"}}},
                          {"layers", {{{"name", "os"}, {"nmae", "x"}}}}}}};
  EXPECT_EQ(prune(example(), object), (Lines{"extra", "spec.layers[0].nmae", "spec.replicaz"}));
  EXPECT_FALSE(object["spec"].contains("replicaz"));
  EXPECT_EQ(object["spec"]["template"]["any"], 1);
  EXPECT_EQ(object["spec"]["labels"]["a"], "b");
  EXPECT_EQ(object["metadata"]["name"], "n");
}

TEST(Schema, NoticesChangesOfFixedFields) {
  const json::Value old = {{"spec", {{"zone", "a"}}}};
  const json::Value changed = {{"spec", {{"zone", "b"}}}};
  const auto causes = validate_immutable(example(), old, changed, "");
  ASSERT_EQ(causes.size(), 1U);
  EXPECT_EQ(causes[0].field, "spec.zone");
  EXPECT_EQ(causes[0].message, "Invalid value: \"b\": field is immutable");
  EXPECT_TRUE(
      validate_immutable(example(), json::Value{{"spec", json::Value::object()}}, changed, "").empty());
}

TEST(Formats, KnowDurationsAsGoWritesThem) {
  for (const char* good : {"1h30m", "1.5s", "-2ms", "0", "10m"})
    EXPECT_TRUE(in_format("duration", good)) << good;
  for (const char* bad : {"", "1", "h", "1d", "1.2.3s", "-"}) EXPECT_FALSE(in_format("duration", bad)) << bad;
}

}  // namespace
}  // namespace farholm::object
