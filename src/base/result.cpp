#include "base/result.h"

#include <array>

namespace farholm {
namespace {

struct Row {
  ErrorCode code;
  std::string_view reason;
  int http_status;
  int exit_code;
  bool retry;
};

// The order is that of ErrorCode. Exit codes are those of sysexits.h.
constexpr std::array<Row, 17> kTable{{
    {ErrorCode::BadRequest, "BadRequest", 400, 65, false},
    {ErrorCode::Unauthorized, "Unauthorized", 401, 77, false},
    {ErrorCode::Forbidden, "Forbidden", 403, 77, false},
    {ErrorCode::NotFound, "NotFound", 404, 66, false},
    {ErrorCode::MethodNotAllowed, "MethodNotAllowed", 405, 64, false},
    {ErrorCode::NotAcceptable, "NotAcceptable", 406, 65, false},
    {ErrorCode::AlreadyExists, "AlreadyExists", 409, 73, false},
    {ErrorCode::Conflict, "Conflict", 409, 75, true},
    {ErrorCode::Gone, "Gone", 410, 66, false},
    {ErrorCode::Expired, "Expired", 410, 75, true},
    {ErrorCode::RequestEntityTooLarge, "RequestEntityTooLarge", 413, 65, false},
    {ErrorCode::UnsupportedMediaType, "UnsupportedMediaType", 415, 65, false},
    {ErrorCode::Invalid, "Invalid", 422, 65, false},
    {ErrorCode::TooManyRequests, "TooManyRequests", 429, 75, true},
    {ErrorCode::InternalError, "InternalError", 500, 70, false},
    {ErrorCode::ServiceUnavailable, "ServiceUnavailable", 503, 69, true},
    {ErrorCode::Timeout, "Timeout", 504, 75, true},
}};

const Row& row(ErrorCode code) {
  return kTable[static_cast<std::size_t>(code)];
}

}  // namespace

std::string Error::to_string() const {
  std::string text = message;
  std::string_view separator = " (while ";
  for (const auto& doing : trail) {
    text += separator;
    text += doing;
    separator = "; while ";
  }
  if (!trail.empty()) text += ")";
  return text;
}

std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message), .trail = {}, .causes = {}});
}

std::unexpected<Error> fail_while(Error error, std::string doing) {
  error.trail.push_back(std::move(doing));
  return std::unexpected(std::move(error));
}

std::string_view reason(ErrorCode code) {
  return row(code).reason;
}
int http_status(ErrorCode code) {
  return row(code).http_status;
}
int exit_code(ErrorCode code) {
  return row(code).exit_code;
}
bool may_succeed_on_retry(ErrorCode code) {
  return row(code).retry;
}

ErrorCode error_code_from_http_status(int status) {
  for (const auto& candidate : kTable) {
    if (candidate.http_status == status) return candidate.code;
  }
  if (status >= 400 && status < 500) return ErrorCode::BadRequest;
  if (status == 502) return ErrorCode::ServiceUnavailable;
  return ErrorCode::InternalError;
}

}  // namespace farholm
