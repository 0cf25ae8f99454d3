#include "agent/bundle_images.h"

#include <fmt/format.h>

namespace farholm::agent {
namespace {

// The bundle's image whose repository is this, as `registry/repository@digest`.
Result<std::string> pull_reference(const content::Bundle& bundle, const std::string& registry,
                                   const std::string& repository) {
  for (const auto& [reference, digest] : bundle.images) {
    if (reference.starts_with(repository + ":")) {
      return fmt::format("{}/{}@{}", registry, repository, digest.to_string());
    }
  }
  return fail(ErrorCode::NotFound,
              fmt::format("the bundle {} holds no image {}: was it made for a kubernetes layer?", bundle.name,
                          repository));
}

}  // namespace

io::Task<Result<driver::kubernetes::ClusterImages>> BundleImages::cluster_images(std::string bundle,
                                                                                 std::string) {
  FARHOLM_CO_TRY(const auto* found, layers_.bundle(bundle));
  driver::kubernetes::ClusterImages images;
  FARHOLM_CO_TRY(images.node, pull_reference(*found, registry_, "farholm.dev/node"));
  FARHOLM_CO_TRY(images.etcd, pull_reference(*found, registry_, "registry.k8s.io/etcd"));
  FARHOLM_CO_TRY(images.haproxy, pull_reference(*found, registry_, "farholm.dev/haproxy"));
  co_return images;
}

}  // namespace farholm::agent
