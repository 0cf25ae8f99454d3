#include "hub/host.h"

#include "base/encoding.h"
#include "hub/conditions.h"
#include "object/metadata.h"
#include "profile/kinds.h"

namespace farholm::hub {
namespace {

constexpr std::size_t kMachineIdBytesMax = 128;
constexpr std::size_t kAddressesMax = 64;

// Inventories of all versions of agents have these three; without them nothing is claimed.
json::Value capacity_of(const json::Value& inventory) {
  json::Value capacity = json::Value::object();
  const auto put = [&](const char* name, std::optional<std::int64_t> value) {
    if (value && *value >= 0) capacity[name] = *value;
  };
  if (const auto* cpus = json::find_object(inventory, "cpu"))
    put("cpus", json::find_integer(*cpus, "count"));
  else
    put("cpus", json::find_integer(inventory, "cpus"));
  if (const auto* memory = json::find_object(inventory, "memory"))
    put("memoryBytes", json::find_integer(*memory, "totalBytes"));
  else
    put("memoryBytes", json::find_integer(inventory, "memoryBytes"));
  if (const auto* disks = json::find_array(inventory, "disks")) {
    std::int64_t total = 0;
    for (const auto& disk : *disks) total += json::find_integer(disk, "sizeBytes").value_or(0);
    put("diskBytes", total);
  }
  // The agent's own sums win where it makes them.
  if (const auto* own = json::find_object(inventory, "capacity"))
    for (const char* name : {"cpus", "memoryBytes", "diskBytes"}) put(name, json::find_integer(*own, name));
  return capacity;
}

}  // namespace

std::string approval_of(const json::Value& host) {
  const auto* spec = json::find_object(host, "spec");
  return spec == nullptr ? "" : json::string_or(*spec, "approval");
}

std::string status_text(const json::Value& host, std::string_view field) {
  const auto* status = json::find_object(host, "status");
  return status == nullptr ? "" : json::string_or(*status, field);
}

bool is_rejected(const json::Value& host) {
  return approval_of(host) == "Rejected";
}

bool has_open_conflict(const json::Value& host) {
  if (condition_status(host, "MachineIDConflict") != "True") return false;
  const auto* spec = json::find_object(host, "spec");
  return spec == nullptr || json::string_or(*spec, "machineIDConflict").empty();
}

bool is_vouched_for(const json::Value& host) {
  return approval_of(host) == "Approved";
}

bool may_join(const json::Value& host) {
  return is_vouched_for(host) && !has_open_conflict(host) && !object::is_being_deleted(host);
}

json::Value make_host(const std::string& name_space, const std::string& name, const std::string& uid,
                      io::WallTime now) {
  return {{"apiVersion", profile::kApiVersion},
          {"kind", "EdgeHost"},
          {"metadata",
           {{"namespace", name_space},
            {"name", name},
            {"uid", uid},
            {"creationTimestamp", io::to_rfc3339(now)},
            {"generation", 1}}},
          {"spec", {{"approval", "Pending"}}},
          {"status", json::Value::object()}};
}

void take_claims(json::Value& object, const HostClaims& claims) {
  auto& status = object["status"];
  status["keyDigest"] = claims.key_digest;
  status["sealingKey"] = claims.sealing_key;
  status["machineID"] = cut_text(claims.machine_id, kMachineIdBytesMax);
  if (!claims.agent_version.empty()) status["agentVersion"] = cut_text(claims.agent_version, 128);
  if (!claims.inventory.is_object()) return;
  if (is_vouched_for(object)) status["inventory"] = claims.inventory;
  status["capacity"] = capacity_of(claims.inventory);
  if (const auto* addresses = json::find_array(claims.inventory, "addresses")) {
    status["addresses"] = json::Value::array();
    for (const auto& address : *addresses)
      if (address.is_string() && address.get_ref<const std::string&>().size() <= 64 &&
          status["addresses"].size() < kAddressesMax)
        status["addresses"].push_back(address);
  }
}

bool is_simulated(const json::Value& report) {
  return json::find_bool(report, "simulated").value_or(false);
}

const json::Value* reported_condition(const json::Value& report, std::string_view type) {
  const auto* status = json::find_object(report, "status");
  const auto* conditions = status == nullptr ? nullptr : json::find_array(*status, "conditions");
  if (conditions == nullptr) return nullptr;
  for (const auto& condition : *conditions)
    if (json::string_or(condition, "type") == type) return &condition;
  return nullptr;
}

bool says_the_same(const json::Value& report, const json::Value& other) {
  const auto* one = reported_condition(report, "Degraded");
  const auto* two = reported_condition(other, "Degraded");
  return is_simulated(report) == is_simulated(other) &&
         (one == nullptr || two == nullptr ? one == two : *one == *two);
}

void judge_report(json::Value& object, const json::Value& report, io::WallTime now) {
  if (const auto* degraded = reported_condition(report, "Degraded")) {
    const auto status = json::string_or(*degraded, "status");
    set_condition(object,
                  {"Degraded", status == "True" || status == "False" ? status : "Unknown",
                   json::string_or(*degraded, "reason", "Reported"), json::string_or(*degraded, "message")},
                  now);
  } else {
    remove_condition(object, "Degraded");
  }
  if (is_simulated(report)) {
    set_condition(object,
                  {"Simulated", "True", "SimulatedDrivers",
                   "The host's site is simulated: its agent brings nothing up, and no container runs."},
                  now);
  } else {
    remove_condition(object, "Simulated");
  }
}

void judge_host(json::Value& object, Presence presence, io::WallTime now) {
  auto& status = object["status"];
  const std::string before = json::string_or(status, "phase");
  status["observedGeneration"] = object::generation_of(object);
  if (is_rejected(object)) {
    status["phase"] = "Rejected";
    set_condition(object, {"Approved", "False", "Rejected", "An operator rejected this host."}, now);
    set_condition(object, {"Ready", "False", "Rejected", "An operator rejected this host."}, now);
    return;
  }
  if (has_open_conflict(object)) {
    status["phase"] = "Pending";
    const std::string message =
        "Another host has this machine ID. Set spec.machineIDConflict to Replace (the other one is gone) or "
        "to "
        "Separate (both are real).";
    set_condition(object, {"Approved", "False", "MachineIDConflict", message}, now);
    set_condition(object, {"Ready", "False", "MachineIDConflict", message}, now);
    return;
  }
  if (condition_status(object, "MachineIDConflict") == "True")
    set_condition(object, {"MachineIDConflict", "False", "Decided", "An operator decided."}, now);
  if (!may_join(object)) {
    status["phase"] = "Pending";
    const std::string message = "Waits for an operator: set spec.approval to Approved or Rejected.";
    set_condition(object, {"Approved", "False", "Pending", message}, now);
    set_condition(object, {"Ready", "False", "Pending", message}, now);
    return;
  }
  const bool by_token = !json::string_or(status, "registrationToken").empty();
  set_condition(object,
                {"Approved", "True", by_token ? "RegistrationToken" : "Operator",
                 by_token ? "It came with a valid registration token." : "An operator approved it."},
                now);
  const bool connected =
      presence == Presence::Connected || (presence == Presence::AsBefore && before == "Connected");
  status["phase"] = connected ? "Connected" : "Disconnected";
  if (connected && before != "Connected") status["connectedSince"] = io::to_rfc3339(now);
  if (!connected) status.erase("connectedSince");
  if (json::string_or(status, "phase") != before && (connected || before == "Connected"))
    status["lastSeen"] = io::to_rfc3339(now);
  set_condition(object,
                connected ? Condition{"Ready", "True", "Connected", "It is approved and connected."}
                          : Condition{"Ready", "False", "Disconnected",
                                      "It is not connected; its site goes on by itself."},
                now);
}

}  // namespace farholm::hub
