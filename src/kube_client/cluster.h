// Cluster: a Kubernetes API server, seen from a client that applies objects and watches them. Errors carry
// the server's own reason and message; ServiceUnavailable when it cannot be reached. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/task.h"
#include "json/json.h"

namespace farholm::kube_client {

// Which object. `name_space` is empty for what has none.
struct ObjectRef {
  std::string api_version;  // "apps/v1"
  std::string kind;         // "Deployment"
  std::string name_space;
  std::string name;
  auto operator<=>(const ObjectRef&) const = default;
  std::string to_string() const;  // "Deployment retail/till"
};

// NotFound or Invalid fields become "": check with valid_ref.
ObjectRef ref_of(const json::Value& object);
bool valid_ref(const ObjectRef& ref);

// All objects of a kind that carry a label.
struct Selection {
  std::string api_version;
  std::string kind;
  std::string label_selector;
  auto operator<=>(const Selection&) const = default;
};

struct WatchEvent {
  enum class Type : std::uint8_t { Added, Modified, Deleted };
  Type type = Type::Added;
  json::Value object;
};

enum class Propagation : std::uint8_t { Background, Foreground };

class Cluster {
 public:
  virtual ~Cluster() = default;

  // NotFound when the server serves no such kind (yet).
  virtual io::Task<Result<bool>> is_namespaced(std::string api_version, std::string kind) = 0;
  virtual io::Task<Result<json::Value>> get(ObjectRef ref) = 0;
  virtual io::Task<Result<std::vector<json::Value>>> list(Selection selection) = 0;
  // Server-side apply with force: gives the object as it is then.
  virtual io::Task<Result<json::Value>> apply(json::Value object, std::string field_manager) = 0;
  // No error when it is not there. With a uid, only that very object.
  virtual io::Task<Result<void>> remove(ObjectRef ref, std::string uid, Propagation propagation) = 0;
  // Calls `on_event` for what is there and for every change, until the connection ends (which servers do
  // every few minutes) or the task is dropped.
  virtual io::Task<Result<void>> watch(Selection selection,
                                       std::function<void(const WatchEvent&)> on_event) = 0;
  // An answer of any path, for what has no method here ("/readyz"). The status is the server's.
  virtual io::Task<Result<std::string>> get_raw(std::string path) = 0;
};

}  // namespace farholm::kube_client
