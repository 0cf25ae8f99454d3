#include "io/posix/descriptor.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace farholm::io::posix {
namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case EEXIST:
      return ErrorCode::AlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::Forbidden;
    case EADDRINUSE:
    case ENOTEMPTY:
    case EISDIR:
      return ErrorCode::Conflict;
    case ETIMEDOUT:
      return ErrorCode::Timeout;
    case EINVAL:
    case ENAMETOOLONG:
      return ErrorCode::BadRequest;
    default:
      return ErrorCode::ServiceUnavailable;
  }
}

}  // namespace

void Descriptor::reset() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

std::unexpected<Error> fail_errno(std::string what, int error_number) {
  what += ": ";
  what += std::generic_category().message(error_number);
  if (error_number == ENOSPC || error_number == EDQUOT)
    what += "; free some space, the work goes on by itself";
  return fail(code_of(error_number), std::move(what));
}

}  // namespace farholm::io::posix
