// Where things are in the store. The internal resources are of no served kind: no API shows them. Constants.
#pragma once

#include <string>
#include <string_view>

#include "json/json.h"
#include "store/store.h"

namespace farholm::hub {

inline constexpr std::string_view kHosts = "farholm.dev/edgehosts";
inline constexpr std::string_view kTokens = "farholm.dev/registrationtokens";
inline constexpr std::string_view kProfiles = "farholm.dev/clusterprofiles";
inline constexpr std::string_view kRevisions = "farholm.dev/clusterprofilerevisions";
inline constexpr std::string_view kMaintenancePolicies = "farholm.dev/maintenancepolicies";
inline constexpr std::string_view kSites = "farholm.dev/sites";
inline constexpr std::string_view kSecrets = "/secrets";
inline constexpr std::string_view kConfigMaps = "/configmaps";

// By the token's public part: {"digest" of its secret, "namespace", "name" of the RegistrationToken}.
inline constexpr std::string_view kTokenDigests = "farholm.internal/tokendigests";
// By a host's UID: {"report"}: what it said of itself last, as text: read seldom, it costs a tenth so; and
// {"events": {"journal", "through"}}: the last event of its journal that it told.
inline constexpr std::string_view kReports = "farholm.internal/reports";
// By a site's namespace and name: its newest plan; see plan_record.h.
inline constexpr std::string_view kPlans = "farholm.internal/plans";

inline store::Key key_of(std::string_view resource, std::string name_space, std::string name) {
  return {std::string(resource), std::move(name_space), std::move(name)};
}

// What a host said of itself last, from its entry in kReports; null when it has said nothing.
inline json::Value report_of(const store::EntryRef& entry) {
  const auto* report = entry ? json::find(entry->value, "report") : nullptr;
  if (report == nullptr) return nullptr;
  if (report->is_object()) return *report;  // as earlier hubs wrote it
  if (!report->is_string()) return nullptr;
  auto parsed = json::parse(report->get_ref<const std::string&>());
  return parsed && parsed->is_object() ? std::move(*parsed) : json::Value();
}

}  // namespace farholm::hub
