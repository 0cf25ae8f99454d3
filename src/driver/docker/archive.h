// Tar archives, as the engine takes and gives files: the door to libarchive. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "driver/docker/engine_types.h"

namespace farholm::driver::docker {

// POSIX tar (ustar, pax where it must). Folders in the paths are made with mode 0700 and the owner of the
// file. The same files give the same bytes.
Result<std::string> make_archive(const std::vector<ArchiveFile>& files);

// The content of the first regular file; nothing when there is none.
Result<std::optional<std::string>> first_file_of_archive(std::string_view archive);

}  // namespace farholm::driver::docker
