#include "crypto/checked_file.h"

#include "crypto/digest.h"

namespace farholm::crypto {
namespace {

constexpr std::string_view kMark = "\n# sha256:";

std::string seal_of(std::string_view text) {
  return std::string(kMark) + Digest::of(text).hex() + "\n";
}

}  // namespace

Result<void> write_checked_file(io::Files& files, const std::string& path, std::string_view text,
                                std::uint32_t permissions) {
  return io::write_file_atomically(files, path, std::string(text) + seal_of(text), permissions);
}

Result<std::optional<std::string>> read_checked_file(io::Files& files, const std::string& path,
                                                     std::uint64_t limit_bytes) {
  FARHOLM_TRY(auto whole, io::read_file_if_exists(files, path, limit_bytes));
  if (!whole) return std::nullopt;
  const auto end = whole->rfind(kMark);
  if (end == std::string::npos) return whole;
  auto text = whole->substr(0, end);
  if (whole->substr(end) == seal_of(text)) return text;
  return fail(ErrorCode::Invalid, path + " is not as it was written: the disk has changed it");
}

}  // namespace farholm::crypto
