// Fields that several of our kinds have. Private to the module; pure.
#pragma once

#include "object/schema.h"
#include "profile/kinds.h"

namespace farholm::profile {

inline constexpr const char* kLabelPattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
inline constexpr const char* kDigestPattern = "^sha256:[0-9a-f]{64}$";
inline constexpr const char* kSubnetPattern = "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$";
inline constexpr std::size_t kVariablesMax = 128;
inline constexpr std::size_t kLayersMax = 64;

inline object::Schema name_field(std::string description) {
  return object::string(std::move(description)).matching(kLabelPattern).at_least(1).at_most(63);
}
inline object::Schema digest_field(std::string description) {
  return object::string(std::move(description)).matching(kDigestPattern);
}

// metadata.generation that the status was made for.
inline object::Property observed_generation() {
  return {"observedGeneration",
          object::integer("The metadata.generation that this status is about.").at_least(0)};
}

// spec.variables of a profile and of its revisions.
object::Schema variables_schema();

// The fields of a kind that all of ours share.
object::KindDescriptor our_kind(std::string kind, std::string plural, std::vector<std::string> short_names,
                                std::string description);

// The column that shows the condition `type`.
object::PrinterColumn condition_column(const std::string& type, std::string description);
object::PrinterColumn age_column();
// Why that condition is as it is; wide only.
object::PrinterColumn message_column(const std::string& type);

}  // namespace farholm::profile
