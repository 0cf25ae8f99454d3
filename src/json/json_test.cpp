#include "json/json.h"

#include <gtest/gtest.h>

namespace farholm::json {
namespace {

ErrorCode code_of(const Result<Value>& result) {
  return result ? ErrorCode::InternalError : result.error().code;
}

TEST(Parse, ReadsWhatJsonCanSay) {
  const auto value = parse(R"({"a":[1,-2,3.5,true,false,null,"x\u00e9\n"],"b":{}})");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(to_text(*value), "{\"a\":[1,-2,3.5,true,false,null,\"xé\\n\"],\"b\":{}}");
}

TEST(Parse, RefusesWhatIsNotJsonAndSaysWhere) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":1,}", "NaN", "1 2", "// x\n1", "'a'", "01", "\"\xff\"",
                           "\"\\ud800\"", "1e999", "{\"a\":1]", "\"\n\""}) {
    EXPECT_EQ(code_of(parse(text)), ErrorCode::BadRequest) << text;
  }
  EXPECT_NE(parse("{\n  \"a\": x}").error().message.find("line 2, column 8"), std::string::npos)
      << parse("{\n  \"a\": x}").error().message;
}

TEST(Parse, NamesAMemberThatComesTwice) {
  const auto value = parse(R"({"spec":{"layers":[{},{"name":"a","name":"b"}]}})");
  ASSERT_FALSE(value);
  EXPECT_NE(value.error().message.find("spec.layers[1].name"), std::string::npos) << value.error().message;
}

TEST(Parse, LenientlyTakesTheLastOfMembersThatComeTwice) {
  std::vector<std::string> duplicates;
  const auto value = parse_lenient(R"({"a":{"b":1,"b":{"c":2}}})", duplicates);
  ASSERT_TRUE(value);
  EXPECT_EQ(to_text(*value), R"({"a":{"b":{"c":2}}})");
  EXPECT_EQ(duplicates, std::vector<std::string>{"a.b"});
}

