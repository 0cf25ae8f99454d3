#include "cli/root_init.h"

#include <fmt/format.h>

#include "cli/key_file.h"
#include "trust/root.h"

namespace farholm::cli {

Result<std::string> root_init(const io::World& world, const RootInitOptions& options) {
  FARHOLM_CHECK(world.files.make_directories(options.folder, 0700));
  const std::string root_path = io::join_path(options.folder, "root.json");
  FARHOLM_TRY(const auto there, io::status_if_exists(world.files, root_path));
  if (there) {
    return fail(ErrorCode::AlreadyExists,
                root_path + " is there already: a root is made once; its successors are signed with its key");
  }
  const auto key_path = [&](trust::RoleName role) {
    return io::join_path(options.folder, fmt::format("{}.key", trust::to_string(role)));
  };
  // Look before anything is written: a refusal must not leave half of the keys behind.
  for (const auto role : trust::kRoleNames) FARHOLM_CHECK(require_no_key(world.files, key_path(role)));
  trust::RootSpec spec;
  spec.expires =
      std::chrono::floor<std::chrono::seconds>(world.clock.now()) + std::chrono::years(options.years);
  std::vector<crypto::PrivateKey> signers;
  for (const auto role : trust::kRoleNames) {
    auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, world.entropy);
    spec.role(role) = {.keys = {key.public_key()}, .threshold = 1};
    FARHOLM_CHECK(write_new_key(world.files, key_path(role), key));
    if (role == trust::RoleName::Root) signers.push_back(std::move(key));
  }
  FARHOLM_TRY(const auto text, trust::make_root(spec, signers));
  FARHOLM_TRY(const auto root, trust::Root::parse(text));
  FARHOLM_CHECK(io::write_file_atomically(world.files, root_path, text, 0644));
  return fmt::format(
      "Made {} (version {}, until {}, {}).\n"
      "  root.key, publisher.key, access.key  keep these offline: they never belong on a hub\n"
      "  plan.key, pki.key                    the hub signs plans and certificate authorities with these\n",
      root_path, root.version(), io::to_rfc3339(root.expires()), root.digest().to_string());
}

}  // namespace farholm::cli
