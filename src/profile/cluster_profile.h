// ClusterProfile and ClusterProfileRevision as C++ values: what an edge cluster consists of, and one frozen,
// numbered state of that. Read from objects that have passed their schema (kinds.h); the same readers take
// files. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "profile/variable.h"

namespace farholm::profile {

enum class Enforcement : std::uint8_t { Enforce, Report };
// What the site does when a plan that changes the layer does not become healthy in its time.
enum class Rollback : std::uint8_t {
  Automatic,  // the whole plan goes back to the last good one
  Hold,       // the site stops and waits for a person: the layer migrates data, say
};

// How a site treats a layer; no part of what the layer is.
struct LayerPolicy {
  Enforcement enforcement = Enforcement::Enforce;
  Rollback rollback = Rollback::Automatic;
  // So long the layer may take to become healthy; without a value the site has its own idea.
  std::optional<int> progress_deadline_seconds;
  bool operator==(const LayerPolicy&) const = default;
};
inline constexpr int kProgressDeadlineSecondsMin = 10;
inline constexpr int kProgressDeadlineSecondsMax = 7 * 24 * 3600;
// Members of a layer, in a profile, a revision and a plan alike; lenient.
LayerPolicy read_policy(const json::Value& layer);
void write_policy(const LayerPolicy& policy, json::Value& layer);

// A port at the site's own address, balanced over the nodes' `node_port`.
struct Listener {
  std::string name;
  int port = 0;
  int node_port = 0;
  bool operator==(const Listener&) const = default;
};

struct LayerSpec {
  std::string name;
  std::string type;  // "kubernetes" or "manifests"
  std::optional<std::vector<std::string>> depends_on;
  // kubernetes
  std::string distribution;
  std::string version;
  std::string pod_subnet;
  std::string service_subnet;
  int api_port = 0;
  std::vector<Listener> listeners;
  // manifests; the bundle may be given for kubernetes too
  std::string bundle;  // "name@sha256:…"; empty: none
  std::vector<json::Value> inline_objects;
  bool allow_pull = false;
  LayerPolicy policy;
};

struct ProfileSpec {
  std::vector<Variable> variables;
  std::vector<LayerSpec> layers;
};

inline constexpr std::string_view kDefaultPodSubnet = "10.244.0.0/16";
inline constexpr std::string_view kDefaultServiceSubnet = "10.96.0.0/16";
inline constexpr int kDefaultApiPort = 6443;

// `spec` of an object that passed the schema. Never fails on such; lenient on others.
ProfileSpec read_profile_spec(const json::Value& spec);

// What the schema cannot say, with paths that begin with "spec": names, references, patterns, subnets,
// ports, versions, the order of layers.
std::vector<ErrorCause> check_profile_spec(const json::Value& spec);

// A layer of a revision: what all its sites share, and a few facts about it.
struct RevisionLayer {
  std::string name;
  std::string type;
  std::string blob;  // digest
  std::uint64_t size_bytes = 0;
  std::optional<std::vector<std::string>> depends_on;
  LayerPolicy policy;
  std::vector<std::string> variables;  // that the blob refers to, sorted
};

struct Revision {
  std::string profile;     // name
  std::string name_space;  // of the profile
  std::int64_t number = 0;
  std::vector<Variable> variables;
  std::vector<RevisionLayer> layers;
};

// Between a Revision and a ClusterProfileRevision object. The object's name is "<profile>-<number>".
json::Value to_object(const Revision& revision);
Result<Revision> read_revision(const json::Value& object);
std::string revision_object_name(const std::string& profile, std::int64_t number);

}  // namespace farholm::profile
