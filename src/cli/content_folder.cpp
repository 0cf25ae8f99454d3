#include "cli/content_folder.h"

namespace farholm::cli {
namespace {

constexpr std::uint64_t kContentBytesMax = 4 << 20;

std::string blobs_of(const std::string& folder) {
  return io::join_path(folder, "blobs/sha256");
}

}  // namespace

Result<crypto::Digest> put_blob(io::Files& files, const std::string& folder, std::string_view bytes) {
  const auto digest = crypto::Digest::of(bytes);
  const std::string path = io::join_path(blobs_of(folder), digest.hex());
  FARHOLM_TRY(const auto there, io::status_if_exists(files, path));
  if (there && there->size_bytes == bytes.size()) return digest;
  FARHOLM_CHECK(files.make_directories(blobs_of(folder), 0755));
  FARHOLM_CHECK(io::write_file_atomically(files, path, bytes, 0644));
  return digest;
}

Result<std::string> read_blob(io::Files& files, const std::vector<std::string>& folders,
                              const crypto::Digest& digest) {
  for (const auto& folder : folders) {
    auto bytes = io::read_file(files, io::join_path(blobs_of(folder), digest.hex()), kContentBytesMax);
    if (bytes && crypto::Digest::of(*bytes) == digest) return bytes;
  }
  return fail(ErrorCode::NotFound, digest.to_string() + " is in none of the content folders");
}

}  // namespace farholm::cli
