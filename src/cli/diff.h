// `farholm diff`: what a change would do, layer by layer and with which effect, before it is done: between
// two signed plans in files, or between what a hub has and what files would make of it. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/world.h"
#include "json/json.h"

namespace farholm::cli {

struct Difference {
  std::string text;   // a table, or the hub's answer
  std::string notes;  // about files that were not looked at; for standard error
  bool differs = false;
};

struct DiffOptions {
  std::string before;  // a signed plan; empty: nothing is there
  std::string after;
  std::vector<std::string> content;  // folders that hold the plans' blobs
};
Result<Difference> diff_plans(const io::World& world, const DiffOptions& options);

enum class DiffOutput : std::uint8_t { Text, Json, Yaml };

struct HubDiffOptions {
  std::string kubeconfig;
  std::string context;             // empty: the current one
  std::string name_space;          // empty: the context's, else "default"
  std::vector<std::string> files;  // YAML or JSON: ClusterProfiles and Sites, as for `kubectl apply`
  std::vector<std::string> sites;  // only these
  DiffOutput output = DiffOutput::Text;
};
// Asks the hub with a PlanPreview, which stores nothing. Errors of the hub are handed on in its words;
// ServiceUnavailable when it cannot be reached.
io::Task<Result<Difference>> diff_with_hub(io::World world, HubDiffOptions options);

// PlanPreview.status as a text for people.
std::string preview_text(const json::Value& status);

}  // namespace farholm::cli
