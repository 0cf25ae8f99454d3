// BundleCatalog: what freezing a revision has to know about bundles. The hub answers from the index it keeps
// of its content, the command line from a folder; both verified the bundle before. Only looks, never waits.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json/json.h"

namespace farholm::profile {

struct Bundle {
  std::string digest;                         // "sha256:…" of the OCI layout's index
  std::string name;                           // "flannel"
  std::vector<json::Value> manifests;         // the objects it holds, in its order; Lists already unpacked
  std::map<std::string, std::string> images;  // "farholm.dev/till:1.0.0" → "sha256:…"
};

struct ImageSource {
  std::string image_digest;
  std::string bundle_digest;
};

class BundleCatalog {
 public:
  virtual ~BundleCatalog() = default;
  // nullptr when there is no such bundle. Lives as long as the catalog is not changed.
  virtual const Bundle* find(const std::string& digest) const = 0;
  // The bundle that holds the node image and the control plane's images of "v1.34.4"; nullptr: none.
  virtual const Bundle* find_kubernetes(const std::string& version) const = 0;
  // Any bundle that holds `reference` (normalised, with its tag); the newest where several do.
  virtual std::optional<ImageSource> find_image(const std::string& reference) const = 0;
};

}  // namespace farholm::profile
