// Our kinds (farholm.dev/v1alpha1): what is valid, what is filled in, what kubectl shows. The one truth from
// which the CustomResourceDefinitions in api/crds and docs/kinds.md are generated. Built at start, then only
// read; any thread.
#pragma once

#include <vector>

#include "object/kind_descriptor.h"

namespace farholm::profile {

inline constexpr std::string_view kGroup = "farholm.dev";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kApiVersion = "farholm.dev/v1alpha1";
// Hosts that no token gave a namespace wait here.
inline constexpr std::string_view kUnassignedNamespace = "farholm-unassigned";

object::KindDescriptor edge_host_kind();
object::KindDescriptor registration_token_kind();
object::KindDescriptor cluster_profile_kind();
object::KindDescriptor cluster_profile_revision_kind();
object::KindDescriptor site_kind();
object::KindDescriptor maintenance_policy_kind();
// Asked and not kept (apiserver/reviewer.h), so not one of kinds().
object::KindDescriptor plan_preview_kind();
inline constexpr std::size_t kPreviewObjectsMax = 64;

// All that are stored, in the order of the reference pages.
std::vector<object::KindDescriptor> kinds();

}  // namespace farholm::profile
