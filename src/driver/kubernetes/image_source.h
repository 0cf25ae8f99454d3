// ImageSource: from which reference the engine gets the images that a cluster's containers are made of. The
// agent answers from the layer's bundle and its registry; tests name images that the engine already has.
#pragma once

#include <string>

#include "base/result.h"
#include "io/task.h"

namespace farholm::driver::kubernetes {

// Each is either the name of an image that the engine has, or `registry/repository@sha256:…` to pull it by.
struct ClusterImages {
  std::string node;
  std::string etcd;
  std::string haproxy;
};

class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // `bundle` is the digest in the layer ("sha256:…"), `version` its Kubernetes ("v1.34.4").
  virtual io::Task<Result<ClusterImages>> cluster_images(std::string bundle, std::string version) = 0;
};

}  // namespace farholm::driver::kubernetes
