// Previewer: answers PlanPreview. What is asked about is applied to a store in memory over the hub's own, and
// the sites are planned from there with the very code that plans them in earnest; then each new plan is
// compared with the one that the site has. Nothing is stored, nothing is signed. One thread.
#pragma once

#include <array>

#include "apiserver/authorization.h"
#include "apiserver/reviewer.h"
#include "hub/authority.h"
#include "hub/planner.h"
#include "io/world.h"
#include "profile/bundle_catalog.h"

namespace farholm::hub {

inline constexpr std::size_t kPreviewSitesMax =
    2000;                                       // planned for one preview; others are counted as omitted
inline constexpr std::size_t kPreviewsMax = 4;  // at once; more are refused
// Layers' content that is kept parsed while sites are compared.
inline constexpr std::size_t kPreviewParsedBytesMax = 16 << 20;

class Previewer final : public apiserver::Reviewer {
 public:
  struct Parts {
    io::World world;
    const store::Store& store;
    content::BlobStore& content;
    const profile::BundleCatalog& catalog;
    const Authority& authority;
    std::array<std::byte, 32> version_key;  // the planner's
    apiserver::Authorizer& authorizer;
  };
  explicit Previewer(Parts parts) : parts_(parts) {}

  // TooManyRequests when others are at it; else what applying the objects would say, or PlanPreview.status.
  io::Task<object::Answer<json::Value>> review(apiserver::User user, std::string name_space,
                                               json::Value review) override;

 private:
  Parts parts_;
  std::size_t running_ = 0;
};

}  // namespace farholm::hub
