// Request targets and URLs (RFC 3986, RFC 9112 §3.2). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/stream.h"

namespace farholm::net {

// Everything but letters, digits and "-._~" becomes %XX.
std::string percent_encode(std::string_view text);
// Nothing when a % is not followed by two hexadecimal digits. `plus_is_space` as forms and queries write it.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

struct Target {
  std::string path;                   // as sent, percent-encoded, without the query: "/a%2Fb/c"
  std::vector<std::string> segments;  // decoded: {"a/b", "c"}; a trailing slash leaves no empty one behind
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order

  // The first value of that name; nothing when it is absent.
  std::optional<std::string_view> query_value(std::string_view name) const;
  std::vector<std::string_view> query_values(std::string_view name) const;
};

// Takes "/path?query", "http://host/path?query" and "*". BadRequest for a bad escape, a NUL, a dot segment or
// an empty segment in the middle, so that nothing behind this has to think of them.
Result<Target> parse_target(std::string_view target);

// "?a=b&c=d", or "" for none.
std::string encode_query(const std::vector<std::pair<std::string, std::string>>& query);

struct Url {
  bool tls = false;  // https
  io::Endpoint endpoint;
  std::string authority;  // for the Host header: "hub.example.com:8443"
  std::string target;     // "/path?query", at least "/"
};

// http://, https://, and unix:///run/docker.sock (whose authority is "localhost").
Result<Url> parse_url(std::string_view url);

}  // namespace farholm::net
