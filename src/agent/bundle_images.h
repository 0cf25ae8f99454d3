// BundleImages: tells the kubernetes driver by which references Docker Engine pulls the cluster's images:
// from this site's own registry, by digest. One thread.
#pragma once

#include "agent/content_layers.h"
#include "driver/kubernetes/image_source.h"

namespace farholm::agent {

class BundleImages final : public driver::kubernetes::ImageSource {
 public:
  // `layers` outlives it. `registry`: as Docker Engine reaches it, "127.0.0.1:5000".
  BundleImages(ContentLayers& layers, std::string registry)
      : layers_(layers), registry_(std::move(registry)) {}

  io::Task<Result<driver::kubernetes::ClusterImages>> cluster_images(std::string bundle,
                                                                     std::string version) override;

 private:
  ContentLayers& layers_;
  std::string registry_;
};

}  // namespace farholm::agent
