// make_plan: profile revision + site + hosts + versions of secrets → one plan. The same inputs give the same
// bytes. Pure; any thread.
#pragma once

#include "profile/plan.h"
#include "profile/site.h"

namespace farholm::profile {

struct SiteIdentity {
  std::string uid, name_space, name;
};

struct PlanRequest {
  SiteIdentity site;
  SiteSpec spec;
  Revision revision;
  std::vector<PlanHost> hosts;  // those that the site selected; in any order
  // What was sealed: one entry for each variable in sealed_variables(), with an envelope for each host.
  std::map<std::string, SealedVariable> sealed;
  // From the revision's blobs: for the check that the site's subnet is not one of the cluster's.
  std::string pod_subnet, service_subnet;
  std::int64_t epoch = 1;
  std::int64_t generation = 1;
  std::string expires;
  std::optional<maintenance::Policy> maintenance;  // what spec.maintenance_policy names
  // The plan before this one: a slot stays on its host as long as the host is there.
  std::vector<PlanNode> previous_nodes;
};

// Invalid with causes whose fields are the Site's ("spec.variables.storeNumber"): a value that is missing,
// of another type or does not match; a sensitive variable given in plain text; a variable that the profile
// does not declare; no host; a subnet too small or overlapping the cluster's.
Result<SitePlan> make_plan(const PlanRequest& request);

// The variables whose values must be sealed for this site: those given by a Secret, and used by a layer or
// not. Values that are checked with value_from_secret.
std::map<std::string, SecretReference> sealed_variables(const Revision& revision, const SiteSpec& spec);

}  // namespace farholm::profile
