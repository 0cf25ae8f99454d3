// Subnets, variables, references and image references: the small values.
#include <gmock/gmock.h>

#include "profile/image_reference.h"
#include "profile/subnet.h"
#include "profile/substitution.h"
#include "profile/test_catalog.h"
#include "profile/variable.h"

namespace farholm::profile {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Subnet, IsReadAndWritten) {
  const auto subnet = parse_subnet("172.30.42.0/24");
  ASSERT_TRUE(subnet.has_value());
  EXPECT_EQ(subnet->text(), "172.30.42.0/24");
  EXPECT_EQ(subnet->address(21), "172.30.42.21");
  EXPECT_EQ(subnet->size(), 256U);
}

TEST(Subnet, RefusesWhatIsNotOne) {
  for (const char* text : {"", "172.30.42.0", "172.30.42.0/", "172.30.42.0/31", "172.30.42.0/7",
                           "172.30.42.1/24", "172.30.42.0/024", "172.30.042.0/24", "256.0.0.0/8", "1.2.3/8",
                           "1.2.3.4.0/8", "10.0.0.0/8 ", "a.b.c.d/8", "10.0.0.0/99999999999"})
    EXPECT_FALSE(parse_subnet(text).has_value()) << text;
}

TEST(Subnet, OverlapIsFoundEitherWayRound) {
  const auto large = parse_subnet("10.96.0.0/12").value();
  const auto small = parse_subnet("10.100.1.0/24").value();
  EXPECT_TRUE(large.overlaps(small));
  EXPECT_TRUE(small.overlaps(large));
  EXPECT_FALSE(small.overlaps(parse_subnet("10.100.2.0/24").value()));
}

TEST(Variable, AValueMustHaveItsTypePatternAndBeOneOfTheAllowed) {
  Variable store{.name = "store", .pattern = "^[0-9]{4}$"};
  EXPECT_THAT(check_value(store, "0042", "p"), IsEmpty());
  EXPECT_EQ(check_value(store, "42", "p").at(0).field, "p");
  EXPECT_EQ(check_value(store, 42, "p").at(0).reason, "FieldValueTypeInvalid");
  Variable size{.name = "size", .type = VariableType::Integer, .allowed = {1, 2}};
  EXPECT_THAT(check_value(size, 2, "p"), IsEmpty());
  EXPECT_EQ(check_value(size, 3, "p").at(0).reason, "FieldValueNotSupported");
  EXPECT_FALSE(check_value(size, json::Value(std::uint64_t{1} << 60), "p").empty());
  EXPECT_FALSE(check_value({.name = "n", .type = VariableType::Integer},
                           json::Value(std::numeric_limits<std::int64_t>::min()), "p")
                   .empty());
}

TEST(Variable, ASensitiveValueIsNeverRepeated) {
  Variable key{.name = "key", .pattern = "^x$", .sensitive = true};
  for (const auto& cause : check_value(key, "canary", "p"))
    EXPECT_EQ(cause.message.find("canary"), std::string::npos);
  const auto failed = value_from_secret(key, "canary");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().to_string().find("canary"), std::string::npos);
}

TEST(Variable, ASecretsBytesBecomeTheVariablesType) {
  EXPECT_EQ(value_from_secret({.name = "n", .type = VariableType::Integer}, "-42").value(), json::Value(-42));
  EXPECT_EQ(value_from_secret({.name = "b", .type = VariableType::Boolean}, "true").value(),
            json::Value(true));
  EXPECT_EQ(value_from_secret({.name = "s"}, "text").value(), json::Value("text"));
  EXPECT_FALSE(value_from_secret({.name = "n", .type = VariableType::Integer}, "42\n").has_value());
  EXPECT_FALSE(value_from_secret({.name = "s"}, "\xff\xfe").has_value());
}

TEST(Substitution, AWholeScalarTakesTheTypeAndTextTakesText) {
  const json::Value value = {{"replicas", "${n}"}, {"text", "store ${s}, ${n}, ${b}"}, {"list", {"${b}"}}};
  EXPECT_EQ(substitute(value, {{"n", 3}, {"s", "0042"}, {"b", true}}).value(),
            (json::Value{{"replicas", 3}, {"text", "store 0042, 3, true"}, {"list", {true}}}));
}

TEST(Substitution, AValueIsNotLookedAtAgain) {
  EXPECT_EQ(substitute("${a}", {{"a", "${b}"}}).value(), json::Value("${b}"));
  EXPECT_EQ(substitute("x${a}", {{"a", "${b}"}}).value(), json::Value("x${b}"));
}

