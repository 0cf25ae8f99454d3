#include "apiserver/rendering.h"

#include "object/metadata.h"

namespace farholm::apiserver {

namespace {

std::string text_of(const json::Value& value, const Representation& form) {
  if (form.yaml) return json::to_yaml(value);
  return (form.pretty ? json::to_pretty_text(value) : json::to_text(value)) + "\n";
}

net::Response answer(int status, const Representation& form, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", form.content_type()}, {"Cache-Control", "no-cache, private"}},
          .body = std::move(body)};
}

json::Value list_metadata(const ListMetadata& metadata) {
  json::Value value = {{"resourceVersion", std::to_string(metadata.revision)}};
  if (!metadata.continue_token.empty()) {
    value["continue"] = metadata.continue_token;
    if (metadata.remaining > 0) value["remainingItemCount"] = metadata.remaining;
  }
  return value;
}

std::string event_text(std::string_view type, std::string_view object) {
  std::string text = "{\"type\":\"";
  text.append(type).append("\",\"object\":").append(object).append("}\n");
  return text;
}

}  // namespace

net::Response render(int status, const json::Value& value, const Representation& form) {
  return answer(status, form, text_of(value, form));
}

net::Response render_failure(const object::Failure& failure, const Representation& form) {
  auto response = render(http_status(failure.error.code), object::to_status(failure), form);
  if (failure.details.retry_after_seconds > 0)
    response.headers.add("Retry-After", std::to_string(failure.details.retry_after_seconds));
  return response;
}

std::string error_event(const object::Failure& failure) {
  return event_text("ERROR", json::to_text(object::to_status(failure)));
}

json::Value Renderer::served(const store::Entry& entry) const {
  return kind_.from_stored ? kind_.from_stored(entry.value) : entry.value;
}

json::Value Renderer::table(bool with_columns) const {
  auto table = object::empty_table(form_.version);
  if (with_columns) table["columnDefinitions"] = kind_.columns.definitions();
  return table;
}

net::Response Renderer::object(int status, const json::Value& served) const {
  if (form_.form == Form::Object || json::string_or(served, "kind") == "Status")
    return render(status, served, form_);
  if (form_.form == Form::PartialMetadata)
    return render(status, object::partial_metadata(served, "meta.k8s.io/" + form_.version), form_);
  auto value = table(/*with_columns=*/true);
  if (const auto* metadata = json::find(served, "metadata"))
    value["metadata"]["resourceVersion"] = json::string_or(*metadata, "resourceVersion");
  value["rows"].push_back(kind_.columns.row(served, now_, include_, form_.version));
  return render(status, value, form_);
}

net::Response Renderer::list(const std::vector<store::EntryRef>& entries,
                             const ListMetadata& metadata) const {
  if (form_.form == Form::Table) {
    auto value = table(/*with_columns=*/true);
    value["metadata"] = list_metadata(metadata);
    for (const auto& entry : entries)
      value["rows"].push_back(kind_.columns.row(served(*entry), now_, include_, form_.version));
    return render(200, value, form_);
  }
  const bool partial = form_.form == Form::PartialMetadata;
  const std::string api_version = partial ? "meta.k8s.io/" + form_.version : kind_.descriptor.api_version();
  const std::string kind = partial ? "PartialObjectMetadataList" : kind_.descriptor.list_kind();
  if (form_.yaml || form_.pretty) {
    json::Value value = {{"kind", kind},
                         {"apiVersion", api_version},
                         {"metadata", list_metadata(metadata)},
                         {"items", json::Value::array()}};
    for (const auto& entry : entries)
      value["items"].push_back(partial ? object::partial_metadata(served(*entry), api_version)
                                       : served(*entry));
    return render(200, value, form_);
  }
  // The stored bytes, joined: nothing is serialised again.
  std::string body = "{\"kind\":\"" + kind + "\",\"apiVersion\":\"" + api_version +
                     "\",\"metadata\":" + json::to_text(list_metadata(metadata)) + ",\"items\":[";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) body += ',';
    body += object_text(*entries[i], /*with_columns=*/false);
  }
  return answer(200, form_, body + "]}\n");
}

std::string Renderer::object_text(const store::Entry& entry, bool with_columns) const {
  switch (form_.form) {
    case Form::Object:
      return kind_.from_stored ? json::to_text(served(entry)) : entry.bytes;
    case Form::PartialMetadata:
      return json::to_text(object::partial_metadata(served(entry), "meta.k8s.io/" + form_.version));
    case Form::Table:
      break;
  }
  auto value = table(with_columns);
  value["metadata"]["resourceVersion"] = std::to_string(entry.revision);
  value["rows"].push_back(kind_.columns.row(served(entry), now_, include_, form_.version));
  return json::to_text(value);
}

std::string Renderer::event(std::string_view type, const store::Entry& entry, bool with_columns) const {
  return event_text(type, object_text(entry, with_columns));
}

std::string Renderer::bookmark(std::int64_t revision, bool initial_events_end) const {
  json::Value mark = {
      {"kind", kind_.descriptor.kind},
      {"apiVersion", kind_.descriptor.api_version()},
      {"metadata", {{"resourceVersion", std::to_string(revision)}, {"creationTimestamp", nullptr}}}};
  if (initial_events_end) mark["metadata"]["annotations"] = {{"k8s.io/initial-events-end", "true"}};
  if (form_.form == Form::PartialMetadata)
    mark = object::partial_metadata(mark, "meta.k8s.io/" + form_.version);
  if (form_.form == Form::Table) {
    auto value = table(/*with_columns=*/false);
    value["metadata"]["resourceVersion"] = std::to_string(revision);
    value["rows"].push_back(kind_.columns.row(mark, now_, object::IncludeObject::Metadata, form_.version));
    mark = std::move(value);
  }
  return event_text("BOOKMARK", json::to_text(mark));
}

}  // namespace farholm::apiserver
