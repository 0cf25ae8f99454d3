// Site as a C++ value: where, on which hosts and with which values a profile runs. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace farholm::profile {

struct SecretReference {
  std::string name;
  std::string key;
  bool operator==(const SecretReference&) const = default;
};

// Exactly one of the two.
struct VariableSetting {
  std::optional<json::Value> value;
  std::optional<SecretReference> secret;
};

struct SiteSpec {
  std::string profile;
  std::string profile_namespace;         // empty: the site's own
  std::optional<std::int64_t> revision;  // without one: the newest
  json::Value host_selector;             // metav1.LabelSelector
  int control_plane = 1;
  int workers = 0;
  std::string subnet;
  std::map<std::string, VariableSetting> variables;
  std::string maintenance_policy;  // empty: the site may change at any time
  bool paused = false;
};

inline constexpr std::string_view kDefaultSiteSubnet = "172.30.42.0/24";
// The address plan has room for them: .11 to .19, and .21 upwards (docs/formats/plan.md).
inline constexpr int kControlPlaneNodesMax = 9;
inline constexpr int kWorkerNodesMax = 200;

// `spec` of an object that passed the schema.
SiteSpec read_site_spec(const json::Value& spec);

// What the schema cannot say; the profile is checked by make_plan, which knows it.
std::vector<ErrorCause> check_site_spec(const json::Value& spec);

}  // namespace farholm::profile
