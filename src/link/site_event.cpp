#include "link/site_event.h"

#include <algorithm>

#include "base/encoding.h"

namespace farholm::link {
namespace {

constexpr std::int64_t kSequenceMax = std::int64_t{1} << 53;
constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr std::size_t kTimeBytesMax = 40;
constexpr std::size_t kJournalBytesMax = 64;

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

bool is_layer_name(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

}  // namespace

json::Value to_json(const SiteEvent& event) {
  json::Value value{{"sequence", event.sequence}, {"time", event.time}, {"reason", event.reason}};
  if (event.warning) value["warning"] = true;
  if (!event.layer.empty()) value["layer"] = event.layer;
  if (!event.message.empty()) value["message"] = event.message;
  if (event.count != 1) value["count"] = event.count;
  return value;
}

Result<SiteEvent> parse_site_event(const json::Value& value) {
  SiteEvent event;
  FARHOLM_TRY(event.sequence, json::require_integer(value, "sequence"));
  FARHOLM_TRY(event.time, json::require_string(value, "time"));
  FARHOLM_TRY(event.reason, json::require_string(value, "reason"));
  event.warning = json::find_bool(value, "warning").value_or(false);
  event.layer = json::string_or(value, "layer");
  event.message = cut_text(json::string_or(value, "message"), kEventMessageBytesMax);
  event.count = json::find_integer(value, "count").value_or(1);
  if (event.sequence < 1 || event.sequence > kSequenceMax)
    return fail(ErrorCode::Invalid, "an event's sequence is no such number");
  if (event.count < 1 || event.count > kCountMax)
    return fail(ErrorCode::Invalid, "an event's count is no such number");
  if (event.time.size() > kTimeBytesMax) return fail(ErrorCode::Invalid, "an event's time is too long");
  if (event.reason.empty() || event.reason.size() > kEventReasonBytesMax || !is_word(event.reason))
    return fail(ErrorCode::Invalid, "an event's reason is not one CamelCase word");
  if (event.layer.size() > kEventLayerBytesMax || !is_layer_name(event.layer))
    return fail(ErrorCode::Invalid, "an event's layer is no layer's name");
  return event;
}

json::Value to_json(const EventBatch& batch) {
  json::Value events = json::Value::array();
  for (const auto& event : batch.events) events.push_back(to_json(event));
  return {{"journal", batch.journal}, {"events", std::move(events)}};
}

Result<EventBatch> parse_event_batch(const json::Value& body) {
  EventBatch batch;
  FARHOLM_TRY(batch.journal, json::require_string(body, "journal"));
  if (batch.journal.empty() || batch.journal.size() > kJournalBytesMax)
    return fail(ErrorCode::Invalid, "the name of a journal of events is empty or too long");
  FARHOLM_TRY(const auto* events, json::require_array(body, "events"));
  if (events->empty() || events->size() > kEventsPerFrameMax)
    return fail(ErrorCode::Invalid, "a frame has no events, or too many");
  for (const auto& one : *events) {
    FARHOLM_TRY(auto event, parse_site_event(one));
    if (!batch.events.empty() && event.sequence <= batch.events.back().sequence)
      return fail(ErrorCode::Invalid, "the events of a frame are not in order");
    batch.events.push_back(std::move(event));
  }
  return batch;
}

}  // namespace farholm::link
