// Puts objects into a PreviewStore as `kubectl apply` would put them into the hub: the same admission, the
// same rules of writing, the same errors. One thread.
#pragma once

#include <string>
#include <vector>

#include "apiserver/authorization.h"
#include "apiserver/kinds.h"
#include "hub/preview_world.h"
#include "io/world.h"
#include "profile/bundle_catalog.h"

namespace farholm::hub {

class PreviewObjects {
 public:
  struct Parts {
    io::World world;
    PreviewStore& store;
    PreviewBlobs& blobs;
    const profile::BundleCatalog& catalog;
    apiserver::Authorizer& authorizer;
  };
  PreviewObjects(Parts parts, apiserver::User user) : parts_(parts), user_(std::move(user)) {}

  // `objects` have passed plan_preview_kind(). Gives where they are, in order. Forbidden unless the user may
  // apply them; else what applying the first that fails would say.
  io::Task<object::Answer<std::vector<store::Key>>> apply(const json::Value& objects, std::string name_space);

  bool allowed(const store::Key& key, std::string_view verb) const;

 private:
  apiserver::Attempt attempt(const store::Key& key, std::string_view verb) const;

  Parts parts_;
  apiserver::User user_;
};

// The merge patch that `kubectl apply` sends: what `applied` says, and null for what the last one said and
// this does not (k8s.io/apimachinery, pkg/util/jsonmergepatch). Pure.
json::Value apply_patch(const json::Value& last_applied, const json::Value& applied);

}  // namespace farholm::hub