TEST(Parse, StopsAtItsLimits) {
  EXPECT_TRUE(parse("[[[]]]", {.depth_max = 3}));
  EXPECT_EQ(code_of(parse("[[[]]]", {.depth_max = 2})), ErrorCode::BadRequest);
  EXPECT_EQ(code_of(parse(std::string(200'000, '['))), ErrorCode::BadRequest);
  EXPECT_TRUE(parse("[1,2]", {.values_max = 3}));
  EXPECT_EQ(code_of(parse("[1,2,3]", {.values_max = 3})), ErrorCode::RequestEntityTooLarge);
  EXPECT_EQ(code_of(parse("[1,2,3]", {.bytes_max = 6})), ErrorCode::RequestEntityTooLarge);
}

TEST(Canonical, IsTheTextOfTheExampleInRfc8785) {
  const auto value = parse(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })");
  ASSERT_TRUE(value);
  EXPECT_EQ(*to_canonical_text(*value),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(Canonical, SortsMembersByUtf16AsRfc8785Does) {
  const auto value = parse(R"({
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
  })");
  ASSERT_TRUE(value);
  const auto text = *to_canonical_text(*value);
  std::size_t before = 0;
  for (const char* name : {"Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"}) {
    const auto at = text.find(name);
    EXPECT_GT(at, before) << name;
    before = at;
  }
}

TEST(Canonical, WritesNumbersAsEcmascriptDoes) {
  // RFC 8785, appendix B.
  const std::pair<double, const char*> cases[] = {
      {0.0, "0"},
      {-0.0, "0"},
      {5e-324, "5e-324"},
      {-5e-324, "-5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {9007199254740992, "9007199254740992"},
      {1e21, "1e+21"},
      {9.999999999999997e22, "9.999999999999997e+22"},
      {1e23, "1e+23"},
      {1.0000000000000001e23, "1.0000000000000001e+23"},
      {9.999999999999997e-7, "9.999999999999997e-7"},
      {0.000001, "0.000001"},
      {333333333.3333332, "333333333.3333332"},
      {-0.0000033333333333333333, "-0.0000033333333333333333"},
      {1424953923781206.2, "1424953923781206.2"},
      {123456.0, "123456"},
      {1e-7, "1e-7"},
      {0.1, "0.1"},
  };
  for (const auto& [number, text] : cases) EXPECT_EQ(*to_canonical_text(Value(number)), text);
}

TEST(Canonical, RefusesNumbersThatReadersWouldChange) {
  EXPECT_TRUE(to_canonical_text(*parse("9007199254740992")));
  for (const char* text :
       {"9007199254740993", "-9007199254740993", "18446744073709551615", "100000000000000000000"}) {
    EXPECT_EQ(to_canonical_text(*parse(text)).error().code, ErrorCode::Invalid) << text;
  }
  EXPECT_FALSE(to_canonical_text(Value("\xff")));
}

TEST(MergePatch, AppliesTheExamplesOfRfc7386) {
  const char* cases[][3] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& [target, patch, expected] : cases) {
    Value value = *parse(target);
    apply_merge_patch(value, *parse(patch));
    EXPECT_EQ(to_text(value), expected) << target << " with " << patch;
  }
}

TEST(JsonPatch, AppliesTheExamplesOfRfc6902) {
  const char* cases[][3] = {
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])", R"({"baz":"qux","foo":"bar"})"},
      {R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
       R"({"foo":["bar","qux","baz"]})"},
      {R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])", R"({"foo":["bar","baz"]})"},
      {R"({"baz":"qux"})", R"([{"op":"replace","path":"/baz","value":"boo"}])", R"({"baz":"boo"})"},
      {R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
       R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {R"({"baz":"qux","foo":["a",2,"c"]})",
       R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
       R"({"baz":"qux","foo":["a",2,"c"]})"},
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
       R"({"child":{"grandchild":{}},"foo":"bar"})"},
      {R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
      {R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
       R"({"foo":["bar",["abc","def"]]})"},
      {R"({"a":1})", R"([{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"","value":7}])", R"(7)"},
  };
  for (const auto& [target, patch, expected] : cases) {
    Value value = *parse(target);
    const auto result = apply_json_patch(value, *parse(patch));
    ASSERT_TRUE(result) << patch << ": " << result.error().message;
    EXPECT_EQ(to_text(value), expected) << patch;
  }
}

TEST(JsonPatch, ChangesNothingWhenItDoesNotApply) {
  const std::pair<const char*, ErrorCode> cases[] = {
      {R"({})", ErrorCode::BadRequest},
      {R"([1])", ErrorCode::BadRequest},
      {R"([{"op":"add","path":"/x"}])", ErrorCode::BadRequest},
      {R"([{"op":"frob","path":"/x"}])", ErrorCode::BadRequest},
      {R"([{"op":"remove","path":"a"}])", ErrorCode::BadRequest},
      {R"([{"op":"remove","path":"/~2"}])", ErrorCode::BadRequest},
      {R"([{"op":"move","path":"/x"}])", ErrorCode::BadRequest},
      {R"([{"op":"remove","path":""}])", ErrorCode::Invalid},
      {R"([{"op":"remove","path":"/zz"}])", ErrorCode::Invalid},
      {R"([{"op":"add","path":"/zz/y","value":1}])", ErrorCode::Invalid},
      {R"([{"op":"add","path":"/n/y","value":1}])", ErrorCode::Invalid},
      {R"([{"op":"add","path":"/nothing/y","value":1}])", ErrorCode::Invalid},
      {R"([{"op":"add","path":"/l/9","value":1}])", ErrorCode::Invalid},
      {R"([{"op":"add","path":"/l/01","value":1}])", ErrorCode::Invalid},
      {R"([{"op":"test","path":"/n","value":2}])", ErrorCode::Invalid},
      {R"([{"op":"move","from":"/o","path":"/o/x"}])", ErrorCode::Invalid},
      {R"([{"op":"move","from":"/l/0","path":"/l/1/x"}])", ErrorCode::Invalid},
      {R"([{"op":"add","path":"/new","value":1},{"op":"remove","path":"/zz"}])", ErrorCode::Invalid},
  };
  const Value before = *parse(R"({"l":[1,{},5],"n":1,"nothing":null,"o":{"a":1}})");
  for (const auto& [patch, code] : cases) {
    Value value = before;
    const auto result = apply_json_patch(value, *parse(patch));
    ASSERT_FALSE(result) << patch;
    EXPECT_EQ(result.error().code, code) << patch << ": " << result.error().message;
    EXPECT_EQ(value, before) << patch;
  }
}

TEST(JsonPatch, BoundsWhatCopiesMake) {
  Value value = {{"a", {{"s", std::string(100'000, 'x')}}}};
  Value patch = Value::array();
  for (int i = 0; i < 100; ++i) {
    patch.push_back({{"op", "copy"}, {"from", ""}, {"path", "/a/" + std::to_string(i)}});
  }
  EXPECT_EQ(apply_json_patch(value, patch).error().code, ErrorCode::RequestEntityTooLarge);
  EXPECT_EQ(apply_json_patch(value, patch, 99).error().code, ErrorCode::RequestEntityTooLarge);
}

TEST(Fields, AreFoundOnlyWithTheirType) {
  const Value value =
      *parse(R"({"s":"x","i":-3,"u":18446744073709551615,"f":1.5,"b":true,"a":[],"o":{"p":{"q":"deep"}}})");
  EXPECT_EQ(*find_string(value, "s"), "x");
  EXPECT_EQ(find_string(value, "i"), nullptr);
  EXPECT_EQ(string_or(value, "none", "y"), "y");
  EXPECT_EQ(find_integer(value, "i"), -3);
  EXPECT_FALSE(find_integer(value, "u"));
  EXPECT_FALSE(find_integer(value, "f"));
  EXPECT_EQ(find_bool(value, "b"), true);
  EXPECT_NE(find_array(value, "a"), nullptr);
  EXPECT_EQ(find_object(value, "a"), nullptr);
  EXPECT_EQ(*find_path(value, {"o", "p", "q"}), "deep");
  EXPECT_EQ(find_path(value, {"o", "s", "q"}), nullptr);
  EXPECT_EQ(find(Value(3), "s"), nullptr);
  EXPECT_EQ(require_string(value, "i").error().code, ErrorCode::Invalid);
  EXPECT_EQ(require_object(value, "none").error().causes.at(0).reason, "FieldValueRequired");
}

}  // namespace
}  // namespace farholm::json
