// SitePlan: the only interface between hub and site (docs/formats/plan.md), as a value, as canonical bytes,
// and read back from bytes that nobody vouches for yet. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "maintenance/policy.h"
#include "profile/cluster_profile.h"

namespace farholm::profile {

inline constexpr std::string_view kPlanPayloadType = "application/vnd.farholm.site-plan.v1+json";
// Members that a plan may name in `critical`: those that this reader knows.
inline constexpr std::string_view kKnownCritical[] = {"maintenance"};
inline constexpr std::size_t kPlanBytesMax = 256 << 10;
inline constexpr std::size_t kPlanLayersMax = 64;
inline constexpr std::size_t kPlanHostsMax = 64;
inline constexpr std::size_t kPlanNodesMax = 256;
inline constexpr std::size_t kPlanVariablesMax = 256;

struct PlanHost {
  std::string name;
  std::string uid;
  std::string machine_id;
  bool operator==(const PlanHost&) const = default;
};

enum class NodeRole : std::uint8_t { ControlPlane, Worker };

struct PlanNode {
  std::string slot;  // "worker-1"
  NodeRole role = NodeRole::Worker;
  std::string host;  // name of a PlanHost
  std::string address;
  bool operator==(const PlanNode&) const = default;
};

struct PlanLayer {
  std::string name;
  std::string type;
  std::string blob;
  std::uint64_t size_bytes = 0;
  std::optional<std::vector<std::string>> depends_on;
  LayerPolicy policy;
  std::vector<std::string> variables;
  bool operator==(const PlanLayer&) const = default;
};

struct SealedVariable {
  std::string version;
  std::map<std::string, std::string> envelopes;  // host uid → digest of the envelope blob
  bool operator==(const SealedVariable&) const = default;
};

struct SitePlan {
  std::string site_uid, site_namespace, site_name;
  std::int64_t epoch = 0;
  std::int64_t generation = 0;
  std::string expires;  // RFC 3339; empty: never
  std::string profile, profile_namespace;
  std::int64_t revision = 0;
  std::vector<PlanHost> hosts;
  std::string subnet;
  std::vector<PlanNode> nodes;
  std::vector<PlanLayer> layers;
  std::map<std::string, json::Value> variables;
  std::map<std::string, SealedVariable> sealed;
  std::optional<maintenance::Policy> maintenance;  // without one: changes may begin at any time
  bool operator==(const SitePlan&) const = default;

  const PlanLayer* layer(std::string_view name) const;
};

// The bytes that are signed.
std::string to_payload(const SitePlan& plan);

// Reads a payload from outside. BadRequest for what is not a plan, Invalid with causes for one that
// contradicts itself: a name twice, a host or variable that it does not have, addresses outside its subnet,
// an unknown member in `critical`, sizes and counts beyond the limits. Unknown members are ignored.
Result<SitePlan> parse_plan(std::string_view payload);

// A layer's fingerprint at this site: a layer is different when this is. "sha256:…".
std::string layer_fingerprint(const SitePlan& plan, const PlanLayer& layer);

// True when the two want the same of a site: all but epoch, generation and expiry. The hub signs a new
// generation only when this is false.
bool same_wish(const SitePlan& a, const SitePlan& b);

}  // namespace farholm::profile
