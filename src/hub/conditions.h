// Conditions of our objects' status (metav1.Condition): set so that lastTransitionTime moves only when the
// status does, and nothing changes when nothing changed. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "io/clock.h"
#include "json/json.h"

namespace farholm::hub {

struct Condition {
  std::string type;
  std::string status;  // "True", "False", "Unknown"
  std::string reason;  // one CamelCase word
  std::string message;
};

// Changes or adds it in object.status.conditions, about the object's present generation.
void set_condition(json::Value& object, const Condition& condition, io::WallTime now);
void remove_condition(json::Value& object, std::string_view type);
// The condition's status, or "".
std::string condition_status(const json::Value& object, std::string_view type);

}  // namespace farholm::hub
