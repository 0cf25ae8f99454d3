#include "profile/kinds.h"

#include <fmt/format.h>

#include "profile/schema_parts.h"

namespace farholm::profile {

object::KindDescriptor our_kind(std::string kind, std::string plural, std::vector<std::string> short_names,
                                std::string description) {
  object::KindDescriptor descriptor;
  descriptor.group = kGroup;
  descriptor.version = kVersion;
  descriptor.singular = kind;
  for (char& c : descriptor.singular)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  descriptor.kind = std::move(kind);
  descriptor.plural = std::move(plural);
  descriptor.short_names = std::move(short_names);
  descriptor.categories = {"farholm"};
  descriptor.description = std::move(description);
  descriptor.status_subresource = true;
  return descriptor;
}

object::PrinterColumn condition_column(const std::string& type, std::string description) {
  return {.name = type,
          .json_path = fmt::format(".status.conditions[?(@.type==\"{}\")].status", type),
          .description = std::move(description)};
}

object::PrinterColumn age_column() {
  return {.name = "Age",
          .type = "date",
          .json_path = ".metadata.creationTimestamp",
          .description = "Since it was made."};
}

object::PrinterColumn message_column(const std::string& type) {
  return {.name = "Message",
          .json_path = fmt::format(".status.conditions[?(@.type==\"{}\")].message", type),
          .description = fmt::format("What the condition {} says.", type),
          .priority = 1};
}

std::vector<object::KindDescriptor> kinds() {
  return {
      edge_host_kind(), registration_token_kind(), cluster_profile_kind(), cluster_profile_revision_kind(),
      site_kind(),      maintenance_policy_kind()};
}

}  // namespace farholm::profile
