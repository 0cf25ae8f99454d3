#include "net/target.h"

#include <fmt/format.h>

namespace farholm::net {
namespace {

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::unexpected<Error> bad_target(std::string_view why) {
  return fail(ErrorCode::BadRequest, fmt::format("the request's target is malformed: {}", why));
}

Result<void> parse_path(std::string_view path, Target& target) {
  target.path = std::string(path);
  path.remove_prefix(1);
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto segment = percent_decode(path.substr(0, slash));
    if (!segment) return bad_target("a % must be followed by two hexadecimal digits");
    if (segment->empty()) return bad_target("two slashes in a row");
    if (*segment == "." || *segment == "..") return bad_target("\".\" and \"..\" are not resolved here");
    if (segment->find('\0') != std::string::npos) return bad_target("a NUL in the path");
    target.segments.push_back(*segment);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return {};
}

Result<void> parse_query(std::string_view query, Target& target) {
  while (!query.empty()) {
    const auto ampersand = query.find('&');
    const auto pair = query.substr(0, ampersand);
    if (!pair.empty()) {
      const auto equals = pair.find('=');
      auto name = percent_decode(pair.substr(0, equals), /*plus_is_space=*/true);
      auto value = percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1),
                                  /*plus_is_space=*/true);
      if (!name || !value) return bad_target("a % must be followed by two hexadecimal digits");
      target.query.emplace_back(std::move(*name), std::move(*value));
    }
    if (ampersand == std::string_view::npos) break;
    query.remove_prefix(ampersand + 1);
  }
  return {};
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (unreserved(c)) {
      encoded.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' && plus_is_space ? ' ' : text[i]);
    }
  }
  return decoded;
}

std::optional<std::string_view> Target::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Target::query_values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

Result<Target> parse_target(std::string_view text) {
  Target target;
  if (text == "*") {
    target.path = "*";
    return target;
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const auto slash = text.find_first_of("/?", scheme.size());
    text = slash == std::string_view::npos ? "/" : text.substr(slash);
    break;
  }
  if (!text.starts_with('/')) return bad_target("it must begin with a slash");
  const auto question = text.find('?');
  FARHOLM_CHECK(parse_path(text.substr(0, question), target));
  if (question != std::string_view::npos) FARHOLM_CHECK(parse_query(text.substr(question + 1), target));
  return target;
}

std::string encode_query(const std::vector<std::pair<std::string, std::string>>& query) {
  std::string encoded;
  for (const auto& [name, value] : query) {
    encoded += encoded.empty() ? "?" : "&";
    encoded += percent_encode(name) + "=" + percent_encode(value);
  }
  return encoded;
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  if (text.starts_with("unix://")) {
    FARHOLM_TRY(url.endpoint, io::parse_endpoint("unix:" + std::string(text.substr(7))));
    url.authority = "localhost";
    url.target = "/";
    return url;
  }
  url.tls = text.starts_with("https://");
  if (!url.tls && !text.starts_with("http://")) {
    return fail(
        ErrorCode::BadRequest,
        fmt::format("\"{}\" is not a URL: write https://HOST:PORT/, http://HOST:PORT/ or unix:///PATH",
                    text));
  }
  auto rest = text.substr(url.tls ? 8 : 7);
  const auto end = rest.find_first_of("/?#");
  url.authority = std::string(rest.substr(0, end));
  if (url.authority.empty() || url.authority.find('@') != std::string::npos) {
    return fail(ErrorCode::BadRequest, fmt::format("the URL \"{}\" needs a host, without a user name", text));
  }
  url.target = end == std::string_view::npos ? "/" : std::string(rest.substr(end, rest.find('#') - end));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  const auto bracket = url.authority.rfind(']');
  const bool has_port =
      url.authority.find(':', bracket == std::string::npos ? 0 : bracket) != std::string::npos;
  FARHOLM_TRY(url.endpoint,
              io::parse_endpoint(has_port ? url.authority : url.authority + (url.tls ? ":443" : ":80")));
  return url;
}

}  // namespace farholm::net
