// Events that the hub itself reports: what an operator sees with `kubectl describe` and `kubectl get events`.
// The same thing again raises a count instead of making another object. On the loop's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/task.h"
#include "json/json.h"
#include "store/store.h"

namespace farholm::apiserver {

inline constexpr std::string_view kEventId = "farholm.dev/event";

enum class EventType : std::uint8_t { Normal, Warning };

// What happened elsewhere and is told later.
struct Happening {
  std::string id;  // unique in the world: told twice it is recorded once
  EventType type = EventType::Normal;
  std::string reason;
  std::string message;
  std::string field_path;  // the part of the object, as "spec.containers{name}" of a Pod; may be empty
  io::WallTime time;       // one that is ahead of the clock here is taken for now
  std::int64_t count = 1;  // how often, up to that time
};
struct Reporter {
  std::string component;  // "farholm-agent"
  std::string host;       // where it runs
};

class EventRecorder {
 public:
  // All outlive the recorder. `component` is who reports: "farholm-hub".
  EventRecorder(store::Store& store, io::Clock& clock, io::Entropy& entropy, std::string component)
      : store_(store), clock_(clock), entropy_(entropy), component_(std::move(component)) {}

  // About an object (its apiVersion, kind and metadata are used); cluster-wide ones are reported in
  // "default". `reason` is one CamelCase word, `message` a sentence of at most 1024 bytes (longer ones are
  // cut) that holds no secret.
  io::Task<Result<void>> record(json::Value about, EventType type, std::string reason, std::string message);
  // What records them, in order, each an Event of its own with its id as the annotation kEventId: for a
  // commit of the caller's.
  std::vector<store::Write> writes_for(const json::Value& about, const Reporter& reporter,
                                       std::vector<Happening> happenings);

 private:
  store::Store& store_;
  io::Clock& clock_;
  io::Entropy& entropy_;
  std::string component_;
};

}  // namespace farholm::apiserver
