#include "hub/site_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/encoding.h"
#include "hub/conditions.h"
#include "hub/host.h"
#include "object/metadata.h"

namespace farholm::hub {
namespace {

constexpr std::size_t kMessageBytesMax = 4096;
constexpr std::size_t kFingerprintBytesMax = 128;
// From best to worst: of several hosts, a layer's state is that of the worst.
constexpr std::array<std::string_view, 9> kStates{
    "Healthy", "Progressing", "Applying", "Fetching", "Pending", "Removing", "Unknown", "Drifted", "Failed"};

std::size_t badness(std::string_view state) {
  const auto found = std::find(kStates.begin(), kStates.end(), state);
  return found == kStates.end() ? 6 : static_cast<std::size_t>(found - kStates.begin());
}

const json::Value* engine_status(const SiteHost& host) {
  return json::find_object(host.report, "status");
}

std::string accepted_plan(const SiteHost& host) {
  const auto* plan = json::find_object(host.report, "plan");
  return plan == nullptr ? "" : json::string_or(*plan, "digest");
}

// The host's condition of this type, or nullptr.
const json::Value* reported(const SiteHost& host, std::string_view type) {
  return reported_condition(host.report, type);
}

std::string newest_problem(const SiteHost& host) {
  const auto* problems = json::find_array(host.report, "problems");
  if (problems == nullptr || problems->empty() || !problems->back().is_string()) return {};
  return " It says: " + cut_text(problems->back().get<std::string>(), 1024);
}

json::Value reported_layer(const json::Value& layer) {
  const auto state = kStates[badness(json::string_or(layer, "state"))];
  json::Value row{{"name", cut_text(json::string_or(layer, "name"), 63)}, {"state", state}};
  const auto put = [&](const char* member, std::size_t bytes_max) {
    if (const auto text = json::string_or(layer, member); !text.empty())
      row[member] = cut_text(text, bytes_max);
  };
  put("type", 63);
  put("fingerprint", kFingerprintBytesMax);
  put("applied", kFingerprintBytesMax);
  put("message", kMessageBytesMax);
  return row;
}

json::Value layers_of(const SiteFacts& facts) {
  constexpr std::size_t kRowsMax = 128;
  json::Value rows = json::Value::array();
  std::map<std::string, std::size_t> places;
  const auto put = [&](json::Value row) {
    const auto name = json::string_or(row, "name");
    if (name.empty()) return;
    const auto [place, fresh] = places.try_emplace(name, rows.size());
    if (fresh && rows.size() < kRowsMax) {
      rows.push_back(std::move(row));
    } else if (!fresh && badness(json::string_or(row, "state")) >
                             badness(json::string_or(rows[place->second], "state"))) {
      rows[place->second] = std::move(row);
    }
  };
  for (const auto& host : facts.hosts) {
    const auto* status = engine_status(host);
    const auto* layers = status == nullptr ? nullptr : json::find_array(*status, "layers");
    if (layers == nullptr) continue;
    for (const auto& layer : *layers)
      if (layer.is_object() && places.size() < kRowsMax) put(reported_layer(layer));
  }
  if (facts.plan != nullptr)
    for (const auto& layer : facts.plan->layers)
      if (!places.contains(layer.name))
        put({{"name", layer.name}, {"type", layer.type}, {"state", "Pending"}});
  return rows;
}

Condition planned_condition(const SiteFacts& facts) {
  if (facts.problem) {
    const bool invalid = facts.problem->code == ErrorCode::Invalid;
    return {"Planned", "False", invalid ? "Invalid" : "Failed", facts.problem->to_string()};
  }
  if (facts.paused)
    return {"Planned", "Unknown", "Paused", "No new plans are made while spec.paused is true."};
  if (facts.record == nullptr) return {"Planned", "False", "Pending", "No plan was made yet."};
  return {"Planned", "True", "Planned",
          fmt::format("Plan {}.{} is the newest wish.", facts.record->epoch, facts.record->generation)};
}

Condition connected_condition(const SiteFacts& facts) {
  std::vector<std::string> away;
  for (const auto& host : facts.hosts)
    if (!host.connected) away.push_back(host.name);
  if (facts.hosts.empty()) return {"Connected", "False", "NoHosts", "No host belongs to the site."};
  if (away.empty()) return {"Connected", "True", "Connected", "All hosts are connected."};
  return {"Connected", "False", "Disconnected",
          fmt::format("Not connected: {}. The site goes on by itself.", fmt::join(away, ", "))};
}

Condition ready_condition(const SiteFacts& facts) {
  if (facts.record == nullptr) return {"Ready", "False", "NotPlanned", planned_condition(facts).message};
  if (facts.hosts.empty()) return {"Ready", "False", "NoHosts", "The hosts of the plan are gone."};
  for (const auto& host : facts.hosts)
    if (!host.connected)
      return {"Ready", "Unknown", "Disconnected",
              host.name + " is not connected: what it last said may not be true any more."};
  for (const auto& host : facts.hosts)
    if (accepted_plan(host) != facts.record->payload)
      return {"Ready", "False", "PlanNotAccepted",
              fmt::format("{} does not follow plan {}.{} yet.{}", host.name, facts.record->epoch,
                          facts.record->generation, newest_problem(host))};
  for (const auto& host : facts.hosts) {
    const auto* ready = reported(host, "Ready");
    if (ready == nullptr) return {"Ready", "Unknown", "NoReport", host.name + " has not said how it is yet."};
    if (json::string_or(*ready, "status") != "True")
      return {"Ready", "False", json::string_or(*ready, "reason", "NotReady"),
              json::string_or(*ready, "message")};
  }
  return {"Ready", "True", "Healthy", "Every layer of the newest plan is healthy."};
}

// True when it is so of any host.
Condition any_condition(const SiteFacts& facts, const std::string& type, const std::string& otherwise) {
  for (const auto& host : facts.hosts) {
    const auto* condition = reported(host, type);
    if (condition != nullptr && json::string_or(*condition, "status") == "True")
      return {type, "True", json::string_or(*condition, "reason", type),
              json::string_or(*condition, "message")};
  }
  return {type, "False", "None", otherwise};
}

// A site of which some hosts only say what they would run. Nobody may take its Ready for a real one.
void judge_readiness(json::Value& object, const SiteFacts& facts, io::WallTime now) {
  auto ready = ready_condition(facts);
  std::vector<std::string> names;
  for (const auto& host : facts.hosts)
    if (is_simulated(host.report)) names.push_back(host.name);
  if (names.empty()) {
    remove_condition(object, "Simulated");
  } else {
    set_condition(
        object,
        {"Simulated", "True", "SimulatedHosts",
         fmt::format("No container runs on {}: the site is simulated there.", fmt::join(names, ", "))},
        now);
    ready.message += " The site is simulated.";
  }
  set_condition(object, ready, now);
}

}  // namespace

void judge_site(json::Value& object, const SiteFacts& facts, io::WallTime now) {
  auto& status = object["status"];
  status["observedGeneration"] = object::generation_of(object);
  if (facts.record != nullptr && facts.plan != nullptr) {
    status["revision"] = facts.plan->revision;
    json::Value plan{{"digest", facts.record->payload},
                     {"epoch", facts.record->epoch},
                     {"generation", facts.record->generation}};
    if (!facts.hosts.empty())
      if (const auto accepted = accepted_plan(facts.hosts.front()); accepted.size() == 71)
        plan["accepted"] = accepted;
    status["plan"] = std::move(plan);
    status["nodes"] = json::Value::array();
    for (const auto& node : facts.plan->nodes)
      status["nodes"].push_back({{"slot", node.slot},
                                 {"role", node.role == profile::NodeRole::Worker ? "Worker" : "ControlPlane"},
                                 {"host", node.host},
                                 {"address", node.address}});
    status["layers"] = layers_of(facts);
    status["listeners"] = facts.listeners;
  }
  status["hosts"] = json::Value::array();
  for (const auto& host : facts.hosts) status["hosts"].push_back(host.name);
  set_condition(object, planned_condition(facts), now);
  judge_readiness(object, facts, now);
  set_condition(object, any_condition(facts, "Progressing", "Nothing is being changed."), now);
  set_condition(object, any_condition(facts, "Degraded", "Nothing is wrong that will not mend itself."), now);
  set_condition(object, connected_condition(facts), now);
  // There only while they are so.
  for (const auto* type : {"OnHold", "Contested"}) {
    if (const auto condition = any_condition(facts, type, ""); condition.status == "True")
      set_condition(object, condition, now);
    else
      remove_condition(object, type);
  }
}

}  // namespace farholm::hub
