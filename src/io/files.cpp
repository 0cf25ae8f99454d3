#include "io/files.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace farholm::io {

Result<std::optional<FileStatus>> status_if_exists(Files& files, const std::string& path) {
  auto status = files.status(path);
  if (status) return std::optional(*status);
  if (status.error().code == ErrorCode::NotFound) return std::optional<FileStatus>();
  return std::unexpected(std::move(status).error());
}

Result<std::string> read_file(Files& files, const std::string& path, std::uint64_t limit_bytes) {
  FARHOLM_TRY(auto file, files.open(path, OpenMode::Read));
  std::string content;
  // Files under /proc and /sys say that they are empty: read to the end rather than to the size.
  constexpr std::size_t kPieceBytes = 64 * 1024;
  while (true) {
    const std::size_t before = content.size();
    content.resize(before + kPieceBytes);
    FARHOLM_TRY(const std::size_t count,
                file->read_at(before, std::as_writable_bytes(std::span(content)).subspan(before)));
    content.resize(before + count);
    if (content.size() > limit_bytes) {
      return fail(ErrorCode::RequestEntityTooLarge,
                  fmt::format("{} is longer than the {} bytes that are allowed for it", path, limit_bytes));
    }
    if (count < kPieceBytes) return content;
  }
}

Result<std::optional<std::string>> read_file_if_exists(Files& files, const std::string& path,
                                                       std::uint64_t limit_bytes) {
  auto content = read_file(files, path, limit_bytes);
  if (content) return std::optional(std::move(*content));
  if (content.error().code == ErrorCode::NotFound) return std::optional<std::string>();
  return std::unexpected(std::move(content).error());
}

Result<void> write_file_atomically(Files& files, const std::string& path, std::string_view content,
                                   std::uint32_t permissions) {
  const std::string temporary = path + ".new";
  // A crash may have left one, and its permissions may be wrong: begin afresh.
  FARHOLM_TRY(const auto left, status_if_exists(files, temporary));
  if (left) FARHOLM_CHECK(files.remove(temporary));
  {
    FARHOLM_TRY(auto file, files.open(temporary, OpenMode::CreateNew, permissions));
    auto written = file->write_at(0, as_bytes(content));
    if (written) written = file->sync();
    if (!written) {
      file.reset();
      (void)files.remove(temporary);
      return written;
    }
  }
  FARHOLM_CHECK(files.rename(temporary, path));
  return files.sync_directory(parent_path(path));
}

Result<void> make_durable_directories(Files& files, const std::string& path, std::uint32_t permissions) {
  FARHOLM_CHECK(files.make_directories(path, permissions));
  for (std::string below = path, above = parent_path(path); above != below;
       below = above, above = parent_path(above)) {
    if (auto synced = files.sync_directory(above); !synced && synced.error().code != ErrorCode::Forbidden)
      return synced;
  }
  return {};
}

Result<void> remove_tree(Files& files, const std::string& path) {
  FARHOLM_TRY(const auto status, status_if_exists(files, path));
  if (!status) return {};
  if (status->type == FileStatus::Type::Directory) {
    FARHOLM_TRY(const auto entries, files.list(path));
    for (const auto& entry : entries) FARHOLM_CHECK(remove_tree(files, join_path(path, entry.name)));
  }
  return files.remove(path);
}

std::string parent_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  if (slash == 0) return "/";
  return path.substr(0, slash);
}

std::string join_path(std::string_view folder, std::string_view name) {
  if (folder.ends_with('/')) return fmt::format("{}{}", folder, name);
  return fmt::format("{}/{}", folder, name);
}

}  // namespace farholm::io
