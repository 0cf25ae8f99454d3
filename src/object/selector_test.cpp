#include "object/selector.h"

#include <gtest/gtest.h>

namespace farholm::object {
namespace {

bool selects(std::string_view selector, const json::Value& labels) {
  const auto parsed = LabelSelector::parse(selector);
  EXPECT_TRUE(parsed.has_value()) << selector << ": " << (parsed ? "" : parsed.error().message);
  return parsed && parsed->matches(&labels);
}

TEST(LabelSelector, KnowsEveryOperator) {
  const json::Value labels = {{"region", "north"}, {"size", "7"}};
  for (const char* yes : {"", "region=north", "region==north", "region!=south", "region in (south, north)",
                          "region notin (south)", "region", "!store", "store notin (1)", "store!=1", "size>6",
                          "size<8,region", " region = north , size in (7) "})
    EXPECT_TRUE(selects(yes, labels)) << yes;
  for (const char* no : {"region=south", "region!=north", "region in (south)", "region notin (north)",
                         "!region", "store", "size>7", "region>1"})
    EXPECT_FALSE(selects(no, labels)) << no;
}

TEST(LabelSelector, RefusesWhatItCannotRead) {
  for (const char* bad :
       {",", "a=b,", "a in", "a in (", "a in (b", "a b", "=", "a=b=c", "a=_", "-a", "!", "a!b"})
    EXPECT_FALSE(LabelSelector::parse(bad).has_value()) << bad;
  EXPECT_EQ(LabelSelector::parse("a in (b").error().code, ErrorCode::BadRequest);
}

TEST(LabelSelector, ReadsTheObjectForm) {
  const auto selector = LabelSelector::from_json(
      {{"matchLabels", {{"store", "0042"}}},
       {"matchExpressions", {{{"key", "region"}, {"operator", "In"}, {"values", {"north"}}}}}});
  ASSERT_TRUE(selector.has_value());
  EXPECT_TRUE(
      selector->matches_object({{"metadata", {{"labels", {{"store", "0042"}, {"region", "north"}}}}}}));
  EXPECT_FALSE(selector->matches_object({{"metadata", {{"labels", {{"store", "0042"}}}}}}));
  EXPECT_FALSE(
      LabelSelector::from_json({{"matchExpressions", {{{"key", "a"}, {"operator", "In"}}}}}).has_value());
}

TEST(FieldSelector, ComparesNamedFields) {
  const auto selector = FieldSelector::parse("metadata.name=a,spec.host!=b", {".spec.host"});
  ASSERT_TRUE(selector.has_value());
  EXPECT_TRUE(selector->matches({{"metadata", {{"name", "a"}}}, {"spec", {{"host", "c"}}}}));
  EXPECT_FALSE(selector->matches({{"metadata", {{"name", "a"}}}, {"spec", {{"host", "b"}}}}));
  EXPECT_EQ(selector->exact("metadata.name"), "a");
  EXPECT_EQ(selector->exact("spec.host"), std::nullopt);
}

TEST(FieldSelector, NamesTheFieldThatItDoesNotKnow) {
  EXPECT_EQ(FieldSelector::parse("spec.x=1", {}).error().message, "field label not supported: spec.x");
  EXPECT_FALSE(FieldSelector::parse("metadata.name", {}).has_value());
  EXPECT_FALSE(FieldSelector::parse("metadata.name=a\\", {}).has_value());
}

}  // namespace
}  // namespace farholm::object
