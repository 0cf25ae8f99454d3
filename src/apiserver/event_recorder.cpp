#include "apiserver/event_recorder.h"

#include <algorithm>

#include "apiserver/built_in_kinds.h"
#include "base/encoding.h"
#include "crypto/digest.h"
#include "object/metadata.h"

namespace farholm::apiserver {

namespace {

constexpr std::size_t kMessageBytesMax = 1024;

json::Value reference_to(const json::Value& object) {
  json::Value reference = json::Value::object();
  const auto put = [&](const char* member, std::string value) {
    if (!value.empty()) reference[member] = std::move(value);
  };
  put("apiVersion", json::string_or(object, "apiVersion"));
  put("kind", json::string_or(object, "kind"));
  put("namespace", object::namespace_of(object));
  put("name", object::name_of(object));
  put("uid", object::uid_of(object));
  return reference;
}

std::string namespace_for(const json::Value& about) {
  auto name_space = object::namespace_of(about);
  return name_space.empty() ? "default" : name_space;
}

// What is the same has the same name.
std::string name_for(const json::Value& about, const json::Value& identity) {
  const auto same = crypto::Digest::of(json::to_text(identity)).hex().substr(0, 16);
  const auto subject = object::name_of(about).substr(0, 200);
  return (subject.empty() ? std::string("hub") : subject) + "." + same;
}

std::string_view name_of(EventType type) {
  return type == EventType::Normal ? "Normal" : "Warning";
}

}  // namespace

io::Task<Result<void>> EventRecorder::record(json::Value about, EventType type, std::string reason,
                                             std::string message) {
  message = cut_text(std::move(message), kMessageBytesMax);
  const auto now = io::to_rfc3339(clock_.now());
  const auto involved = reference_to(about);
  const auto ns = namespace_for(about);
  const auto name = name_for(about, {involved, name_of(type), reason, message, component_});
  const json::Value fresh{
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata",
       {{"name", name}, {"namespace", ns}, {"uid", io::random_uuid(entropy_)}, {"creationTimestamp", now}}},
      {"involvedObject", involved},
      {"type", name_of(type)},
      {"reason", reason},
      {"message", message},
      {"source", {{"component", component_}}},
      {"reportingComponent", component_},
      {"firstTimestamp", now},
      {"count", 0}};
  auto written = co_await store::mutate(store_, {std::string(kEvents), ns, name},
                                        [fresh, now](const store::Entry* current) -> Result<store::Change> {
                                          json::Value event = current ? current->value : fresh;
                                          event["count"] = json::find_integer(event, "count").value_or(0) + 1;
                                          event["lastTimestamp"] = now;
                                          return store::Change::put(std::move(event));
                                        });
  if (!written) co_return fail_while(std::move(written).error(), "recording an event");
  co_return Result<void>();
}

std::vector<store::Write> EventRecorder::writes_for(const json::Value& about, const Reporter& reporter,
                                                    std::vector<Happening> happenings) {
  const auto now = clock_.now();
  const auto ns = namespace_for(about);
  std::vector<store::Write> writes;
  for (auto& one : happenings) {
    auto involved = reference_to(about);
    if (!one.field_path.empty()) involved["fieldPath"] = one.field_path;
    const auto name = name_for(about, {one.id});
    const auto time = io::to_rfc3339(std::min(one.time, now));
    json::Value event{{"apiVersion", "v1"},
                      {"kind", "Event"},
                      {"metadata",
                       {{"name", name},
                        {"namespace", ns},
                        {"uid", io::random_uuid(entropy_)},
                        {"creationTimestamp", io::to_rfc3339(now)},
                        {"annotations", {{kEventId, one.id}}}}},
                      {"involvedObject", std::move(involved)},
                      {"type", name_of(one.type)},
                      {"reason", one.reason},
                      {"message", cut_text(std::move(one.message), kMessageBytesMax)},
                      {"source", {{"component", reporter.component}, {"host", reporter.host}}},
                      {"reportingComponent", reporter.component},
                      {"reportingInstance", reporter.host},
                      {"firstTimestamp", time},
                      {"lastTimestamp", time},
                      {"count", one.count}};
    writes.push_back({{std::string(kEvents), ns, name},
                      [event = std::move(event)](const store::Entry* current) -> Result<store::Change> {
                        return current ? store::Change::keep() : store::Change::put(event);
                      }});
  }
  return writes;
}

}  // namespace farholm::apiserver
