#include "apiserver/request_info.h"

#include <algorithm>

namespace farholm::apiserver {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::string verb_of(std::string_view method, bool named) {
  if (method == "POST") return "create";
  if (method == "GET" || method == "HEAD") return named ? "get" : "list";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return named ? "delete" : "deletecollection";
  return lower(method);
}

// Subresources of a namespace; anything else behind its name is a resource inside of it.
bool is_namespace_subresource(std::string_view segment) {
  return segment == "status" || segment == "finalize";
}

// "metadata.name=x" makes a list of one object a watch of that object for authorization.
std::string selected_name(const net::Target& target) {
  constexpr std::string_view kByName = "metadata.name=";
  const auto selector = target.query_value("fieldSelector");
  if (!selector || !selector->starts_with(kByName)) return {};
  const auto value = selector->substr(kByName.size());
  return value.find_first_of(",=!") == std::string_view::npos ? std::string(value) : std::string();
}

}  // namespace

bool query_flag(const net::Target& target, std::string_view name) {
  const auto value = target.query_value(name);
  return value && *value != "false" && *value != "0";
}

RequestInfo parse_request_info(std::string_view method, const net::Target& target) {
  RequestInfo info;
  for (const auto& segment : target.segments) info.path += "/" + segment;
  if (info.path.empty()) info.path = "/";
  info.verb = lower(method == "HEAD" ? "get" : method);

  auto rest = target.segments;
  const auto drop = [&](std::size_t count) {
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
  };
  if (rest.size() >= 3 && rest[0] == "api") {
    info.version = rest[1];
    drop(2);
  } else if (rest.size() >= 4 && rest[0] == "apis") {
    info.group = rest[1];
    info.version = rest[2];
    drop(3);
  } else {
    return info;
  }
  bool old_watch = false;
  if (rest.size() > 1 && rest[0] == "watch") {
    old_watch = true;
    drop(1);
  }
  if (rest[0] == "namespaces" && rest.size() > 1) {
    info.name_space = rest[1];
    if (rest.size() > 2 && !is_namespace_subresource(rest[2])) drop(2);
  }
  info.on_resource = true;
  info.resource = rest[0];
  if (rest.size() > 1) info.name = rest[1];
  if (rest.size() > 2) info.subresource = rest[2];
  for (std::size_t i = 3; i < rest.size(); ++i) info.subresource += "/" + rest[i];
  // A namespace itself is not in a namespace.
  if (info.resource == "namespaces" && info.group.empty()) info.name_space.clear();
  info.verb = verb_of(method, !info.name.empty());
  if (old_watch || (info.verb == "list" && query_flag(target, "watch"))) info.verb = "watch";
  if (info.name.empty() && (info.verb == "list" || info.verb == "watch")) info.name = selected_name(target);
  return info;
}

}  // namespace farholm::apiserver
