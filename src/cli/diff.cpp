#include "cli/diff.h"

#include <fmt/format.h>

#include "cli/content_folder.h"
#include "cli/key_file.h"
#include "json/json.h"
#include "profile/layer_diff.h"
#include "trust/envelope.h"

namespace farholm::cli {
namespace {

constexpr std::uint64_t kBlobBytesMax = 4 << 20;

// A plan's payload, whoever signed it: a diff decides nothing.
Result<profile::SitePlan> read_plan(io::Files& files, const std::string& path) {
  FARHOLM_TRY(const auto text, read_text(files, path));
  FARHOLM_TRY(const auto envelope, trust::parse_envelope(text));
  return profile::parse_plan(envelope.payload);
}

Result<std::map<std::string, json::Value>> read_blobs(io::Files& files,
                                                      const std::vector<std::string>& folders,
                                                      const profile::SitePlan& plan) {
  std::map<std::string, json::Value> blobs;
  for (const auto& layer : plan.layers) {
    FARHOLM_TRY(const auto digest, crypto::Digest::parse(layer.blob));
    const auto bytes = read_blob(files, folders, digest);
    if (!bytes) {
      return fail(ErrorCode::NotFound,
                  fmt::format("the content of layer {} ({}) is in none of the folders given with --content",
                              layer.name, layer.blob));
    }
    FARHOLM_TRY(blobs[layer.blob], json::parse(*bytes, {.bytes_max = kBlobBytesMax}));
  }
  return blobs;
}

}  // namespace

Result<Difference> diff_plans(const io::World& world, const DiffOptions& options) {
  profile::DiffSide before;
  profile::SitePlan before_plan;
  if (!options.before.empty()) {
    FARHOLM_TRY(before_plan, read_plan(world.files, options.before));
    FARHOLM_TRY(before.blobs, read_blobs(world.files, options.content, before_plan));
    before.plan = &before_plan;
  }
  FARHOLM_TRY(const auto after_plan, read_plan(world.files, options.after));
  profile::DiffSide after{.plan = &after_plan, .blobs = {}};
  FARHOLM_TRY(after.blobs, read_blobs(world.files, options.content, after_plan));
  FARHOLM_TRY(const auto layers, profile::diff(before, after));
  Difference difference;
  auto& text = difference.text;
  text = fmt::format("{:<14} {:<9} {}\n", "LAYER", "CHANGE", "EFFECT");
  for (const auto& layer : layers) {
    const bool same = layer.change == profile::Change::Same;
    difference.differs = difference.differs || !same;
    text += fmt::format("{:<14} {:<9} {}\n", layer.name, profile::to_string(layer.change),
                        same ? "-" : profile::to_string(layer.effect));
    for (const auto& reason : layer.reasons) {
      text +=
          fmt::format("  {:<8} {}{}{} {}\n", profile::to_string(reason.effect), reason.object,
                      reason.object.empty() || reason.field.empty() ? "" : " ", reason.field, reason.text);
    }
  }
  return difference;
}

}  // namespace farholm::cli
