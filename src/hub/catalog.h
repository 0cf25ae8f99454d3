// Catalog: the bundles that the hub has, whole and signed by the publisher, and what freezing a profile asks
// about them. Their content lies in the content store; their digests, in the order in which they came, in a
// file. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "content/blob_store.h"
#include "io/world.h"
#include "profile/bundle_catalog.h"
#include "trust/root.h"

namespace farholm::hub {

class Catalog final : public profile::BundleCatalog {
 public:
  struct Parts {
    io::World world;
    const trust::Root& root;
    content::BlobStore& store;
    std::string path;  // of the file
    Logger log;
  };
  explicit Catalog(Parts parts) : parts_(std::move(parts)) {}

  // Opens those that were imported before. One that is not whole any more is left out, with a warning.
  Result<void> load();
  // Imports the bundle in `folder`, or each bundle in a folder right in it. Forbidden when the publisher did
  // not sign it.
  io::Task<Result<void>> import(std::string folder);

  const profile::Bundle* find(const std::string& digest) const override;
  const profile::Bundle* find_kubernetes(const std::string& version) const override;
  std::optional<profile::ImageSource> find_image(const std::string& reference) const override;

 private:
  io::Task<Result<void>> import_one(std::string folder);
  Result<void> save();
  void add(profile::Bundle bundle);

  Parts parts_;
  std::map<std::string, profile::Bundle> bundles_;  // by digest
  std::vector<std::string> order_;                  // the newest last
};

}  // namespace farholm::hub
