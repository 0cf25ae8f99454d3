// Files that tell when the disk has changed them: the text, and below it its digest. For what a program keeps
// for itself and could not otherwise tell from what it wrote. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/files.h"

namespace farholm::crypto {

// Replaces or makes the file, as io::write_file_atomically.
Result<void> write_checked_file(io::Files& files, const std::string& path, std::string_view text,
                                std::uint32_t permissions = 0600);
// The text; nothing when there is no such file. Invalid when the digest is not its own. A file without a
// digest, as earlier versions wrote it, is taken as it is.
Result<std::optional<std::string>> read_checked_file(io::Files& files, const std::string& path,
                                                     std::uint64_t limit_bytes);

}  // namespace farholm::crypto
