#include "cli/folder_catalog.h"

#include "content/bundle.h"
#include "content/layout_source.h"

namespace farholm::cli {

Result<FolderCatalog> FolderCatalog::open(io::Files& files, const trust::Root& root,
                                          const std::vector<std::string>& folders) {
  FolderCatalog catalog;
  for (const auto& folder : folders) {
    FARHOLM_TRY(const auto layouts, content::find_layouts(files, folder));
    if (layouts.empty()) {
      return fail(ErrorCode::NotFound, folder + " holds no bundle: make one with `farholm bundle create`");
    }
    for (const auto& layout : layouts) {
      auto verified = content::verify_bundle(root, files, layout);
      if (!verified) return fail_while(std::move(verified).error(), "opening the bundle in " + layout);
      profile::Bundle bundle{.digest = verified->digest.to_string(),
                             .name = verified->name,
                             .manifests = std::move(verified->objects),
                             .images = {}};
      for (const auto& [reference, digest] : verified->images) bundle.images[reference] = digest.to_string();
      catalog.bundles_[bundle.digest] = std::move(bundle);
    }
  }
  return catalog;
}

const profile::Bundle* FolderCatalog::find(const std::string& digest) const {
  const auto found = bundles_.find(digest);
  return found == bundles_.end() ? nullptr : &found->second;
}

const profile::Bundle* FolderCatalog::find_kubernetes(const std::string& version) const {
  for (const auto& [digest, bundle] : bundles_) {
    if (bundle.images.contains("farholm.dev/node:" + version)) return &bundle;
  }
  return nullptr;
}

std::optional<profile::ImageSource> FolderCatalog::find_image(const std::string& reference) const {
  for (const auto& [digest, bundle] : bundles_) {
    const auto image = bundle.images.find(reference);
    if (image != bundle.images.end())
      return profile::ImageSource{.image_digest = image->second, .bundle_digest = digest};
  }
  return std::nullopt;
}

}  // namespace farholm::cli
