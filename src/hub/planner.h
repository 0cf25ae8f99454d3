// Planner: a site's plan, from what the store has now: its revision, its hosts, its secrets. Level-triggered:
// asked again with nothing changed it gives the same plan and signs nothing. Puts the envelope, and what was
// sealed, into the content store; whoever asked commits the record. One thread.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "hub/authority.h"
#include "hub/blobs.h"
#include "hub/plan_record.h"
#include "io/world.h"
#include "profile/cluster_profile.h"
#include "profile/planner.h"
#include "store/store.h"

namespace farholm::hub {

// An incarnation of the hub. Raised only by an operator who has restored it from a backup.
inline constexpr std::int64_t kEpoch = 1;

struct PlannedSite {
  PlanRecord record;
  profile::SitePlan plan;
  std::vector<store::EntryRef> hosts;  // that the plan names, by name
};

// What a site should have, not signed: its generation is the one that it would get.
struct Wish {
  profile::SitePlan plan;
  std::string payload;                 // the plan's bytes
  std::vector<store::EntryRef> hosts;  // that the plan names, by name
  std::optional<PlannedSite> before;   // the plan that it has; maybe the same wish
};

class Planner {
 public:
  struct Parts {
    io::World world;
    const store::Store& store;
    Blobs& content;
    const Authority& authority;
    // Makes a sealed value's version from the value: equal values have equal versions, and nobody without
    // this key can tell the value from the version.
    std::array<std::byte, 32> version_key;
  };
  explicit Planner(Parts parts) : parts_(parts) {}

  // The plan that the site should have. Invalid with causes on the site's fields; NotFound for a profile or
  // revision that is not there; other errors are of the disk.
  Result<PlannedSite> plan(const store::Entry& site);
  // The same, before it is signed. What it seals is put into the content.
  Result<Wish> wish(const store::Entry& site);
  // The one that it has already, if any: nothing is made.
  std::optional<PlannedSite> planned(const store::Entry& site);

  // Those that the site selects and that may join, by name.
  Result<std::vector<store::EntryRef>> select_hosts(const store::Entry& site) const;

  // The ports that a kubernetes layer's blob lists, as Site.status.listeners.
  json::Value listeners_of(const profile::SitePlan& plan);

 private:
  Result<profile::Revision> find_revision(const store::Entry& site, const profile::SiteSpec& spec) const;
  Result<std::optional<maintenance::Policy>> find_maintenance(const store::Entry& site,
                                                              const profile::SiteSpec& spec) const;
  Result<void> read_subnets(profile::PlanRequest& request);
  Result<void> seal(const store::Entry& site, profile::PlanRequest& request,
                    const std::vector<store::EntryRef>& hosts, const std::optional<PlannedSite>& before);

  Parts parts_;
};

}  // namespace farholm::hub
