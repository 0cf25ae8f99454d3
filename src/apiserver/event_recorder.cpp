#include "apiserver/event_recorder.h"

#include "apiserver/built_in_kinds.h"
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

void cut(std::string& text) {
  if (text.size() <= kMessageBytesMax) return;
  text.resize(kMessageBytesMax);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0x80) text.pop_back();
}

}  // namespace

io::Task<Result<void>> EventRecorder::record(json::Value about, EventType type, std::string reason,
                                             std::string message) {
  cut(message);
  const auto involved = reference_to(about);
  const auto ns = object::namespace_of(about).empty() ? std::string("default") : object::namespace_of(about);
  const auto now = io::to_rfc3339(clock_.now());
  const char* type_name = type == EventType::Normal ? "Normal" : "Warning";
  // What is the same has the same name.
  const auto same = crypto::Digest::of(json::to_text({involved, type_name, reason, message, component_}))
                        .hex()
                        .substr(0, 16);
  auto subject = object::name_of(about).substr(0, 200);
  const auto name = (subject.empty() ? std::string("hub") : subject) + "." + same;
  const auto uid = io::random_uuid(entropy_);
  auto written = co_await store::mutate(
      store_, {std::string(kEvents), ns, name},
      [=, component = component_](const store::Entry* current) -> Result<store::Change> {
        json::Value event =
            current
                ? current->value
                : json::Value{{"apiVersion", "v1"},
                              {"kind", "Event"},
                              {"metadata",
                               {{"name", name}, {"namespace", ns}, {"uid", uid}, {"creationTimestamp", now}}},
                              {"involvedObject", involved},
                              {"type", type_name},
                              {"reason", reason},
                              {"message", message},
                              {"source", {{"component", component}}},
                              {"reportingComponent", component},
                              {"firstTimestamp", now},
                              {"count", 0}};
        event["count"] = json::find_integer(event, "count").value_or(0) + 1;
        event["lastTimestamp"] = now;
        return store::Change::put(std::move(event));
      });
  if (!written) co_return fail_while(std::move(written).error(), "recording an event");
  co_return Result<void>();
}

}  // namespace farholm::apiserver
