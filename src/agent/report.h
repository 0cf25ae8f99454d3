// The agent's report: what the box is, what it should run, what it does now, what is wrong, where it listens.
// As JSON (for the control socket and the link) and as a screen of text for a person who knows nothing of
// Kubernetes. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/status.h"
#include "json/json.h"
#include "profile/plan.h"

namespace farholm::agent {

struct ReportParts {
  std::string agent_version;
  std::string host;  // its name in plans
  std::string machine_id;
  const profile::SitePlan* plan = nullptr;  // the accepted one
  std::string plan_digest;
  const engine::Status* status = nullptr;
  std::string activity;
  std::vector<std::string> listeners;  // "0.0.0.0:8080 till"
  std::vector<std::string> problems;   // sentences; a refused plan, a corrupt file
  std::optional<bool> hub_connected;   // nothing: works without a hub
  bool simulated = false;              // nothing of it really runs: every sentence of the report says so
};

json::Value make_report(const ReportParts& parts);

// A screen of text of what make_report made; lenient towards reports of other versions.
std::string report_as_text(const json::Value& report);

}  // namespace farholm::agent
