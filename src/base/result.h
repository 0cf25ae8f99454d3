// Errors are values. `Result<T>` is either a T or an `Error`; an Error carries one of Kubernetes' Status
// reasons, a message that a user can act on, and a trail of what was being done. One table (error.cpp)
// turns a code into an HTTP status, a retry decision and an exit code. Plain values: any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace farholm {

// The reasons of Kubernetes' metav1.Status (apimachinery, pkg/apis/meta/v1/types.go).
enum class ErrorCode : std::uint8_t {
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  MethodNotAllowed,
  NotAcceptable,
  AlreadyExists,
  Conflict,
  Gone,
  Expired,
  RequestEntityTooLarge,
  UnsupportedMediaType,
  Invalid,
  TooManyRequests,
  InternalError,
  ServiceUnavailable,
  Timeout,
};

// One field that is wrong: reason is FieldValueInvalid, FieldValueRequired, …; field is a path as in
// Kubernetes (`spec.layers[2].name`).
struct ErrorCause {
  std::string reason;
  std::string message;
  std::string field;
  bool operator==(const ErrorCause&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::InternalError;
  std::string message;             // a sentence that says what is wrong and what to do
  std::vector<std::string> trail;  // innermost first: "while reading root.json"
  std::vector<ErrorCause> causes;  // for Invalid: each wrong field

  // "message (while innermost; while outer)".
  std::string to_string() const;
};

template <class T = void>
using Result = std::expected<T, Error>;

std::unexpected<Error> fail(ErrorCode code, std::string message);

// Adds "while <doing>" to the error's trail and hands it on.
std::unexpected<Error> fail_while(Error error, std::string doing);

std::string_view reason(ErrorCode code);            // "NotFound"
int http_status(ErrorCode code);                    // 404
int exit_code(ErrorCode code);                      // as sysexits.h where it has a word for it
bool may_succeed_on_retry(ErrorCode code);          // without anybody changing anything
ErrorCode error_code_from_http_status(int status);  // the nearest code for a foreign answer

}  // namespace farholm

#define FARHOLM_CONCAT_INNER(a, b) a##b
#define FARHOLM_CONCAT(a, b) FARHOLM_CONCAT_INNER(a, b)

// FARHOLM_TRY(auto value, expression); returns the expression's error from the enclosing function.
#define FARHOLM_TRY(declaration, ...)                                                     \
  auto FARHOLM_CONCAT(farholm_result_, __LINE__) = (__VA_ARGS__);                         \
  if (!FARHOLM_CONCAT(farholm_result_, __LINE__))                                         \
    return std::unexpected(std::move(FARHOLM_CONCAT(farholm_result_, __LINE__)).error()); \
  declaration = std::move(*FARHOLM_CONCAT(farholm_result_, __LINE__))

// FARHOLM_CHECK(expression); the same for a Result<void>.
#define FARHOLM_CHECK(...)                                       \
  do {                                                           \
    if (auto farholm_result = (__VA_ARGS__); !farholm_result)    \
      return std::unexpected(std::move(farholm_result).error()); \
  } while (false)

// The same inside coroutines.
#define FARHOLM_CO_TRY(declaration, ...)                                                     \
  auto FARHOLM_CONCAT(farholm_result_, __LINE__) = (__VA_ARGS__);                            \
  if (!FARHOLM_CONCAT(farholm_result_, __LINE__))                                            \
    co_return std::unexpected(std::move(FARHOLM_CONCAT(farholm_result_, __LINE__)).error()); \
  declaration = std::move(*FARHOLM_CONCAT(farholm_result_, __LINE__))

#define FARHOLM_CO_CHECK(...)                                       \
  do {                                                              \
    if (auto farholm_result = (__VA_ARGS__); !farholm_result)       \
      co_return std::unexpected(std::move(farholm_result).error()); \
  } while (false)
