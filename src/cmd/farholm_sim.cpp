// farholm-sim: a hub and a fleet of sites in one process, under one seed, with everything that can go wrong.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "json/json.h"
#include "sim/fleet.h"
#include "sim/ledger.h"

namespace farholm::cmd {
namespace {

json::Value to_json(const sim::FleetOptions& options, const sim::FleetReport& report, double seconds) {
  json::Value faults = json::Value::object();
  for (std::size_t i = 0; i < sim::kFaults; ++i) faults[sim::kFaultNames[i]] = report.faults[i];
  json::Value checks = json::Value::object();
  for (std::size_t i = 0; i < sim::kInvariants; ++i) checks[sim::kInvariantNames[i]] = report.checks[i];
  json::Value result{{"seed", options.seed},
                     {"sites", options.sites},
                     {"days", report.days},
                     {"seconds", seconds},
                     {"history", fmt::format("{:016x}", report.history)},
                     {"events", report.events},
                     {"faults", std::move(faults)},
                     {"checks", std::move(checks)}};
  if (report.broken) result["broken"] = *report.broken;
  return result;
}

void print(const sim::FleetOptions& options, const sim::FleetReport& report, double seconds) {
  fmt::print("{:<58} {:>9}\n", "came", "times");
  for (std::size_t i = 0; i < sim::kFaults; ++i)
    fmt::print("  {:<56} {:>9}\n", sim::kFaultNames[i], report.faults[i]);
  fmt::print("{:<58} {:>9}\n", "always so", "checked");
  for (std::size_t i = 0; i < sim::kInvariants; ++i)
    fmt::print("  {:<56} {:>9}\n", sim::kInvariantNames[i], report.checks[i]);
  fmt::print(
      "seed {}: {} sites, {:.1f} days in {:.1f} s ({:.0f} times as fast as real time), {} events, history "
      "{:016x}\n",
      options.seed, options.sites, report.days, seconds, report.days * 86400 / seconds, report.events,
      report.history);
  if (!report.broken) return;
  fmt::print("\nBROKEN: {}\n\nwhat went before:\n", *report.broken);
  for (const auto& line : report.story) fmt::print("  {}\n", line);
  fmt::print("\nonce more: farholm-sim --seed {} --sites {} --days {}\n", options.seed, options.sites,
             options.days);
}

}  // namespace
}  // namespace farholm::cmd

int main(int argc, char** argv) {
  using namespace farholm;
  CLI::App app(
      "A hub, its operators and many sites in one process and one thread: the code that ships, on simulated\n"
      "disks, networks, clocks and containers, while power, networks, disks, programs and people fail.\n\n"
      "  farholm-sim --seed 7 --sites 20 --days 30\n\n"
      "The same seed gives the same history to the byte, on every machine. The exit status is 0 when every\n"
      "invariant held, and 1 with the first that did not and what went before it.",
      "farholm-sim");
  sim::FleetOptions options;
  std::string report_path;
  app.add_option("--seed", options.seed, "Of everything that chance decides")->capture_default_str();
  app.add_option("--sites", options.sites, "How many sites")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--days", options.days, "How long things break; then all is mended, and must become well")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  app.add_option("--report", report_path, "Write what came and what was checked to this file, as JSON");
  app.add_flag("--log", options.log, "Print what hub and agents say on standard error, with milliseconds");
  CLI11_PARSE(app, argc, argv);

  const auto begun = std::chrono::steady_clock::now();
  const auto report = sim::simulate(options);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  cmd::print(options, report, seconds);
  if (!report_path.empty()) {
    std::ofstream file(report_path);
    file << json::to_pretty_text(cmd::to_json(options, report, seconds)) << "\n";
    if (!file.flush()) {
      fmt::print(stderr, "farholm-sim: cannot write {}\n", report_path);
      return 2;
    }
  }
  return report.broken ? 1 : 0;
}
