#include "hub/conditions.h"

#include "base/encoding.h"
#include "object/metadata.h"

namespace farholm::hub {
namespace {

// apimachinery's limits on conditions.
constexpr std::size_t kMessageBytesMax = 32'768;
constexpr std::size_t kReasonBytesMax = 1024;

json::Value* find_condition(json::Value& object, std::string_view type) {
  if (!object.contains("status") || !object["status"].is_object()) return nullptr;
  auto& status = object["status"];
  if (!status.contains("conditions") || !status["conditions"].is_array()) return nullptr;
  for (auto& condition : status["conditions"])
    if (json::string_or(condition, "type") == type) return &condition;
  return nullptr;
}

}  // namespace

void set_condition(json::Value& object, const Condition& condition, io::WallTime now) {
  json::Value* found = find_condition(object, condition.type);
  if (found == nullptr) {
    auto& conditions = object["status"]["conditions"];
    if (!conditions.is_array()) conditions = json::Value::array();
    conditions.push_back({{"type", condition.type}});
    found = &conditions.back();
  }
  if (json::string_or(*found, "status") != condition.status)
    (*found)["lastTransitionTime"] = io::to_rfc3339(now);
  (*found)["status"] = condition.status;
  (*found)["reason"] = cut_text(condition.reason, kReasonBytesMax);
  (*found)["message"] = cut_text(condition.message, kMessageBytesMax);
  (*found)["observedGeneration"] = object::generation_of(object);
}

void remove_condition(json::Value& object, std::string_view type) {
  if (find_condition(object, type) == nullptr) return;
  auto& conditions = object["status"]["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i)
    if (json::string_or(conditions[i], "type") == type) {
      conditions.erase(i);
      return;
    }
}

std::string condition_status(const json::Value& object, std::string_view type) {
  const auto* conditions = json::find_path(object, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return {};
  for (const auto& condition : *conditions)
    if (json::string_or(condition, "type") == type) return json::string_or(condition, "status");
  return {};
}

}  // namespace farholm::hub
