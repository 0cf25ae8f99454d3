#include "driver/docker/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <memory>
#include <set>

namespace farholm::driver::docker {
namespace {

using Writer = std::unique_ptr<::archive, decltype(&archive_write_free)>;
using Reader = std::unique_ptr<::archive, decltype(&archive_read_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

std::unexpected<Error> failure(::archive* archive, std::string_view doing) {
  const char* text = archive_error_string(archive);
  return fail(ErrorCode::InternalError,
              fmt::format("{}: {}", doing, text == nullptr ? "no reason given" : text));
}

la_ssize_t append(::archive*, void* into, const void* bytes, std::size_t count) {
  static_cast<std::string*>(into)->append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

Entry make_entry(const std::string& path, unsigned int type, std::uint32_t permissions, std::int64_t owner) {
  Entry entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_filetype(entry.get(), type);
  archive_entry_set_perm(entry.get(), permissions);
  archive_entry_set_uid(entry.get(), owner);
  archive_entry_set_gid(entry.get(), owner);
  archive_entry_set_mtime(entry.get(), 0, 0);
  return entry;
}

}  // namespace

Result<std::string> make_archive(const std::vector<ArchiveFile>& files) {
  std::string bytes;
  Writer writer(archive_write_new(), &archive_write_free);
  archive_write_set_format_pax_restricted(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  if (archive_write_open(writer.get(), &bytes, nullptr, &append, nullptr) != ARCHIVE_OK)
    return failure(writer.get(), "Cannot make an archive");
  std::set<std::string> folders;
  for (const ArchiveFile& file : files) {
    for (auto slash = file.path.find('/'); slash != std::string::npos;
         slash = file.path.find('/', slash + 1)) {
      const std::string folder = file.path.substr(0, slash);
      if (folder.empty() || !folders.insert(folder).second) continue;
      Entry entry = make_entry(folder, AE_IFDIR, 0700, file.owner);
      if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK)
        return failure(writer.get(), "Cannot put a folder into an archive");
    }
    Entry entry = make_entry(file.path, AE_IFREG, file.permissions, file.owner);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
    if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK ||
        archive_write_data(writer.get(), file.content.data(), file.content.size()) < 0)
      return failure(writer.get(), "Cannot put a file into an archive");
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return failure(writer.get(), "Cannot end an archive");
  return bytes;
}

Result<std::optional<std::string>> first_file_of_archive(std::string_view bytes) {
  Reader reader(archive_read_new(), &archive_read_free);
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    return failure(reader.get(), "Cannot read the archive that Docker Engine sent");
  archive_entry* entry = nullptr;
  for (;;) {
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return std::optional<std::string>();
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
      return failure(reader.get(), "Cannot read the archive that Docker Engine sent");
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    const la_int64_t size = archive_entry_size(entry);
    // What an archive says of itself is no reason to allocate.
    if (size < 0 || static_cast<std::uint64_t>(size) > bytes.size())
      return fail(ErrorCode::BadRequest, "Docker Engine sent an archive that is shorter than it says");
    std::string content(static_cast<std::size_t>(size), '\0');
    const la_ssize_t count = archive_read_data(reader.get(), content.data(), content.size());
    if (count < 0) return failure(reader.get(), "Cannot read the archive that Docker Engine sent");
    content.resize(static_cast<std::size_t>(count));
    return content;
  }
}

}  // namespace farholm::driver::docker
