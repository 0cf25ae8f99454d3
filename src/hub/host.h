// EdgeHost: what its fields mean to the hub, and its status as a function of what is known. Pure; any thread.
#pragma once

#include <string>

#include "io/clock.h"
#include "json/json.h"

namespace farholm::hub {

// What a host says of itself when it registers.
struct HostClaims {
  std::string key_digest;
  std::string sealing_key;  // base64
  std::string machine_id;
  std::string agent_version;
  json::Value inventory;  // an object, or null
};

std::string status_text(const json::Value& host, std::string_view field);  // status.<field>, or ""

std::string approval_of(const json::Value& host);  // spec.approval, or ""
bool is_rejected(const json::Value& host);
// By a token or an operator. Of others anybody may make as many as he likes.
bool is_vouched_for(const json::Value& host);
// Another key had the machine ID before, and no operator has said what to do.
bool has_open_conflict(const json::Value& host);
// Approved, by a token or a person, and not held up by a conflict: it may have a certificate and a plan.
bool may_join(const json::Value& host);

json::Value make_host(const std::string& name_space, const std::string& name, const std::string& uid,
                      io::WallTime now);
// Writes down what the host says, the inventory only of one that is vouched for; `object` is an EdgeHost.
void take_claims(json::Value& object, const HostClaims& claims);

enum class Presence : std::uint8_t {
  Connected,
  Lost,
  AsBefore,  // not known yet (the hub has just started), or too short a break to speak of
};
// Whether a report (agent/report.h) says that the host's site is simulated: nothing of it really runs.
bool is_simulated(const json::Value& report);
// The report's own condition of this type, or nullptr.
const json::Value* reported_condition(const json::Value& report, std::string_view type);
// What the host says of itself: the condition Degraded, and Simulated, which only such a host has. `report`
// may be null.
void judge_report(json::Value& object, const json::Value& report, io::WallTime now);
// Whether judge_report would judge differently.
bool says_the_same(const json::Value& report, const json::Value& other);
// Phase and conditions, from the decision of the operator and from whether it is connected. Timestamps change
// only when the phase does.
void judge_host(json::Value& object, Presence presence, io::WallTime now);

}  // namespace farholm::hub
