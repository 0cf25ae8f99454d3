// Driver: brings one type of layer to its desired state and says how it is. The engine decides *when*;
// a driver knows *how*. Every operation may be cut off at any await and asked for again: a driver looks at
// what is there and does what is missing (level-triggered), and journals what cannot be told from looking
// (names, bootstrap secrets) before it uses it. One thread, that of the agent's loop.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/event.h"
#include "io/task.h"
#include "json/json.h"

namespace farholm::driver {

// A slot of the plan (docs/formats/plan.md).
struct NodeSlot {
  enum class Role : std::uint8_t { ControlPlane, Worker };
  std::string slot;
  Role role = Role::Worker;
  std::string host;
  std::string address;
};

// What all layers of one plan share.
struct SiteContext {
  std::string site_name;
  std::string site_uid;
  std::string host;    // this host's name in the plan
  std::string subnet;  // "172.30.42.0/24"
  std::vector<NodeSlot> nodes;
  // Whether a layer says allowPull: nodes may then pull images from the registries that they are named after.
  // Nothing: not all layers could be read yet, so what was so before stays.
  std::optional<bool> pulls_allowed;
};

// One layer as a driver gets it: variables substituted, secrets opened. Never logged, never written to disk.
struct Layer {
  std::string name;
  std::string type;
  std::string fingerprint;  // equal fingerprints: nothing to do but repair
  json::Value spec;         // the layer blob, see docs/formats/plan.md
};

enum class Health : std::uint8_t {
  Absent,       // nothing of it is there
  Drifted,      // there, but not as desired: apply would change something
  Progressing,  // as desired, not yet healthy
  Healthy,
  Failed,  // as desired, and will not become healthy by waiting
};

struct Observation {
  Health health = Health::Absent;
  std::string fingerprint;  // of what was last applied completely; empty when unknown
  std::string message;      // one sentence: what is missing, by name; "" when healthy
  // Drifted, and something of it is not there or does not run: to put that back interrupts nobody.
  bool lost = false;
};

// A sentence for the person who watches ("waiting for worker-1 to become Ready").
using Progress = std::function<void(std::string_view)>;

class Driver {
 public:
  virtual ~Driver() = default;
  // Only looks.
  virtual io::Task<Result<Observation>> observe(const SiteContext& site, const Layer& layer) = 0;
  // Makes it so; returns when everything was applied, not when it is healthy. Does nothing to what is right.
  virtual io::Task<Result<void>> apply(const SiteContext& site, const Layer& layer, Progress progress) = 0;
  // Removes what the layer made; no error when nothing is there.
  virtual io::Task<Result<void>> remove(const SiteContext& site, const std::string& layer_name,
                                        Progress progress) = 0;
  // The names of layers of which something is there, as far as the driver can tell by itself; asked when the
  // agent has lost what it knew.
  virtual io::Task<Result<std::vector<std::string>>> layers(const SiteContext& site) = 0;
  // Notified whenever something of this driver's may have changed by itself: observe again. Lives as long
  // as the driver.
  virtual io::Event& changed() = 0;
};

}  // namespace farholm::driver
