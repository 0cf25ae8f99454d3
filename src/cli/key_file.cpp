#include "cli/key_file.h"

namespace farholm::cli {
namespace {

constexpr std::uint64_t kKeyBytesMax = 64 << 10;
constexpr std::uint64_t kTextBytesMax = 8 << 20;

}  // namespace

Result<crypto::PrivateKey> read_key(io::Files& files, const std::string& path) {
  FARHOLM_TRY(const auto text, io::read_file(files, path, kKeyBytesMax));
  auto key = crypto::PrivateKey::from_pem(text);
  if (!key) return fail_while(std::move(key).error(), "reading the key " + path);
  return key;
}

Result<void> require_no_key(io::Files& files, const std::string& path) {
  FARHOLM_TRY(const auto there, io::status_if_exists(files, path));
  if (!there) return {};
  return fail(ErrorCode::AlreadyExists,
              path + " is there already: a key is not overwritten; choose another folder");
}

Result<void> write_new_key(io::Files& files, const std::string& path, const crypto::PrivateKey& key) {
  FARHOLM_CHECK(require_no_key(files, path));
  return io::write_file_atomically(files, path, key.to_pem(), 0600);
}

Result<std::string> read_text(io::Files& files, const std::string& path) {
  return io::read_file(files, path, kTextBytesMax);
}

}  // namespace farholm::cli
