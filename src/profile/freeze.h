// freeze: a profile becomes content. Bundles' manifests are copied in, every image is resolved to a digest
// that a bundle holds, and each layer becomes one canonical blob that all sites share. The same profile and
// bundles give the same bytes. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "profile/bundle_catalog.h"
#include "profile/cluster_profile.h"

namespace farholm::profile {

struct LayerBlob {
  std::string digest;  // of `bytes`
  std::string bytes;   // canonical JSON, docs/formats/plan.md
};

struct FrozenRevision {
  std::vector<Variable> variables;
  std::vector<RevisionLayer> layers;
  std::vector<LayerBlob> blobs;  // one a layer, in order

  // True when a revision made from this would be the same: no new number is needed.
  bool same_as(const Revision& revision) const;
  Revision numbered(std::string profile, std::string name_space, std::int64_t number) const;
};

// A layer's blob may be so large: more belongs into several layers.
inline constexpr std::size_t kLayerBlobBytesMax = 2 << 20;

// Invalid with one cause a problem, each with its field: an unknown bundle, an image that no bundle contains
// (unless the layer says allowPull), an object without a name, two objects of one name, a reference to a
// variable that is not declared, a Kubernetes version that no bundle provides.
// `spec` passed the schema; check_profile_spec is run here too.
Result<FrozenRevision> freeze(const json::Value& spec, const BundleCatalog& catalog);

}  // namespace farholm::profile
