#include "io/posix/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "io/posix/descriptor.h"

namespace farholm::io::posix {
namespace {

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t total = 0;
    while (total < into.size()) {
      const ssize_t count = ::pread(descriptor_.get(), into.data() + total, into.size() - total,
                                    static_cast<off_t>(offset + total));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail_errno("cannot read " + path_, errno);
      if (count == 0) break;
      total += static_cast<std::size_t>(count);
    }
    return total;
  }

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t count =
          ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail_errno("cannot write " + path_, errno);
      offset += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(size_bytes)) != 0) {
      return fail_errno("cannot change the size of " + path_, errno);
    }
    return {};
  }

  Result<std::uint64_t> size_bytes() override {
    struct stat status{};
    if (::fstat(descriptor_.get(), &status) != 0) return fail_errno("cannot look at " + path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_.get()) != 0) return fail_errno("cannot flush " + path_, errno);
    return {};
  }

  Result<void> lock() override {
    if (::flock(descriptor_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        return fail(ErrorCode::Conflict, path_ + " is in use by another process: end that one first");
      }
      return fail_errno("cannot lock " + path_, errno);
    }
    return {};
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

FileStatus::Type type_of(mode_t mode) {
  if (S_ISREG(mode)) return FileStatus::Type::Regular;
  if (S_ISDIR(mode)) return FileStatus::Type::Directory;
  if (S_ISLNK(mode)) return FileStatus::Type::Symlink;
  return FileStatus::Type::Other;
}

}  // namespace

Result<std::unique_ptr<File>> PosixFiles::open(const std::string& path, OpenMode mode,
                                               std::uint32_t permissions) {
  int flags = O_CLOEXEC;
  switch (mode) {
    case OpenMode::Read:
      flags |= O_RDONLY;
      break;
    case OpenMode::ReadWrite:
      flags |= O_RDWR;
      break;
    case OpenMode::Create:
      flags |= O_RDWR | O_CREAT;
      break;
    case OpenMode::CreateNew:
      flags |= O_RDWR | O_CREAT | O_EXCL;
      break;
  }
  Descriptor descriptor(::open(path.c_str(), flags, static_cast<mode_t>(permissions)));
  if (!descriptor.valid()) return fail_errno("cannot open " + path, errno);
  return std::make_unique<PosixFile>(std::move(descriptor), path);
}

Result<void> PosixFiles::make_directories(const std::string& path, std::uint32_t permissions) {
  // A folder is as durable as its entry in the one above.
  if (::mkdir(path.c_str(), static_cast<mode_t>(permissions)) == 0) return sync_directory(parent_path(path));
  if (errno == EEXIST) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    return fail(ErrorCode::Conflict, path + " should be a folder but is a file: move it out of the way");
  }
  if (errno != ENOENT) return fail_errno("cannot make the folder " + path, errno);
  const std::string parent = parent_path(path);
  if (parent == path || parent == ".") return fail_errno("cannot make the folder " + path, ENOENT);
  FARHOLM_CHECK(make_directories(parent, permissions));
  if (::mkdir(path.c_str(), static_cast<mode_t>(permissions)) != 0 && errno != EEXIST) {
    return fail_errno("cannot make the folder " + path, errno);
  }
  return sync_directory(parent);
}

Result<void> PosixFiles::remove(const std::string& path) {
  if (::remove(path.c_str()) != 0) return fail_errno("cannot remove " + path, errno);
  return {};
}

Result<void> PosixFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return fail_errno(fmt::format("cannot rename {} to {}", from, to), errno);
  }
  return {};
}

Result<void> PosixFiles::sync_directory(const std::string& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return fail_errno("cannot open the folder " + path, errno);
  if (::fsync(folder.get()) != 0) return fail_errno("cannot flush the folder " + path, errno);
  return {};
}

Result<std::vector<DirectoryEntry>> PosixFiles::list(const std::string& path) {
  DIR* folder = ::opendir(path.c_str());
  if (folder == nullptr) return fail_errno("cannot list " + path, errno);
  std::vector<DirectoryEntry> entries;
  while (const dirent* entry =
             ::readdir(folder)) {  // NOLINT(concurrency-mt-unsafe): the stream is ours alone
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    FileStatus::Type type = FileStatus::Type::Other;
    struct stat status{};
    if (::fstatat(::dirfd(folder), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      type = type_of(status.st_mode);
    }
    entries.push_back({.name = name, .type = type});
  }
  ::closedir(folder);
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

Result<FileStatus> PosixFiles::status(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno("cannot look at " + path, errno);
  const auto modified =
      std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return FileStatus{.type = type_of(status.st_mode),
                    .size_bytes = static_cast<std::uint64_t>(status.st_size),
                    .permissions = status.st_mode & 07777U,
                    .modified = WallTime(modified)};
}

Result<std::string> PosixFiles::read_link(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t count = ::readlink(path.c_str(), target.data(), target.size());
  if (count < 0) return fail_errno("cannot read the link " + path, errno);
  target.resize(static_cast<std::size_t>(count));
  return target;
}

Result<DiskSpace> PosixFiles::space(const std::string& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) return fail_errno("cannot measure the disk of " + path, errno);
  return DiskSpace{.total_bytes = static_cast<std::uint64_t>(status.f_blocks) * status.f_frsize,
                   .available_bytes = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize};
}

}  // namespace farholm::io::posix
