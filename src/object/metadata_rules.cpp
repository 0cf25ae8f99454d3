#include <algorithm>

#include "object/metadata.h"

namespace farholm::object {

namespace {

constexpr const char* kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr const char* kLabelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and "
    "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr const char* kQualifiedNameRule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr const char* kLabelValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    "for "
    "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z');
}

bool is_dns_label(std::string_view text) {
  return !text.empty() && is_lower_alphanumeric(text.front()) && is_lower_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_alphanumeric(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  while (true) {
    const auto dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_name_part(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string too_long(std::size_t limit) {
  return "must be no more than " + std::to_string(limit) + " bytes";
}

void validate_labels(const json::Value& labels, std::vector<ErrorCause>& causes) {
  for (const auto& [key, value] : labels.items()) {
    if (auto why = label_key_problem(key); !why.empty())
      causes.push_back(field_invalid("metadata.labels", key, why));
    if (!value.is_string()) continue;
    if (auto why = label_value_problem(value.get_ref<const std::string&>()); !why.empty())
      causes.push_back(field_invalid("metadata.labels", value, why));
  }
}

void validate_annotations(const json::Value& annotations, std::vector<ErrorCause>& causes) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : annotations.items()) {
    std::string lower = key;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (auto why = label_key_problem(lower); !why.empty())
      causes.push_back(field_invalid("metadata.annotations", key, why));
    bytes += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (bytes > kAnnotationsBytesMax)
    causes.push_back(field_too_long("metadata.annotations", kAnnotationsBytesMax));
}

void validate_owner_references(const json::Value& references, std::vector<ErrorCause>& causes) {
  for (std::size_t i = 0; i < references.size(); ++i)
    for (const char* member : {"apiVersion", "kind", "name", "uid"})
      if (json::string_or(references[i], member).empty())
        causes.push_back(
            field_invalid("metadata.ownerReferences." + std::string(member), "", "must not be empty"));
}

}  // namespace

std::string dns_subdomain_problem(std::string_view name) {
  if (name.size() > kNameBytesMax) return too_long(kNameBytesMax);
  return is_dns_subdomain(name) ? "" : kSubdomainRule;
}

std::string dns_label_problem(std::string_view name) {
  if (name.size() > kLabelBytesMax) return too_long(kLabelBytesMax);
  return is_dns_label(name) ? "" : kLabelRule;
}

std::string label_key_problem(std::string_view key) {
  const auto slash = key.find('/');
  if (slash != std::string_view::npos) {
    const auto prefix = key.substr(0, slash);
    if (prefix.empty()) return "prefix part must be non-empty";
    if (auto why = dns_subdomain_problem(prefix); !why.empty()) return "prefix part " + why;
    key.remove_prefix(slash + 1);
  }
  if (key.empty()) return "name part must be non-empty";
  if (key.size() > kLabelBytesMax) return "name part " + too_long(kLabelBytesMax);
  return is_name_part(key) ? "" : kQualifiedNameRule;
}

std::string label_value_problem(std::string_view value) {
  if (value.size() > kLabelBytesMax) return too_long(kLabelBytesMax);
  return value.empty() || is_name_part(value) ? "" : kLabelValueRule;
}

std::vector<ErrorCause> validate_metadata(const KindDescriptor& kind, const json::Value& object) {
  std::vector<ErrorCause> causes;
  const auto name = name_of(object);
  if (name.empty()) {
    causes.push_back(field_required("metadata.name", "name or generateName is required"));
  } else if (auto why = kind.name_is_label ? dns_label_problem(name) : dns_subdomain_problem(name);
             !why.empty()) {
    causes.push_back(field_invalid("metadata.name", name, why));
  }
  if (const auto* labels = json::find_path(object, {"metadata", "labels"}); labels && labels->is_object())
    validate_labels(*labels, causes);
  if (const auto* annotations = json::find_path(object, {"metadata", "annotations"});
      annotations && annotations->is_object())
    validate_annotations(*annotations, causes);
  if (const auto* references = json::find_path(object, {"metadata", "ownerReferences"});
      references && references->is_array())
    validate_owner_references(*references, causes);
  for (const auto& finalizer : finalizers_of(object))
    if (auto why = label_key_problem(finalizer); !why.empty())
      causes.push_back(field_invalid("metadata.finalizers", finalizer, why));
  return causes;
}

std::vector<ErrorCause> validate_metadata_update(const json::Value& old, const json::Value& changed) {
  std::vector<ErrorCause> causes;
  if (name_of(old) != name_of(changed))
    causes.push_back(field_invalid("metadata.name", name_of(changed), "field is immutable"));
  if (is_being_deleted(old)) {
    const auto before = finalizers_of(old);
    std::vector<std::string> added;
    for (const auto& finalizer : finalizers_of(changed))
      if (std::find(before.begin(), before.end(), finalizer) == before.end()) added.push_back(finalizer);
    if (!added.empty())
      causes.push_back(
          field_forbidden("metadata.finalizers",
                          "no new finalizers can be added if the object is being deleted, found new "
                          "finalizers " +
                              json::to_text(json::Value(added))));
  }
  return causes;
}

}  // namespace farholm::object
