#include "kube_client/status_error.h"

#include <fmt/format.h>

#include <array>

#include "json/json.h"

namespace farholm::kube_client {
namespace {

// Statuses that mean more than one thing are told apart by their reason.
ErrorCode code_of(int http_status, const std::string& word) {
  constexpr std::array kAmbiguous{ErrorCode::AlreadyExists, ErrorCode::Conflict, ErrorCode::Gone,
                                  ErrorCode::Expired};
  for (const auto code : kAmbiguous) {
    if (reason(code) == word) return code;
  }
  if (http_status == 409) return ErrorCode::Conflict;
  return error_code_from_http_status(http_status);
}

}  // namespace

Error error_of_status(int http_status, const std::string& body) {
  Error error;
  const auto parsed = json::parse(body);
  const json::Value status = parsed ? *parsed : json::Value::object();
  error.code = code_of(http_status, json::string_or(status, "reason"));
  error.message = json::string_or(status, "message");
  if (error.message.empty())
    error.message = fmt::format("the API server answered with status {}", http_status);
  if (const auto* details = json::find_object(status, "details")) {
    if (const auto* causes = json::find_array(*details, "causes")) {
      for (const auto& cause : *causes) {
        error.causes.push_back({.reason = json::string_or(cause, "reason"),
                                .message = json::string_or(cause, "message"),
                                .field = json::string_or(cause, "field")});
      }
    }
  }
  return error;
}

}  // namespace farholm::kube_client
