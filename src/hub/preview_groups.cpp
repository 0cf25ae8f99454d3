#include "hub/preview_groups.h"

#include <algorithm>
#include <tuple>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "hub/conditions.h"

namespace farholm::hub {
namespace {

json::Value to_json(const profile::Reason& reason) {
  json::Value value{{"effect", profile::to_string(reason.effect)}, {"text", reason.text}};
  if (!reason.object.empty()) value["object"] = cut_text(reason.object, kPreviewTextBytesMax);
  if (!reason.field.empty()) value["field"] = cut_text(reason.field, kPreviewTextBytesMax);
  return value;
}

json::Value to_json(const profile::LayerDiff& layer) {
  json::Value value{{"name", layer.name}, {"type", layer.type}, {"change", profile::to_string(layer.change)}};
  if (layer.change == profile::Change::Same) return value;
  value["effect"] = profile::to_string(layer.effect);
  if (layer.reasons.empty()) return value;
  value["reasons"] = json::Value::array();
  for (const auto& reason : layer.reasons) value["reasons"].push_back(to_json(reason));
  return value;
}

}  // namespace

void PreviewGroups::add(const SiteForecast& site) {
  ++sites_;
  std::optional<profile::Effect> effect;
  for (const auto& layer : site.layers)
    if (layer.change != profile::Change::Same) effect = std::max(effect.value_or(layer.effect), layer.effect);
  if (effect || site.problem) ++changed_;

  json::Value value{{"change", !effect ? "Same" : site.is_planned ? "Changed" : "Added"}};
  if (effect) value["effect"] = profile::to_string(*effect);
  if (site.paused) value["paused"] = true;
  if (site.problem) value["problem"] = cut_text(*site.problem, kPreviewTextBytesMax);
  for (const auto& layer : site.layers) value["layers"].push_back(to_json(layer));

  const auto content = crypto::Digest::of(json::to_text(value)).hex();
  const auto [place, fresh] = by_content_.try_emplace(content, groups_.size());
  if (fresh && groups_.size() == kPreviewGroupsMax) {
    by_content_.erase(place);
    return omit();
  }
  if (fresh) {
    std::size_t bytes = 0;
    for (const auto& layer : value.value("layers", json::Value::array()))
      if (const auto* reasons = json::find_array(layer, "reasons")) bytes += json::to_text(*reasons).size();
    if (bytes > kPreviewReasonBytesMax - reason_bytes_) {
      truncated_ = true;
      for (auto& layer : value["layers"]) layer.erase("reasons");
    } else {
      reason_bytes_ += bytes;
    }
    // What cannot be planned is said first.
    const int gravity = site.problem ? 100 : effect ? 1 + static_cast<int>(*effect) : 0;
    groups_.push_back({.value = std::move(value), .gravity = gravity});
  }
  auto& group = groups_[place->second];
  ++group.site_count;
  if (group.sites.size() < kPreviewSiteNamesMax)
    group.sites.push_back({{"namespace", site.name_space}, {"name", site.name}});
}

json::Value PreviewGroups::status() const {
  json::Value status{{"siteCount", sites_},
                     {"changedSiteCount", changed_},
                     {"omittedSiteCount", omitted_},
                     {"groups", json::Value::array()}};
  if (truncated_) status["truncated"] = true;
  std::vector<const Group*> ordered;
  ordered.reserve(groups_.size());
  for (const auto& group : groups_) ordered.push_back(&group);
  // Those that are alike stay in the order in which they came: they lie so in the vector.
  std::ranges::sort(ordered, [](const Group* a, const Group* b) {
    return std::tuple(b->gravity, b->site_count, a) < std::tuple(a->gravity, a->site_count, b);
  });
  for (const auto* group : ordered) {
    auto value = group->value;
    value["sites"] = group->sites;
    value["siteCount"] = group->site_count;
    status["groups"].push_back(std::move(value));
  }
  return status;
}

}  // namespace farholm::hub
