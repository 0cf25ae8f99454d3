// Files as a parameter. Synchronous, as disks are; what must not block a loop for long is written in pieces.
// Nothing written is durable before File::sync() and, for a new or renamed name, sync_directory() of the
// folder it is in; the simulated implementation loses or tears whatever was not. Paths are absolute or
// relative to the process; "" is never valid. Errors: NotFound, AlreadyExists, Forbidden, and
// ServiceUnavailable for a full or failing disk (the message says which). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/clock.h"

namespace farholm::io {

class File {
 public:
  virtual ~File() = default;  // closes, and releases its lock
  // How many bytes were read; fewer than asked for only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) = 0;
  // All of them or an error.
  virtual Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Result<void> truncate(std::uint64_t size_bytes) = 0;
  virtual Result<std::uint64_t> size_bytes() = 0;
  // Data and size are on the disk when it returns (fdatasync).
  virtual Result<void> sync() = 0;
  // An exclusive lock on the whole file, held until it is closed; Conflict when another holds it.
  virtual Result<void> lock() = 0;
};

enum class OpenMode : std::uint8_t {
  Read,       // must exist
  ReadWrite,  // must exist
  Create,     // created when absent
  CreateNew,  // must not exist
};

struct FileStatus {
  enum class Type : std::uint8_t { Regular, Directory, Symlink, Other };
  Type type = Type::Other;
  std::uint64_t size_bytes = 0;
  std::uint32_t permissions = 0;  // the lower twelve bits of st_mode
  WallTime modified;
};

struct DirectoryEntry {
  std::string name;
  FileStatus::Type type = FileStatus::Type::Other;
};

struct DiskSpace {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;
};

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode,
                                             std::uint32_t permissions = 0600) = 0;
  // Makes the folder and those above it; no error if it is there.
  virtual Result<void> make_directories(const std::string& path, std::uint32_t permissions = 0700) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // a file, a link or an empty folder
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;  // sorted by name
  // Does not follow a link.
  virtual Result<FileStatus> status(const std::string& path) = 0;
  virtual Result<std::string> read_link(const std::string& path) = 0;
  virtual Result<DiskSpace> space(const std::string& path) = 0;
};

// Status, or nothing when there is no such file: so that a caller never has to look at an error's code.
Result<std::optional<FileStatus>> status_if_exists(Files& files, const std::string& path);
// Reads a whole file; RequestEntityTooLarge when it is longer than `limit_bytes`.
Result<std::string> read_file(Files& files, const std::string& path, std::uint64_t limit_bytes);
Result<std::optional<std::string>> read_file_if_exists(Files& files, const std::string& path,
                                                       std::uint64_t limit_bytes);
// Replaces or makes a file so that after a crash either the old or the new content is there, whole:
// writes `<path>.new`, syncs it, renames it, syncs the folder.
Result<void> write_file_atomically(Files& files, const std::string& path, std::string_view content,
                                   std::uint32_t permissions = 0600);
// Makes the folder, and those above it that are missing, so that a power cut does not take it away again with
// all that is in it. Folders above that may not be read are left alone: nothing was made in them.
Result<void> make_durable_directories(Files& files, const std::string& path, std::uint32_t permissions);
// Removes a folder and all below it; no error if it is not there.
Result<void> remove_tree(Files& files, const std::string& path);
std::string parent_path(const std::string& path);
std::string join_path(std::string_view folder, std::string_view name);

}  // namespace farholm::io
