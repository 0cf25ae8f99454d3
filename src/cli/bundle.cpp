#include "cli/bundle.h"

#include <fmt/format.h>

#include "cli/key_file.h"
#include "content/bundle.h"
#include "json/json.h"
#include "trust/root.h"

namespace farholm::cli {
namespace {

Result<void> read_manifests(io::Files& files, const std::string& path, std::vector<json::Value>& objects) {
  FARHOLM_TRY(const auto status, files.status(path));
  if (status.type == io::FileStatus::Type::Directory) {
    FARHOLM_TRY(const auto entries, files.list(path));
    for (const auto& entry : entries) {
      if (!entry.name.ends_with(".yaml") && !entry.name.ends_with(".yml") && !entry.name.ends_with(".json"))
        continue;
      FARHOLM_CHECK(read_manifests(files, io::join_path(path, entry.name), objects));
    }
    return {};
  }
  FARHOLM_TRY(const auto text, read_text(files, path));
  auto documents = json::parse_yaml_stream(text, {.bytes_max = 8 << 20});
  if (!documents) return fail_while(std::move(documents).error(), "reading " + path);
  for (auto& document : *documents) objects.push_back(std::move(document));
  return {};
}

std::string describe(const content::Bundle& bundle) {
  std::string text;
  for (const auto& [reference, digest] : bundle.images)
    text += fmt::format("  image {} ({})\n", reference, digest.to_string());
  text += fmt::format("  {} Kubernetes objects, {} blobs, {} MiB\n", bundle.objects.size(),
                      bundle.blobs.size(), (bundle.size_bytes + (1 << 20) - 1) >> 20);
  return text;
}

}  // namespace

Result<std::string> bundle_create(const io::World& world, const BundleCreateOptions& options) {
  FARHOLM_TRY(const auto key, read_key(world.files, options.publisher_key));
  content::BundleSpec spec{.name = options.name, .objects = {}, .created_at = {}};
  for (const auto& path : options.manifests) FARHOLM_CHECK(read_manifests(world.files, path, spec.objects));
  FARHOLM_TRY(const auto bundle, content::create_bundle(world.files, options.folder, spec, key));
  return fmt::format("Signed the bundle in {}:\n{}{}@{}\n", options.folder, describe(bundle), options.name,
                     bundle.digest.to_string());
}

Result<std::string> bundle_verify(const io::World& world, const BundleVerifyOptions& options) {
  FARHOLM_TRY(const auto text, read_text(world.files, options.root));
  FARHOLM_TRY(const auto root, trust::Root::parse(text));
  FARHOLM_TRY(const auto bundle, content::verify_bundle(root, world.files, options.folder));
  return fmt::format("The publisher signed the bundle in {}:\n{}{}@{}\n", options.folder, describe(bundle),
                     bundle.name, bundle.digest.to_string());
}

}  // namespace farholm::cli
