#include "hub/preview.h"

#include <algorithm>
#include <set>

#include "hub/preview_groups.h"
#include "hub/preview_objects.h"
#include "hub/resources.h"
#include "object/metadata.h"
#include "profile/freeze.h"
#include "profile/site.h"

namespace farholm::hub {
namespace {

class Running {
 public:
  explicit Running(std::size_t& count) : count_(count) { ++count_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { --count_; }

 private:
  std::size_t& count_;
};

// The store's name of the profile that the site follows.
store::Key profile_of(const store::Entry& site) {
  const auto* profile = json::find_path(site.value, {"spec", "profile"});
  if (profile == nullptr) return {};
  return key_of(kProfiles, json::string_or(*profile, "namespace", site.key.name_space),
                json::string_or(*profile, "name"));
}

std::int64_t latest_revision(const store::EntryRef& profile) {
  const auto* status = profile == nullptr ? nullptr : json::find_object(profile->value, "status");
  return status == nullptr ? 0 : json::find_integer(*status, "latestRevision").value_or(0);
}

// Compares plans; keeps the content of layers that differ, because the next site has the same.
class Comparer {
 public:
  explicit Comparer(PreviewBlobs& blobs) : blobs_(blobs) {}

  Result<std::vector<profile::LayerDiff>> compare(const profile::SitePlan* before,
                                                  const profile::SitePlan& after) {
    if (parsed_bytes_ > kPreviewParsedBytesMax) {
      before_.blobs.clear();
      after_.blobs.clear();
      parsed_bytes_ = 0;
    }
    before_.plan = before;
    after_.plan = &after;
    for (const auto& layer : after.layers) {
      const auto* old = before == nullptr ? nullptr : before->layer(layer.name);
      if (old != nullptr && is_same(*before, *old, after, layer)) continue;
      FARHOLM_CHECK(load(after_, layer));
      if (old != nullptr) FARHOLM_CHECK(load(before_, *old));
    }
    if (before != nullptr)
      for (const auto& layer : before->layers)
        if (after.layer(layer.name) == nullptr) FARHOLM_CHECK(load(before_, layer));
    return profile::diff(before_, after_);
  }

 private:
  static bool is_same(const profile::SitePlan& before, const profile::PlanLayer& old,
                      const profile::SitePlan& after, const profile::PlanLayer& layer) {
    return old.type == layer.type &&
           profile::layer_fingerprint(before, old) == profile::layer_fingerprint(after, layer);
  }

  Result<void> load(profile::DiffSide& side, const profile::PlanLayer& layer) {
    if (side.blobs.contains(layer.blob)) return {};
    FARHOLM_TRY(const auto digest, content::Digest::parse(layer.blob));
    FARHOLM_TRY(const auto text, blobs_.read(digest, profile::kLayerBlobBytesMax));
    FARHOLM_TRY(side.blobs[layer.blob], json::parse(text));
    parsed_bytes_ += text.size();
    return {};
  }

  PreviewBlobs& blobs_;
  profile::DiffSide before_;
  profile::DiffSide after_;
  std::size_t parsed_bytes_ = 0;
};

// The causes alone where there are some: the sentence around them names the site, and sites with the same
// problem stand together.
std::string problem_text(const Error& error) {
  if (error.causes.empty()) return error.to_string();
  std::string text;
  for (const auto& cause : error.causes) {
    if (!text.empty()) text += "; ";
    text += cause.field.empty() ? cause.message : cause.field + ": " + cause.message;
  }
  return text;
}

Result<SiteForecast> forecast(const store::Entry& site, Planner& planner, Comparer& comparer) {
  SiteForecast told{.name_space = site.key.name_space, .name = site.key.name};
  const auto* spec = json::find_object(site.value, "spec");
  told.paused = spec != nullptr && json::find_bool(*spec, "paused").value_or(false);
  if (told.paused) return told;
  const auto wish = planner.wish(site);
  if (!wish) {
    if (wish.error().code == ErrorCode::ServiceUnavailable) return std::unexpected(wish.error());
    told.problem = problem_text(wish.error());
    return told;
  }
  told.is_planned = wish->before.has_value();
  FARHOLM_TRY(told.layers, comparer.compare(wish->before ? &wish->before->plan : nullptr, wish->plan));
  return told;
}

}  // namespace

io::Task<object::Answer<json::Value>> Previewer::review(apiserver::User user, std::string name_space,
                                                        json::Value review) {
  if (running_ == kPreviewsMax)
    co_return std::unexpected(
        object::Failure({.code = ErrorCode::TooManyRequests,
                         .message = "too many previews are being made already: try again in a moment"}));
  const Running running(running_);
  PreviewStore store(parts_.store);
  PreviewBlobs blobs(parts_.content);
  PreviewObjects objects({parts_.world, store, blobs, parts_.catalog, parts_.authorizer}, std::move(user));
  const auto& spec = review["spec"];
  FARHOLM_CO_TRY(const auto keys, co_await objects.apply(spec["objects"], name_space));
  const std::set<store::Key> given(keys.begin(), keys.end());

  Planner planner({parts_.world, store, blobs, parts_.authority, parts_.version_key});
  Comparer comparer(blobs);
  PreviewGroups groups;
  const auto* only = json::find_array(spec, "sites");
  const auto is_asked = [&](const store::Entry& site) {
    if (!given.contains(site.key) && !given.contains(profile_of(site))) return false;
    if (only == nullptr || only->empty()) return true;
    return site.key.name_space == name_space &&
           std::ranges::find(*only, json::Value(site.key.name)) != only->end();
  };
  FARHOLM_CO_TRY(const auto sites, store.list(kSites, {}));
  std::size_t planned = 0;
  for (const auto& site : sites.entries) {
    if (!is_asked(*site)) continue;
    if (planned == kPreviewSitesMax || (!given.contains(site->key) && !objects.allowed(site->key, "get"))) {
      groups.omit();
      continue;
    }
    ++planned;
    FARHOLM_CO_TRY(const auto told, forecast(*site, planner, comparer));
    groups.add(told);
    co_await parts_.world.loop.yield();  // planning many sites must not hold up everybody else
  }

  json::Value status = groups.status();
  for (const auto& key : given)
    if (key.resource == kProfiles)
      status["revisions"].push_back({{"namespace", key.name_space},
                                     {"name", key.name},
                                     {"before", latest_revision(parts_.store.get(key))},
                                     {"after", latest_revision(store.get(key))}});
  co_return status;
}

}  // namespace farholm::hub
