#include "net/target.h"

#include <gtest/gtest.h>

namespace farholm::net {
namespace {

TEST(Target, SplitsPathAndQueryAndDecodesThem) {
  const auto target = parse_target("/api/v1/a%2Fb/?watch=1&labelSelector=a%3Db%2Cc+d&flag&x=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/v1/a%2Fb/");
  EXPECT_EQ(target->segments, (std::vector<std::string>{"api", "v1", "a/b"}));
  EXPECT_EQ(target->query_value("labelSelector"), "a=b,c d");
  EXPECT_EQ(target->query_value("flag"), "");
  EXPECT_EQ(target->query_value("none"), std::nullopt);
  EXPECT_TRUE(parse_target("/")->segments.empty());
  EXPECT_EQ(parse_target("http://host:1/x?y=z")->segments, std::vector<std::string>{"x"});
}

TEST(Target, RefusesWhatCouldBeReadTwoWays) {
  for (const std::string_view bad :
       {"", "a", "/%", "/%4", "/%zz", "/a//b", "/../etc", "/a/%2e%2E", "/a/./b", "/%00", "//x"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

TEST(Target, EncodesWhatItDecodes) {
  EXPECT_EQ(percent_encode("a b/ä~"), "a%20b%2F%C3%A4~");
  EXPECT_EQ(percent_decode("a%20b%2F%C3%A4~"), "a b/ä~");
  EXPECT_EQ(encode_query({{"a", "1&2"}, {"b", ""}}), "?a=1%262&b=");
  EXPECT_EQ(encode_query({}), "");
}

TEST(Target, ReadsUrls) {
  const auto url = parse_url("https://[::1]:8443/a?b#c");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->endpoint.host, "::1");
  EXPECT_EQ(url->endpoint.port, 8443);
  EXPECT_EQ(url->target, "/a?b");
  EXPECT_EQ(parse_url("http://example.com")->endpoint.port, 80);
  EXPECT_EQ(parse_url("http://example.com")->target, "/");
  EXPECT_EQ(parse_url("http://example.com?x")->target, "/?x");
  EXPECT_EQ(parse_url("unix:///run/docker.sock")->endpoint.path, "/run/docker.sock");
  for (const std::string_view bad : {"", "ftp://a", "http://", "https://u@h/", "http://h:x/"})
    EXPECT_FALSE(parse_url(bad)) << bad;
}

}  // namespace
}  // namespace farholm::net
