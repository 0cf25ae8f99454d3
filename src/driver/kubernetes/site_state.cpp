#include "driver/kubernetes/site_state.h"

#include "crypto/checked_file.h"

namespace farholm::driver::kubernetes {
namespace {
constexpr std::uint64_t kDocumentBytesMax = 1 << 20;
constexpr std::uint32_t kPermissions = 0600;  // it holds private keys
}  // namespace

Result<std::optional<json::Value>> FileSiteState::load() {
  FARHOLM_TRY(auto text, crypto::read_checked_file(files_, path_, kDocumentBytesMax));
  if (!text) return std::optional<json::Value>();
  auto value = json::parse(*text);
  if (!value) return fail_while(std::move(value).error(), "reading " + path_);
  return std::optional<json::Value>(std::move(*value));
}

Result<void> FileSiteState::save(const json::Value& document) {
  FARHOLM_CHECK(files_.make_directories(io::parent_path(path_)));
  return crypto::write_checked_file(files_, path_, json::to_pretty_text(document), kPermissions);
}

}  // namespace farholm::driver::kubernetes
