// Events that the hub itself reports: what an operator sees with `kubectl describe` and `kubectl get events`.
// The same thing again raises a count instead of making another object. On the loop's thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/task.h"
#include "json/json.h"
#include "store/store.h"

namespace farholm::apiserver {

enum class EventType : std::uint8_t { Normal, Warning };

class EventRecorder {
 public:
  // All outlive the recorder. `component` is who reports: "farholm-hub".
  EventRecorder(store::Store& store, io::Clock& clock, io::Entropy& entropy, std::string component)
      : store_(store), clock_(clock), entropy_(entropy), component_(std::move(component)) {}

  // About an object (its apiVersion, kind and metadata are used); cluster-wide ones are reported in
  // "default". `reason` is one CamelCase word, `message` a sentence of at most 1024 bytes (longer ones are
  // cut) that holds no secret.
  io::Task<Result<void>> record(json::Value about, EventType type, std::string reason, std::string message);

 private:
  store::Store& store_;
  io::Clock& clock_;
  io::Entropy& entropy_;
  std::string component_;
};

}  // namespace farholm::apiserver
