#include "apiserver/authorization.h"

namespace farholm::apiserver {

namespace {

bool is_public(std::string_view path) {
  for (std::string_view prefix : {"/healthz", "/livez", "/readyz", "/version"})
    if (path == prefix || (path.starts_with(prefix) && path.substr(prefix.size()).starts_with('/')))
      return true;
  return false;
}

bool is_discovery(std::string_view path) {
  for (std::string_view prefix : {"/api", "/apis", "/openapi"})
    if (path == prefix || (path.starts_with(prefix) && path.substr(prefix.size()).starts_with('/')))
      return true;
  return path == "/";
}

}  // namespace

Authorizer::Decision GroupAuthorizer::authorize(const Attempt& attempt) {
  if (attempt.user.in_group(kMastersGroup)) return {.allowed = true};
  if (!attempt.on_resource && attempt.verb == "get") {
    if (is_public(attempt.path)) return {.allowed = true};
    if (is_discovery(attempt.path) && attempt.user.in_group(kAuthenticatedGroup)) return {.allowed = true};
  }
  if (attempt.group == "authorization.k8s.io" && attempt.verb == "create" &&
      attempt.resource == "selfsubjectaccessreviews" && attempt.user.in_group(kAuthenticatedGroup))
    return {.allowed = true};
  return {};
}

object::Failure forbidden(const Attempt& attempt, const std::string& reason) {
  const std::string who = "User \"" + attempt.user.name + "\" cannot ";
  const std::string why = reason.empty() ? "" : ": " + reason;
  if (!attempt.on_resource)
    return object::Failure(
        {.code = ErrorCode::Forbidden,
         .message = "forbidden: " + who + attempt.verb + " path \"" + attempt.path + "\"" + why});
  const std::string resource =
      attempt.subresource.empty() ? attempt.resource : attempt.resource + "/" + attempt.subresource;
  std::string message = attempt.group.empty() ? attempt.resource : attempt.resource + "." + attempt.group;
  if (!attempt.name.empty()) message += " \"" + attempt.name + "\"";
  message += " is forbidden: " + who + attempt.verb + " resource \"" + resource + "\" in API group \"" +
             attempt.group + "\"";
  message += attempt.name_space.empty() ? " at the cluster scope"
                                        : " in the namespace \"" + attempt.name_space + "\"";
  return object::Failure({.code = ErrorCode::Forbidden, .message = message + why},
                         {.name = attempt.name, .group = attempt.group, .kind = attempt.resource});
}

}  // namespace farholm::apiserver
