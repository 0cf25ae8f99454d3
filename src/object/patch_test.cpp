#include <gtest/gtest.h>

#include "object/metadata.h"
#include "object/strategic_merge.h"

namespace farholm::object {
namespace {

Schema account() {
  return object(
      "",
      {{"secrets", array("", object("", {{"name", string("")}, {"kind", string("")}})).as_map_by({"name"})},
       {"data", map_of("", string(""))},
       {"list", array("", string(""))}});
}

json::Value merged(json::Value target, const json::Value& patch) {
  const auto done = apply_strategic_merge_patch(account(), target, patch);
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().message);
  return target;
}

TEST(StrategicMerge, MergesListsByTheirKey) {
  EXPECT_EQ(merged({{"secrets", {{{"name", "a"}, {"kind", "x"}}, {{"name", "b"}}}}},
                   {{"secrets", {{{"name", "a"}, {"kind", "y"}}, {{"name", "c"}}}}}),
            (json::Value{{"secrets", {{{"name", "a"}, {"kind", "y"}}, {{"name", "b"}}, {{"name", "c"}}}}}));
}

TEST(StrategicMerge, ObeysDirectives) {
  EXPECT_EQ(merged({{"secrets", {{{"name", "a"}}, {{"name", "b"}}}}},
                   {{"secrets", {{{"name", "a"}, {"$patch", "delete"}}}},
                    {"$setElementOrder/secrets", {{{"name", "b"}}}}}),
            (json::Value{{"secrets", {{{"name", "b"}}}}}));
  EXPECT_EQ(
      merged({{"secrets", {{{"name", "a"}}}}}, {{"secrets", {{{"$patch", "replace"}}, {{"name", "z"}}}}}),
      (json::Value{{"secrets", {{{"name", "z"}}}}}));
  EXPECT_EQ(merged({{"data", {{"a", "1"}, {"b", "2"}}}}, {{"data", {{"$retainKeys", {"b"}}, {"b", "3"}}}}),
            (json::Value{{"data", {{"b", "3"}}}}));
  EXPECT_EQ(
      merged({{"metadata", {{"finalizers", {"a/x", "b/x"}}}}},
             {{"metadata", {{"$deleteFromPrimitiveList/finalizers", {"a/x"}}, {"finalizers", {"c/x"}}}}}),
      (json::Value{{"metadata", {{"finalizers", {"b/x", "c/x"}}}}}));
}

TEST(StrategicMerge, ReplacesOrdinaryListsAndRemovesNulls) {
  EXPECT_EQ(
      merged({{"list", {"a", "b"}}, {"data", {{"a", "1"}}}}, {{"list", {"c"}}, {"data", {{"a", nullptr}}}}),
      (json::Value{{"list", {"c"}}, {"data", json::Value::object()}}));
}

TEST(StrategicMerge, RefusesItemsWithoutTheirKey) {
  json::Value target = json::Value::object();
  EXPECT_FALSE(apply_strategic_merge_patch(account(), target, {{"secrets", {{{"kind", "x"}}}}}).has_value());
  EXPECT_FALSE(apply_strategic_merge_patch(account(), target, "text").has_value());
}

TEST(Metadata, KnowsGoodNames) {
  EXPECT_EQ(dns_subdomain_problem("store-0042.north"), "");
  for (const char* bad : {"", "Store", "a_b", "-a", "a-", "a..b", "a."})
    EXPECT_NE(dns_subdomain_problem(bad), "") << bad;
  EXPECT_NE(dns_label_problem("a.b"), "");
  EXPECT_EQ(label_key_problem("app.kubernetes.io/name"), "");
  EXPECT_NE(label_key_problem("/name"), "");
  EXPECT_EQ(label_value_problem(""), "");
  EXPECT_NE(label_value_problem("-"), "");
}

TEST(Metadata, RefusesNewFinalizersOnceDeletionHasBegun) {
  const json::Value old = {
      {"metadata", {{"name", "a"}, {"deletionTimestamp", "2026-01-01T00:00:00Z"}, {"finalizers", {"a/x"}}}}};
  json::Value changed = old;
  changed["metadata"]["finalizers"] = {"a/x", "a/y"};
  ASSERT_EQ(validate_metadata_update(old, changed).size(), 1U);
  EXPECT_EQ(validate_metadata_update(old, changed)[0].reason, "FieldValueForbidden");
  changed["metadata"]["finalizers"] = json::Value::array();
  EXPECT_TRUE(validate_metadata_update(old, changed).empty());
}

}  // namespace
}  // namespace farholm::object
