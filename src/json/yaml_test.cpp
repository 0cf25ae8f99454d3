#include <gtest/gtest.h>

#include "json/json.h"

namespace farholm::json {
namespace {

std::string as_json(std::string_view yaml) {
  const auto value = parse_yaml(yaml);
  return value ? to_text(*value) : "error: " + value.error().message;
}

TEST(Yaml, ReadsPlainScalarsAsKubernetesDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"true", "true"},
      {"yes", "true"},
      {"Off", "false"},
      {"n", "false"},
      {"~", "null"},
      {"Null", "null"},
      {"'yes'", "\"yes\""},
      {"\"1\"", "\"1\""},
      {"1", "1"},
      {"-1", "-1"},
      {"+1", "1"},
      {"0x1F", "31"},
      {"010", "8"},
      {"0o10", "8"},
      {"0b101", "5"},
      {"1_000", "1000"},
      {"1.5", "1.5"},
      {"1e3", "1000"},
      {".5", "0.5"},
      {"18446744073709551615", "18446744073709551615"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"1.2.3", "\"1.2.3\""},
      {"2001-12-14", "\"2001-12-14\""},
      {"190:20:30", "\"190:20:30\""},
      {"0x", "\"0x\""},
      {"-", "[null]"},
      {"nope", "\"nope\""},
      {"!!str 1", "\"1\""},
      {"! 1", "\"1\""},
      {"!!int 7", "7"},
      {"v1.34.4", "\"v1.34.4\""},
      {"100m", "\"100m\""},
      {"1Gi", "\"1Gi\""},
      {"1-2", "\"1-2\""},
      {"08", "8"},
  };
  for (const auto& [yaml, expected] : cases) EXPECT_EQ(as_json(yaml), expected) << yaml;
}

TEST(Yaml, ReadsAManifest) {
  EXPECT_EQ(as_json("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {80: x}}\n"
                    "data:\n  text: |\n    one\n    two\n  list: [1, \"2\"]\nitems:\n- a: 1\n  b: 2\n"),
            "{\"apiVersion\":\"v1\",\"data\":{\"list\":[1,\"2\"],\"text\":\"one\\ntwo\\n\"},"
            "\"items\":[{\"a\":1,\"b\":2}],\"kind\":\"ConfigMap\",\"metadata\":{\"labels\":{\"80\":\"x\"},"
            "\"name\":\"a\"}}");
}

TEST(Yaml, ExpandsAnchorsAndMergeKeys) {
  EXPECT_EQ(as_json("a: &x {k: 1, l: 2}\nb: *x\nc:\n  <<: *x\n  l: 3\n"),
            R"({"a":{"k":1,"l":2},"b":{"k":1,"l":2},"c":{"k":1,"l":3}})");
}

TEST(Yaml, LeavesEmptyDocumentsOfAStreamOut) {
  const auto documents = parse_yaml_stream("---\na: 1\n---\n# nothing\n---\nb: 2\n");
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 2U);
  EXPECT_EQ(to_text((*documents)[1]), R"({"b":2})");
  EXPECT_FALSE(parse_yaml("a: 1\n---\nb: 2\n"));
  EXPECT_EQ(as_json(""), "null");
}

TEST(Yaml, RefusesWhatItCannotRead) {
  for (const char* yaml : {"a: [", "a: 1\na: 2", "*none", "!!binary aGk=", "!local x", "{[1]: 2}", ".inf",
                           "a: b: c", "\"\xff\"", "&a [*a]", "!!int x", "\t- x"}) {
    EXPECT_FALSE(parse_yaml(yaml)) << yaml;
  }
  const auto error = parse_yaml("a: 1\nb: 2\na: 3\n");
  EXPECT_NE(error.error().message.find("line 3"), std::string::npos) << error.error().message;
}

TEST(Yaml, ABillionLaughsEndAtTheLimits) {
  std::string yaml = "a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol,lol]\n";
  for (int i = 1; i < 12; ++i) {
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) yaml += "*a" + std::to_string(i - 1) + ",";
    yaml += "]\n";
  }
  EXPECT_EQ(parse_yaml(yaml).error().code, ErrorCode::RequestEntityTooLarge);
  std::string deep = "- &a0 []\n";
  for (int i = 1; i < 99; ++i) deep += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_TRUE(parse_yaml(deep)) << parse_yaml(deep).error().message;
  deep += "- &a99 [*a98]\n- &a100 [*a99]\n";
  EXPECT_FALSE(parse_yaml(deep));
  EXPECT_FALSE(parse_yaml(std::string(5000, '[')));
  EXPECT_EQ(parse_yaml("a: &x " + std::string(1 << 20, 'x') + "\nb: [*x,*x,*x,*x,*x,*x,*x]").error().code,
            ErrorCode::RequestEntityTooLarge);
}

TEST(Yaml, WritesBlocksThatComeBackTheSame) {
  const Value value =
      *parse(R"({"kind":"X","empty":{},"none":[],"n":null,"list":[{"a":1,"b":["x"]},"2"],"text":"one\ntwo\n",
    "odd":["true","no","1.5","",": ","# x","<<","~","-"," lead","tab\t","é"],"8":"key"})");
  const std::string yaml = to_yaml(value);
  EXPECT_NE(yaml.find("list:\n- a: 1\n  b:\n  - x\n- \"2\"\n"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("text: |\n  one\n  two\n"), std::string::npos) << yaml;
  const auto back = parse_yaml(yaml);
  ASSERT_TRUE(back) << back.error().message << "\n" << yaml;
  EXPECT_EQ(*back, value) << yaml;
}

}  // namespace
}  // namespace farholm::json
