// Bundles in folders, as freezing a profile asks for them. Each was verified before it is in here. One
// thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/files.h"
#include "profile/bundle_catalog.h"
#include "trust/root.h"

namespace farholm::cli {

class FolderCatalog final : public profile::BundleCatalog {
 public:
  // Each folder is a bundle, or holds folders that are.
  static Result<FolderCatalog> open(io::Files& files, const trust::Root& root,
                                    const std::vector<std::string>& folders);

  const profile::Bundle* find(const std::string& digest) const override;
  const profile::Bundle* find_kubernetes(const std::string& version) const override;
  std::optional<profile::ImageSource> find_image(const std::string& reference) const override;

 private:
  std::map<std::string, profile::Bundle> bundles_;
};

}  // namespace farholm::cli
