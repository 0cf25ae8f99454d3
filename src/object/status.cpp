#include "object/status.h"

namespace farholm::object {

namespace {

Failure about(ErrorCode code, std::string message, const KindDescriptor& kind, const std::string& name) {
  return {{.code = code, .message = std::move(message)},
          {.name = name, .group = kind.group, .kind = kind.plural}};
}

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

json::Value details_json(const StatusDetails& details, const std::vector<ErrorCause>& causes) {
  json::Value value = json::Value::object();
  const auto put = [&](const char* member, const std::string& text) {
    if (!text.empty()) value[member] = text;
  };
  put("name", details.name);
  put("group", details.group);
  put("kind", details.kind);
  put("uid", details.uid);
  for (const auto& cause : causes) {
    json::Value one = json::Value::object();
    if (!cause.reason.empty()) one["reason"] = cause.reason;
    if (!cause.message.empty()) one["message"] = cause.message;
    if (!cause.field.empty()) one["field"] = cause.field;
    value["causes"].push_back(std::move(one));
  }
  if (details.retry_after_seconds != 0) value["retryAfterSeconds"] = details.retry_after_seconds;
  return value;
}

}  // namespace

json::Value to_status(const Failure& failure) {
  const auto& error = failure.error;
  json::Value status = {{"kind", "Status"},
                        {"apiVersion", "v1"},
                        {"metadata", json::Value::object()},
                        {"status", "Failure"},
                        {"message", error.message},
                        {"reason", reason(error.code)},
                        {"code", http_status(error.code)}};
  auto details = details_json(failure.details, error.causes);
  if (!details.empty()) status["details"] = std::move(details);
  return status;
}

json::Value success_status(const StatusDetails& details) {
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"metadata", json::Value::object()},
          {"status", "Success"},
          {"details", details_json(details, {})}};
}

Failure not_found(const KindDescriptor& kind, const std::string& name) {
  return about(ErrorCode::NotFound, kind.resource() + " " + quoted(name) + " not found", kind, name);
}

Failure already_exists(const KindDescriptor& kind, const std::string& name) {
  return about(ErrorCode::AlreadyExists, kind.resource() + " " + quoted(name) + " already exists", kind,
               name);
}

Failure conflict(const KindDescriptor& kind, const std::string& name, const std::string& why) {
  return about(ErrorCode::Conflict,
               "Operation cannot be fulfilled on " + kind.resource() + " " + quoted(name) + ": " + why, kind,
               name);
}

Failure modified(const KindDescriptor& kind, const std::string& name) {
  return conflict(
      kind, name,
      "the object has been modified; please apply your changes to the latest version and try again");
}

Failure invalid(const KindDescriptor& kind, const std::string& name, std::vector<ErrorCause> causes) {
  return invalid(kind.group, kind.kind, name, std::move(causes));
}

Failure invalid(const std::string& group, const std::string& kind, const std::string& name,
                std::vector<ErrorCause> causes) {
  std::string list;
  for (const auto& cause : causes) {
    if (!list.empty()) list += ", ";
    list += cause.field.empty() ? cause.message : cause.field + ": " + cause.message;
  }
  if (causes.size() > 1) list = "[" + list + "]";
  const std::string what = group.empty() ? kind : kind + "." + group;
  return {{.code = ErrorCode::Invalid,
           .message = what + " " + quoted(name) + " is invalid: " + list,
           .trail = {},
           .causes = std::move(causes)},
          {.name = name, .group = group, .kind = kind}};
}

Failure bad_request(std::string message) {
  return Failure({.code = ErrorCode::BadRequest, .message = std::move(message)});
}

}  // namespace farholm::object
