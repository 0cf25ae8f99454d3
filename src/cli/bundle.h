// `farholm bundle create` and `farholm bundle verify`. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/world.h"

namespace farholm::cli {

struct BundleCreateOptions {
  std::string folder;  // an OCI layout with the images; the bundle is made in place
  std::string name;
  std::vector<std::string> manifests;  // YAML files, or folders of them, in order
  std::string publisher_key;
};
// Prints `name@sha256:…` as its last line, which is what a profile refers to.
Result<std::string> bundle_create(const io::World& world, const BundleCreateOptions& options);

struct BundleVerifyOptions {
  std::string folder;
  std::string root;
};
Result<std::string> bundle_verify(const io::World& world, const BundleVerifyOptions& options);

}  // namespace farholm::cli
