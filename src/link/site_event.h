// What happened at a site, one thing each, as the agent keeps it and the hub gets it (docs/formats/link.md).
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace farholm::link {

inline constexpr std::size_t kEventsPerFrameMax = 32;
inline constexpr std::size_t kEventReasonBytesMax = 64;
inline constexpr std::size_t kEventLayerBytesMax = 63;
inline constexpr std::size_t kEventMessageBytesMax = 512;

struct SiteEvent {
  // Counts what happened, in the journal that the event is of: the newest of what this event stands for.
  std::int64_t sequence = 0;
  std::string time;  // RFC 3339, by the site's clock
  bool warning = false;
  std::string reason;   // one CamelCase word; with `layer`, what kind of event it is
  std::string layer;    // empty: the site as a whole
  std::string message;  // a sentence
  // This one, and those of its kind before it of which nothing more is kept.
  std::int64_t count = 1;
  bool operator==(const SiteEvent&) const = default;
};

// Members that say nothing are left out.
json::Value to_json(const SiteEvent& event);
// Invalid for what is no event, or has a reason, a layer or a count that none can have; a message that is too
// long is cut.
Result<SiteEvent> parse_site_event(const json::Value& value);

// What an events frame carries: the next ones that the hub has not acknowledged, in order.
struct EventBatch {
  std::string journal;  // its random name: sequences begin anew in another one
  std::vector<SiteEvent> events;
  bool operator==(const EventBatch&) const = default;
};
json::Value to_json(const EventBatch& batch);
// Invalid also for one that is empty, too long, or not in order.
Result<EventBatch> parse_event_batch(const json::Value& body);

}  // namespace farholm::link
