#include "object/table.h"

#include <gtest/gtest.h>

#include "object/timestamp.h"

namespace farholm::object {
namespace {

using namespace std::chrono_literals;

TEST(Timestamp, ReadsWhatKubernetesWrites) {
  EXPECT_EQ(io::to_rfc3339(*parse_rfc3339("2026-01-02T03:04:05Z")), "2026-01-02T03:04:05Z");
  EXPECT_EQ(io::to_rfc3339(*parse_rfc3339("2026-01-02T03:04:05.678901+01:30")), "2026-01-02T01:34:05Z");
  EXPECT_EQ(to_rfc3339_micro(*parse_rfc3339("2026-01-02T03:04:05.678901Z")), "2026-01-02T03:04:05.678901Z");
  for (const char* bad : {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-02T03:04:05",
                          "2026-01-02T03:04:05.Z", "9999-01-01T00:00:00Z", "2026-01-02T03:04:05Zx"})
    EXPECT_FALSE(parse_rfc3339(bad).has_value()) << bad;
}

TEST(Age, IsShortAsKubectlShowsIt) {
  EXPECT_EQ(human_duration(-5s), "<invalid>");
  EXPECT_EQ(human_duration(119s), "119s");
  EXPECT_EQ(human_duration(200s), "3m20s");
  EXPECT_EQ(human_duration(10min), "10m");
  EXPECT_EQ(human_duration(4h + 5min), "4h5m");
  EXPECT_EQ(human_duration(47h), "47h");
  EXPECT_EQ(human_duration(24h * 3 + 2h), "3d2h");
  EXPECT_EQ(human_duration(24h * 30), "30d");
  EXPECT_EQ(human_duration(24h * 365 * 3), "3y");
}

TEST(JsonPath, FindsConditionsByTheirType) {
  const json::Value object = {
      {"status",
       {{"conditions",
         {{{"type", "Ready"}, {"status", "True"}}, {{"type", "Paired"}, {"status", "False"}}}}}},
      {"a.b", {1, 2, 3}}};
  const auto one = [&](const char* path) {
    const auto* found = JsonPath::parse(path)->first(object);
    return found ? *found : json::Value();
  };
  EXPECT_EQ(one(".status.conditions[?(@.type==\"Paired\")].status"), "False");
  EXPECT_EQ(one("{.status.conditions[?(@.type=='Ready')].status}"), "True");
  EXPECT_EQ(one(".status.conditions[?(@.type!='Ready')].type"), "Paired");
  EXPECT_EQ(one(".status.conditions[0].type"), "Ready");
  EXPECT_EQ(one(".status.conditions[*].type"), "Ready");
  EXPECT_EQ(one("['a.b'][-1]"), 3);
  EXPECT_EQ(one(".a\\.b[1]"), 2);
  EXPECT_EQ(one(".status.nothing.there"), nullptr);
  for (const char* bad : {"a", "[", "[x]", "[?(type)]", ".a[?(@.b<1)]"})
    EXPECT_FALSE(JsonPath::parse(bad)) << bad;
}

TEST(Table, ShowsNameColumnsAndAge) {
  KindDescriptor kind;
  kind.columns = {{.name = "Ready", .json_path = ".status.ready"},
                  {.name = "Hosts", .type = "integer", .json_path = ".status.hosts"},
                  {.name = "Kernel", .json_path = ".status.kernel", .priority = 1}};
  const TableColumns columns(kind);
  std::vector<std::string> names;
  for (const auto& column : columns.definitions()) names.push_back(column["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"Name", "Ready", "Hosts", "Age", "Kernel"}));
  const auto row = columns.row({{"metadata", {{"name", "a"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}}},
                                {"status", {{"ready", true}, {"hosts", 2}}}},
                               *parse_rfc3339("2026-01-01T00:00:05Z"), IncludeObject::Metadata, "v1");
  EXPECT_EQ(row["cells"], (json::Value{"a", "true", 2, "5s", nullptr}));
  EXPECT_EQ(row["object"]["kind"], "PartialObjectMetadata");
}

}  // namespace
}  // namespace farholm::object
