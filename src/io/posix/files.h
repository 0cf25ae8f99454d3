// The real file system. See io/files.h for the contract.
#pragma once

#include "io/files.h"

namespace farholm::io::posix {

class PosixFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode,
                                     std::uint32_t permissions) override;
  Result<void> make_directories(const std::string& path, std::uint32_t permissions) override;
  Result<void> remove(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Result<FileStatus> status(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Result<DiskSpace> space(const std::string& path) override;
};

}  // namespace farholm::io::posix
