// Events: stored as core/v1, seen also as events.k8s.io/v1 (kubernetes, pkg/apis/events/v1/conversion.go).
#include "apiserver/built_in_kinds.h"

namespace farholm::apiserver {

using object::integer;
using object::KindDescriptor;
using object::PrinterColumn;
using object::Schema;
using object::string;
using object::timestamp;

namespace {

Schema reference(std::string description) {
  return object::object(std::move(description), {{"apiVersion", string("Its API version.")},
                                                 {"kind", string("Its kind.")},
                                                 {"namespace", string("Its namespace.")},
                                                 {"name", string("Its name.")},
                                                 {"uid", string("Its UID.")},
                                                 {"resourceVersion", string("Its version.")},
                                                 {"fieldPath", string("The part of it that is meant.")}});
}

Schema source() {
  return object::object("Who reported it.",
                        {{"component", string("The program.")}, {"host", string("Its host.")}});
}

Schema series() {
  return object::object(
             "That it happened again and again.",
             {{"count", integer("How often.")}, {"lastObservedTime", timestamp("When last.").or_null()}})
      .or_null();
}

std::string first_of(std::initializer_list<const json::Value*> candidates) {
  for (const auto* value : candidates)
    if (value && value->is_string() && !value->get_ref<const std::string&>().empty())
      return value->get<std::string>();
  return {};
}

std::vector<PrinterColumn> event_columns() {
  PrinterColumn last_seen{.name = "Last Seen", .type = "date", .description = "When it was last observed."};
  last_seen.cell = [](const json::Value& event) {
    return json::Value(
        first_of({json::find_path(event, {"series", "lastObservedTime"}), json::find(event, "lastTimestamp"),
                  json::find(event, "deprecatedLastTimestamp"), json::find(event, "eventTime"),
                  json::find_path(event, {"metadata", "creationTimestamp"})}));
  };
  PrinterColumn first_seen{
      .name = "First Seen", .type = "date", .description = "When it was first observed.", .priority = 1};
  first_seen.cell = [](const json::Value& event) {
    return json::Value(first_of(
        {json::find(event, "firstTimestamp"), json::find(event, "deprecatedFirstTimestamp"),
         json::find(event, "eventTime"), json::find_path(event, {"metadata", "creationTimestamp"})}));
  };
  PrinterColumn about{.name = "Object", .description = "What it is about."};
  about.cell = [](const json::Value& event) {
    const auto* object = json::find(event, "involvedObject");
    if (!object) object = json::find(event, "regarding");
    if (!object) return json::Value();
    auto kind = json::string_or(*object, "kind");
    for (char& c : kind)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return json::Value(kind + "/" + json::string_or(*object, "name"));
  };
  PrinterColumn count{
      .name = "Count", .type = "integer", .description = "How often it was observed.", .priority = 1};
  count.cell = [](const json::Value& event) {
    for (const char* member : {"count", "deprecatedCount"})
      if (const auto value = json::find_integer(event, member)) return json::Value(*value);
    const auto* series = json::find(event, "series");
    return json::Value(series ? json::find_integer(*series, "count").value_or(1) : 1);
  };
  PrinterColumn message{.name = "Message", .description = "What happened."};
  message.cell = [](const json::Value& event) {
    return json::Value(first_of({json::find(event, "message"), json::find(event, "note")}));
  };
  PrinterColumn by{.name = "Source", .description = "Who reported it.", .priority = 1};
  by.cell = [](const json::Value& event) {
    return json::Value(
        first_of({json::find_path(event, {"source", "component"}), json::find(event, "reportingComponent"),
                  json::find(event, "reportingController")}));
  };
  return {last_seen,
          {.name = "Type", .json_path = ".type", .description = "Normal or Warning."},
          {.name = "Reason", .json_path = ".reason", .description = "Why, as one word."},
          about,
          by,
          message,
          first_seen,
          count,
          {.name = "Name",
           .json_path = ".metadata.name",
           .description = "Its name.",
           .priority = 1,
           .format = "name"}};
}

KindDescriptor event_base() {
  KindDescriptor kind;
  kind.version = "v1";
  kind.kind = "Event";
  kind.plural = "events";
  kind.singular = "event";
  kind.short_names = {"ev"};
  kind.built_in = true;
  kind.description = "Something that happened to an object. Kept for an hour.";
  kind.columns = event_columns();
  return kind;
}

const std::pair<const char*, const char*> kRenamed[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"reportingComponent", "reportingController"},
};

void rename(json::Value& object, const char* from, const char* to) {
  const auto found = object.find(from);
  if (found == object.end()) return;
  auto value = std::move(*found);
  object.erase(found);
  object[to] = std::move(value);
}

}  // namespace

KindDescriptor core_event_kind() {
  auto kind = event_base();
  kind.schema =
      object::object("", {{"involvedObject", reference("What it is about.")},
                          {"reason", string("Why, as one CamelCase word.")},
                          {"message", string("What happened, for people.")},
                          {"source", source()},
                          {"firstTimestamp", timestamp("When it was first observed.").or_null()},
                          {"lastTimestamp", timestamp("When it was last observed.").or_null()},
                          {"count", integer("How often it was observed.")},
                          {"type", string("Normal or Warning.")},
                          {"eventTime", timestamp("When it was first observed, precisely.").or_null()},
                          {"series", series()},
                          {"action", string("What was done or failed.")},
                          {"related", reference("Another object that has to do with it.").or_null()},
                          {"reportingComponent", string("The controller that reported it.")},
                          {"reportingInstance", string("The instance of that controller.")}});
  kind.selectable_fields = {"involvedObject.kind",
                            "involvedObject.namespace",
                            "involvedObject.name",
                            "involvedObject.uid",
                            "involvedObject.apiVersion",
                            "involvedObject.resourceVersion",
                            "involvedObject.fieldPath",
                            "reason",
                            "reportingComponent",
                            "source",
                            "type"};
  return kind;
}

KindDescriptor event_kind() {
  auto kind = event_base();
  kind.group = "events.k8s.io";
  kind.schema =
      object::object("", {{"regarding", reference("What it is about.")},
                          {"reason", string("Why, as one CamelCase word.")},
                          {"note", string("What happened, for people.")},
                          {"deprecatedSource", source()},
                          {"deprecatedFirstTimestamp", timestamp("When it was first observed.").or_null()},
                          {"deprecatedLastTimestamp", timestamp("When it was last observed.").or_null()},
                          {"deprecatedCount", integer("How often it was observed.")},
                          {"type", string("Normal or Warning.")},
                          {"eventTime", timestamp("When it was first observed.").or_null()},
                          {"series", series()},
                          {"action", string("What was done or failed.")},
                          {"related", reference("Another object that has to do with it.").or_null()},
                          {"reportingController", string("The controller that reported it.")},
                          {"reportingInstance", string("The instance of that controller.")}});
  kind.selectable_fields = {"regarding.kind",
                            "regarding.namespace",
                            "regarding.name",
                            "regarding.uid",
                            "reason",
                            "reportingController",
                            "type"};
  return kind;
}

json::Value event_from_core(const json::Value& core) {
  json::Value event = core;
  event["apiVersion"] = "events.k8s.io/v1";
  for (const auto& [in_core, in_events] : kRenamed) rename(event, in_core, in_events);
  return event;
}

json::Value event_to_core(const json::Value& event) {
  json::Value core = event;
  core["apiVersion"] = "v1";
  for (const auto& [in_core, in_events] : kRenamed) rename(core, in_events, in_core);
  return core;
}

}  // namespace farholm::apiserver
