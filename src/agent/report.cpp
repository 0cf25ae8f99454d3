#include "agent/report.h"

#include <fmt/format.h>

namespace farholm::agent {
namespace {

// "simulated: …", for a sentence that does not say so yet.
void mark(json::Value& sentence, std::string_view when_empty) {
  auto text = sentence.is_string() ? sentence.get<std::string>() : std::string();
  if (text.find("simulated") != std::string::npos) return;
  if (text.empty()) text = when_empty;
  sentence = fmt::format("simulated: {}", text);
}

// Whoever reads any one line of it must see that nothing runs.
void mark_simulated(json::Value& report) {
  report["simulated"] = true;
  if (report.contains("activity")) mark(report["activity"], "");
  if (!report.contains("status")) return;
  for (auto& condition : report["status"]["conditions"]) mark(condition["message"], "nothing runs");
  for (auto& layer : report["status"]["layers"]) mark(layer["message"], "nothing of it runs");
}

}  // namespace

json::Value make_report(const ReportParts& parts) {
  json::Value report{
      {"agentVersion", parts.agent_version}, {"host", parts.host}, {"machineID", parts.machine_id}};
  if (parts.plan != nullptr) {
    report["plan"] = {{"site", parts.plan->site_name},        {"namespace", parts.plan->site_namespace},
                      {"siteUID", parts.plan->site_uid},      {"epoch", parts.plan->epoch},
                      {"generation", parts.plan->generation}, {"profile", parts.plan->profile},
                      {"revision", parts.plan->revision},     {"digest", parts.plan_digest}};
  }
  if (parts.status != nullptr) report["status"] = engine::to_json(*parts.status);
  if (!parts.activity.empty()) report["activity"] = parts.activity;
  if (!parts.listeners.empty()) report["listeners"] = parts.listeners;
  if (!parts.problems.empty()) report["problems"] = parts.problems;
  if (parts.hub_connected) report["hubConnected"] = *parts.hub_connected;
  if (parts.simulated) mark_simulated(report);
  return report;
}

std::string report_as_text(const json::Value& report) {
  std::string text;
  const auto line = [&text](std::string_view what, std::string_view value) {
    text += fmt::format("{:<12} {}\n", what, value);
  };
  line("This box", fmt::format("{} (machine {})", json::string_or(report, "host", "has no name yet"),
                               json::string_or(report, "machineID", "unknown")));
  const bool simulated = json::find_bool(report, "simulated").value_or(false);
  if (simulated) line("Simulated", "yes: no container runs here, only what would run is remembered");
  if (const auto* plan = json::find_object(report, "plan")) {
    line("Should run",
         fmt::format("{}, revision {} of the profile {} (plan {}.{})", json::string_or(*plan, "site"),
                     json::find_integer(*plan, "revision").value_or(0), json::string_or(*plan, "profile"),
                     json::find_integer(*plan, "epoch").value_or(0),
                     json::find_integer(*plan, "generation").value_or(0)));
  } else {
    line("Should run", "nothing yet: no plan was accepted");
  }
  if (const auto connected = json::find_bool(report, "hubConnected")) {
    line("Hub", *connected ? "connected" : "not connected; the site goes on by itself");
  }
  const auto* status = json::find_object(report, "status");
  std::string waits_for;
  if (status != nullptr) {
    if (const auto* conditions = json::find_array(*status, "conditions")) {
      std::string said;  // of Ready, which comes first
      for (const auto& condition : *conditions) {
        const auto type = json::string_or(condition, "type");
        const auto message = json::string_or(condition, "message");
        const bool so = json::string_or(condition, "status") == "True";
        if (type == "Ready" && so) line("Is", simulated ? "as it should be, simulated" : "as it should be");
        if (type == "Ready" && !so) line("Is", said = message);
        if (type == "Degraded" && so && message != said) line("Is wrong", message);
        if (type == "Progressing" && so) waits_for = message;
        if (type == "OnHold" && so) line("On hold", message);
        if (type == "Contested" && so) line("Contested", message);
      }
    }
  }
  const std::string idle = simulated ? "nothing: watching a simulated site" : "nothing: watching";
  line("Doing now", json::string_or(report, "activity", waits_for.empty() ? idle : "waiting: " + waits_for));
  if (const auto* layers = status != nullptr ? json::find_array(*status, "layers") : nullptr) {
    text += "\nLAYER         STATE         WHAT IS MISSING\n";
    for (const auto& layer : *layers) {
      text += fmt::format("{:<13} {:<13} {}\n", json::string_or(layer, "name"),
                          json::string_or(layer, "state"), json::string_or(layer, "message"));
    }
  }
  const auto list = [&](std::string_view member, std::string_view title) {
    const auto* rows = json::find_array(report, member);
    if (rows == nullptr || rows->empty()) return;
    text += fmt::format("\n{}\n", title);
    for (const auto& row : *rows) {
      if (row.is_string()) text += "  " + row.get<std::string>() + "\n";
    }
  };
  list("listeners", "LISTENS ON");
  list("problems", "PROBLEMS");
  return text;
}

}  // namespace farholm::agent
