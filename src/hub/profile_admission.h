// ProfileAdmission: a ClusterProfile that is created or changed is frozen into an immutable
// ClusterProfileRevision, in the same commit; its layers' blobs are in the content store before. One thread.
#pragma once

#include "apiserver/admission.h"
#include "hub/blobs.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "profile/bundle_catalog.h"
#include "profile/cluster_profile.h"
#include "store/store.h"

namespace farholm::hub {

class ProfileAdmission final : public apiserver::Admission {
 public:
  struct Parts {
    io::Clock& clock;
    io::Entropy& entropy;
    const store::Store& store;
    Blobs& content;
    const profile::BundleCatalog& catalog;
  };
  explicit ProfileAdmission(Parts parts) : parts_(parts) {}

  io::Task<object::Answer<std::vector<store::Write>>> admit(apiserver::AdmissionRequest request) override;

 private:
  // The newest revision of this profile, 0 when there is none.
  std::int64_t newest(const json::Value& profile) const;
  store::Write write_revision(const json::Value& profile, const profile::Revision& revision) const;

  Parts parts_;
};

}  // namespace farholm::hub