TEST(Substitution, ADoubledDollarIsALiteral) {
  EXPECT_EQ(substitute("$${a} $x $$ $", {}).value(), json::Value("${a} $x $$ $"));
  EXPECT_EQ(substitute("$${a}", {}).value(), json::Value("${a}"));
}

TEST(Substitution, AMissingValueIsNamedWithItsField) {
  const auto failed = substitute({{"data", {{"a.b/c", "${gone}"}}}}, {});
  ASSERT_FALSE(failed.has_value());
  EXPECT_NE(failed.error().message.find("gone"), std::string::npos);
  EXPECT_NE(failed.error().message.find("data[a.b/c]"), std::string::npos);
}

TEST(Substitution, ReferencesAreFoundInScalarsButNotInNames) {
  const auto found = find_references({{"${k}", {"${a}", "x ${b} ${a}", "$${c}", "${", "${-}"}}}, "spec");
  EXPECT_THAT(found.names, ElementsAre("a", "b"));
  ASSERT_EQ(found.malformed.size(), 2U);
  EXPECT_EQ(found.malformed[0].field, "spec[${k}][3]");
}

TEST(Substitution, WhatWasNotWrittenForUsIsEscapedAndComesBackAsItWas) {
  for (const char* text : {"echo ${HOME}", "$${X}", "${1#x}", "a ${", "$$$${A}", "${A:-b}", "plain"}) {
    const auto escaped = escape_others(text, {"known"});
    EXPECT_EQ(substitute(escaped, {}).value(), json::Value(text));
  }
  EXPECT_EQ(substitute(escape_others("${known} ${other}", {"known"}), {{"known", 1}}).value(),
            json::Value("1 ${other}"));
}

TEST(ImageReference, ShortNamesGetTheirFullForm) {
  EXPECT_EQ(parse_image_reference("nginx")->text(), "docker.io/library/nginx:latest");
  EXPECT_EQ(parse_image_reference("a/b:1")->text(), "docker.io/a/b:1");
  EXPECT_EQ(parse_image_reference("farholm.dev/till:1.0")->text(), "farholm.dev/till:1.0");
  EXPECT_EQ(parse_image_reference("localhost:5000/x")->text(), "localhost:5000/x:latest");
  const auto pinned = parse_image_reference("x/y@" + test::digest('a'));
  EXPECT_EQ(pinned->tag, "");
  EXPECT_EQ(pinned->text(), "docker.io/x/y@" + test::digest('a'));
}

TEST(ImageReference, RefusesWhatIsNotOne) {
  for (const std::string text :
       {"", "UPPER", "a//b", "a:", "a:b:c", "x@sha256:12", "x@", "/a", "a/", "a b", "-a", "farholm.dev/"})
    EXPECT_FALSE(parse_image_reference(text).has_value()) << text;
  EXPECT_FALSE(parse_image_reference(std::string(1000, 'a')).has_value());
}

TEST(ImageReference, ImagesAreFoundInEveryKindOfWorkload) {
  const json::Value pod_spec = {{"initContainers", {{{"image", "a"}}}},
                                {"containers", {{{"image", "b"}}, {{"name", "none"}}}},
                                {"ephemeralContainers", {{{"image", "c"}}}},
                                {"volumes", {{{"image", {{"reference", "d"}}}}}}};
  const json::Value job_spec = {{"template", {{"spec", pod_spec}}}};
  const std::vector<json::Value> objects = {
      {{"apiVersion", "v1"}, {"kind", "Pod"}, {"spec", pod_spec}},
      {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"spec", job_spec}},
      {{"apiVersion", "apps/v1"}, {"kind", "StatefulSet"}, {"spec", job_spec}},
      {{"apiVersion", "apps/v1"}, {"kind", "DaemonSet"}, {"spec", job_spec}},
      {{"apiVersion", "apps/v1"}, {"kind", "ReplicaSet"}, {"spec", job_spec}},
      {{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"spec", job_spec}},
      {{"apiVersion", "batch/v1"}, {"kind", "CronJob"}, {"spec", {{"jobTemplate", {{"spec", job_spec}}}}}}};
  for (json::Value object : objects) {
    std::vector<std::string> found;
    for_each_image(object, "", [&](std::string& image, const std::string&) { found.push_back(image); });
    EXPECT_THAT(found, ElementsAre("a", "b", "c", "d")) << object["kind"];
  }
  json::Value list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}};
  std::string path;
  for_each_image(list, "", [&](std::string& image, const std::string& where) {
    if (path.empty()) path = where;
    image = "changed";
  });
  EXPECT_EQ(path, ".items[0].spec.initContainers[0].image");
  EXPECT_EQ(list["items"][0]["spec"]["containers"][0]["image"], "changed");
}

}  // namespace
}  // namespace farholm::profile
