#include "apiserver/options.h"

#include <charconv>

#include "apiserver/request_info.h"

namespace farholm::apiserver {

using object::Answer;
using object::bad_request;
using object::Failure;

namespace {

std::string text_of(const net::Target& target, std::string_view name) {
  return std::string(target.query_value(name).value_or(std::string_view()));
}

std::unexpected<Failure> refused(const std::string& type, ErrorCause cause) {
  return std::unexpected(object::invalid("meta.k8s.io", type, "", {std::move(cause)}));
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// What apimachinery's metainternalversion/validation allows together.
Answer<void> check_match(const ListOptions& options, const net::Target& target, const std::string& match,
                         bool watch) {
  const bool has_version = !text_of(target, "resourceVersion").empty();
  if (target.query_value("sendInitialEvents")) {
    if (!watch)
      return refused("ListOptions",
                     object::field_forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    if (match != "NotOlderThan")
      return refused(
          "ListOptions",
          object::field_forbidden("resourceVersionMatch",
                                  "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
    if (options.initial_events && !options.bookmarks)
      return refused("ListOptions", object::field_forbidden(
                                        "allowWatchBookmarks",
                                        "sendInitialEvents requires setting allowWatchBookmarks to true"));
    return {};
  }
  if (match.empty()) return {};
  if (watch)
    return refused("ListOptions",
                   object::field_forbidden(
                       "resourceVersionMatch",
                       "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  if (!has_version)
    return refused(
        "ListOptions",
        object::field_forbidden("resourceVersionMatch",
                                "resourceVersionMatch is forbidden unless resourceVersion is provided"));
  if (!options.continue_token.empty())
    return refused("ListOptions",
                   object::field_forbidden("resourceVersionMatch",
                                           "resourceVersionMatch is forbidden when continue is provided"));
  if (match != "Exact" && match != "NotOlderThan")
    return refused("ListOptions",
                   object::field_not_supported("resourceVersionMatch", match, {"Exact", "NotOlderThan", ""}));
  if (match == "Exact" && options.resource_version == 0)
    return refused(
        "ListOptions",
        object::field_forbidden("resourceVersionMatch",
                                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
  return {};
}

}  // namespace

Answer<std::int64_t> parse_resource_version(std::string_view text) {
  if (text.empty()) return 0;
  if (const auto value = number(text)) return *value;
  return std::unexpected(bad_request("invalid resource version \"" + std::string(text.substr(0, 64)) +
                                     "\": it must be a decimal number"));
}

Answer<bool> parse_dry_run(const std::vector<std::string>& values, const std::string& type) {
  for (const auto& value : values)
    if (value != "All") return refused(type, object::field_not_supported("dryRun", values, {"All"}));
  return !values.empty();
}

Answer<WriteOptions> parse_write_options(const net::Target& target, const std::string& type) {
  WriteOptions options;
  std::vector<std::string> dry_run;
  for (const auto value : target.query_values("dryRun")) dry_run.emplace_back(value);
  FARHOLM_TRY(options.dry_run, parse_dry_run(dry_run, type));
  const auto validation = text_of(target, "fieldValidation");
  if (validation == "Ignore")
    options.field_validation = FieldValidation::Ignore;
  else if (validation == "Strict")
    options.field_validation = FieldValidation::Strict;
  else if (!validation.empty() && validation != "Warn")
    return refused(
        type, object::field_not_supported("fieldValidation", validation, {"Ignore", "Strict", "Warn", ""}));
  return options;
}

Answer<DeleteOptions> parse_delete_options(const net::Target& target, const json::Value* body) {
  DeleteOptions options;
  std::vector<std::string> dry_run;
  std::string policy = text_of(target, "propagationPolicy");
  for (const auto value : target.query_values("dryRun")) dry_run.emplace_back(value);
  if (body) {
    if (const auto* values = json::find_array(*body, "dryRun"))
      for (const auto& value : *values)
        if (value.is_string()) dry_run.push_back(value.get<std::string>());
    if (const auto* given = json::find_string(*body, "propagationPolicy")) policy = *given;
    if (const auto* preconditions = json::find_object(*body, "preconditions")) {
      if (const auto* uid = json::find_string(*preconditions, "uid")) options.preconditions.uid = *uid;
      if (const auto* version = json::find_string(*preconditions, "resourceVersion")) {
        FARHOLM_TRY(const std::int64_t revision, parse_resource_version(*version));
        options.preconditions.revision = revision;
      }
    }
  }
  FARHOLM_TRY(options.dry_run, parse_dry_run(dry_run, "DeleteOptions"));
  if (!policy.empty() && policy != "Foreground" && policy != "Background" && policy != "Orphan")
    return refused("DeleteOptions", object::field_not_supported("propagationPolicy", policy,
                                                                {"Background", "Foreground", "Orphan", ""}));
  return options;
}

Answer<ListOptions> parse_list_options(const net::Target& target, const std::vector<std::string>& selectable,
                                       bool watch) {
  ListOptions options;
  FARHOLM_TRY(options.labels, object::LabelSelector::parse(text_of(target, "labelSelector")));
  FARHOLM_TRY(options.fields, object::FieldSelector::parse(text_of(target, "fieldSelector"), selectable));
  const auto version = text_of(target, "resourceVersion");
  FARHOLM_TRY(options.resource_version, parse_resource_version(version));
  options.from_start = options.resource_version == 0;
  options.continue_token = text_of(target, "continue");
  options.bookmarks = query_flag(target, "allowWatchBookmarks");
  options.initial_events = query_flag(target, "sendInitialEvents");
  if (const auto limit = text_of(target, "limit"); !limit.empty()) {
    const auto value = number(limit);
    if (!value) return std::unexpected(bad_request("limit must be a number that is not negative"));
    options.limit = static_cast<std::size_t>(*value);
  }
  if (const auto timeout = text_of(target, "timeoutSeconds"); !timeout.empty()) {
    constexpr std::int64_t kTimeoutSecondsMax = 24 * 60 * 60;
    const auto value = number(timeout);
    if (!value) return std::unexpected(bad_request("timeoutSeconds must be a number that is not negative"));
    options.timeout_seconds = static_cast<int>(std::min(*value, kTimeoutSecondsMax));
  }
  const auto match = text_of(target, "resourceVersionMatch");
  FARHOLM_CHECK(check_match(options, target, match, watch));
  options.exact = match == "Exact";
  return options;
}

}  // namespace farholm::apiserver
