// PreviewGroups: what would come of many sites, as one bounded answer: sites for which it would be alike
// stand together. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json/json.h"
#include "profile/layer_diff.h"

namespace farholm::hub {

inline constexpr std::size_t kPreviewGroupsMax = 100;
inline constexpr std::size_t kPreviewSiteNamesMax = 100;            // of one group
inline constexpr std::size_t kPreviewReasonBytesMax = 1024 * 1024;  // of all groups' reasons, about
inline constexpr std::size_t kPreviewTextBytesMax = 1024;  // of a problem, an object's or field's name

struct SiteForecast {
  std::string name_space, name;
  bool is_planned = true;  // it has a plan already
  bool paused = false;
  std::optional<std::string> problem;      // why it could not be planned; there are no layers then
  std::vector<profile::LayerDiff> layers;  // none when it is paused
};

class PreviewGroups {
 public:
  void add(const SiteForecast& site);
  // A site of which nothing is told.
  void omit() { ++omitted_; }

  // PlanPreview.status, but for `revisions`.
  json::Value status() const;

 private:
  struct Group {
    json::Value value;  // without sites
    json::Value sites = json::Value::array();
    std::size_t site_count = 0;
    int gravity = 0;
  };
  std::vector<Group> groups_;
  std::map<std::string, std::size_t> by_content_;  // digest of what a group tells → its place
  std::size_t sites_ = 0;
  std::size_t changed_ = 0;
  std::size_t omitted_ = 0;
  std::size_t reason_bytes_ = 0;
  bool truncated_ = false;
};

}  // namespace farholm::hub
