#include "sim/people.h"

#include <fmt/format.h>

#include "agent/control_server.h"
#include "agent/hold.h"
#include "base/encoding.h"
#include "io/scope.h"

namespace farholm::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kProfiles = 3;
// The mean between two things that operators do, for each site that there is, and that people on site do.
constexpr io::Duration kOperatorPause = 48h;
constexpr io::Duration kShopPause = 10 * 24h;

std::string in_retail(std::string_view plural, std::string_view name = {}) {
  return fmt::format("/apis/farholm.dev/v1alpha1/namespaces/retail/{}{}{}", plural, name.empty() ? "" : "/",
                     name);
}

json::Value object(const char* kind, const std::string& name, json::Value spec) {
  return {{"apiVersion", "farholm.dev/v1alpha1"},
          {"kind", kind},
          {"metadata", {{"name", name}}},
          {"spec", std::move(spec)}};
}

json::Value config_map(const char* name, json::Value data) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", name}, {"namespace", "default"}}},
          {"data", std::move(data)}};
}

json::Value deployment(const char* name, json::Value annotations) {
  const json::Value labels{{"app", name}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", name}, {"namespace", "default"}}},
          {"spec",
           {{"selector", {{"matchLabels", labels}}},
            {"template",
             {{"metadata", {{"labels", labels}, {"annotations", std::move(annotations)}}},
              {"spec",
               {{"containers",
                 json::Value::array({{{"name", name}, {"image", "registry.example/app:1"}}})}}}}}}}};
}

json::Value layer(const char* name, json::Value one, bool pulls = false) {
  json::Value result{
      {"name", name}, {"type", "manifests"}, {"content", {{"inline", json::Value::array({std::move(one)})}}}};
  if (pulls) result["allowPull"] = true;
  return result;
}

json::Value window(const char* start, const char* end) {
  return {{"startTime", start}, {"endTime", end}};
}

// Of which a site may name one.
const std::vector<std::pair<std::string, json::Value>>& policies() {
  static const std::vector<std::pair<std::string, json::Value>> all{
      {"nights", {{"timeZone", "UTC"}, {"updateWindows", json::Value::array({window("22:00", "05:00")})}}},
      {"shops", {{"timeZone", "UTC"}, {"protectedHours", json::Value::array({window("07:00", "20:00")})}}},
      {"careful",
       {{"timeZone", "UTC"},
        {"updateWindows", json::Value::array({window("01:00", "04:30")})},
        {"downloadWindows", json::Value::array({window("20:00", "01:00")})},
        {"protectedHours", json::Value::array({window("06:00", "21:00")})}}}};
  return all;
}

}  // namespace

People::People(io::Loop& loop, Dice dice, HubMachine& hub, Ledger& ledger,
               const std::vector<std::unique_ptr<Site>>& sites)
    : loop_(loop), dice_(dice), hub_(hub), ledger_(ledger), sites_(sites), profiles_(kProfiles) {}

json::Value People::profile_spec(std::size_t profile) const {
  const auto& is = profiles_[profile];
  json::Value layers = json::Value::array();
  layers.push_back(layer("network", config_map("network", {{"version", std::to_string(is.network)}})));
  layers.push_back(
      layer("till", deployment("till", {{"number", "${number}"}, {kBehaviour, "${behaviour}"}}), true));
  if (is.extra) layers.push_back(layer("extra", deployment("extra", {{"number", "${number}"}}), true));
  layers.push_back(layer("sign", deployment("sign", {{"text", "open"}}), true));
  return {{"variables", json::Value::array({{{"name", "number"}, {"default", "0"}},
                                            {{"name", "behaviour"}, {"default", kHealthy}}})},
          {"layers", std::move(layers)}};
}

io::Task<Result<void>> People::prepare() {
  FARHOLM_CO_CHECK(
      co_await hub_.ask("POST", "/api/v1/namespaces",
                        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "retail"}}}}));
  for (const auto& [name, spec] : policies())
    FARHOLM_CO_CHECK(co_await hub_.write("POST", in_retail("maintenancepolicies"),
                                         object("MaintenancePolicy", name, spec)));
  for (std::size_t i = 0; i < kProfiles; ++i)
    FARHOLM_CO_CHECK(
        co_await hub_.write("POST", in_retail("clusterprofiles"),
                            object("ClusterProfile", fmt::format("profile-{}", i), profile_spec(i))));
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    auto& site = *sites_[i];
    FARHOLM_CO_CHECK(co_await hub_.write(
        "POST", in_retail("sites"),
        object("Site", site.name(),
               {{"profile", {{"name", fmt::format("profile-{}", i % kProfiles)}}},
                {"hosts", {{"selector", {{"matchLabels", {{"store", site.name()}}}}}}}})));
    FARHOLM_CO_CHECK(co_await hub_.ask("POST", in_retail("registrationtokens"),
                                       object("RegistrationToken", site.name(),
                                              {{"maxHosts", 1}, {"hostLabels", {{"store", site.name()}}}})));
    FARHOLM_CO_TRY(const auto secret,
                   co_await hub_.ask("GET", "/api/v1/namespaces/retail/secrets/" + site.name() + "-token"));
    const auto bytes = from_base64(json::string_or(secret["data"], "token"));
    if (!bytes) co_return fail(ErrorCode::Invalid, "the token is no base64");
    site.set_token(std::string(as_text(*bytes)));
  }
  co_return Result<void>();
}

io::Task<void> People::live() {
  io::Scope scope(loop_);
  scope.spawn(operate());
  for (const auto& site : sites_) scope.spawn(keep_shop(*site));
  co_await scope.join();
}

io::Task<Result<void>> People::edit_site(Site& site, json::Value spec) {
  const auto edited =
      co_await hub_.write("PATCH", in_retail("sites", site.name()), {{"spec", std::move(spec)}});
  if (!edited) {
    ledger_.tell(fmt::format("the hub does not take an edit of {}: {}", site.name(), edited.error().message));
    co_return std::unexpected(edited.error());
  }
  co_return Result<void>();
}

io::Task<void> People::operate() {
  while (true) {
    co_await loop_.sleep(dice_.about(kOperatorPause / static_cast<std::int64_t>(sites_.size())));
    auto& site = *dice_.one_of(sites_);
    const auto number = std::to_string(++edits_);
    const auto chance = dice_.below(20);
    if (chance < 8) {
      ledger_.injected(Fault::EditVariable, site.name());
      const auto behaviour = dice_.once_in(4) ? kSlow : kHealthy;
      co_await edit_site(site, {{"variables", {{"number", number}, {kBehaviour, behaviour}}}});
    } else if (chance < 12) {
      ledger_.injected(Fault::BadPlan, site.name());
      const auto behaviour = dice_.once_in(2) ? kCrashes : kStuck;
      co_await edit_site(site, {{"variables", {{"number", number}, {kBehaviour, behaviour}}}});
    } else if (chance < 16) {
      ledger_.injected(Fault::EditPolicy, site.name());
      json::Value policy;
      if (!dice_.once_in(3)) policy = {{"name", dice_.one_of(policies()).first}};
      co_await edit_site(site, {{"maintenancePolicy", policy}});
    } else {
      const auto index = dice_.below(kProfiles);
      const auto name = fmt::format("profile-{}", index);
      ledger_.injected(Fault::EditProfile, name);
      auto& profile = profiles_[index];
      if (dice_.once_in(2)) {
        ++profile.network;
      } else {
        profile.extra = !profile.extra;
      }
      const auto edited = co_await hub_.write("PATCH", in_retail("clusterprofiles", name),
                                              {{"spec", {{"layers", profile_spec(index)["layers"]}}}});
      if (!edited) ledger_.tell(fmt::format("the hub does not take {}: {}", name, edited.error().message));
    }
  }
}

io::Task<void> People::keep_shop(Site& site) {
  while (true) {
    co_await loop_.sleep(dice_.about(kShopPause));
    const auto world = site.machine().world();
    if (!site.machine().files().powered()) continue;
    if (dice_.once_in(2)) {
      ledger_.injected(Fault::Retry, site.name());
      co_await site.retry();
      continue;
    }
    ledger_.injected(Fault::Hold, site.name());
    const agent::Hold hold{.until = world.clock.now() + dice_.between(1h, 36h), .reason = "stocktaking"};
    if (agent::write_hold(world.files, site.state().hold(), hold))
      static_cast<void>(co_await agent::have_agent_look(world, site.state().socket()));
  }
}

io::Task<void> People::mend() {
  for (const auto& site : sites_) {
    const json::Value spec{{"maintenancePolicy", nullptr},
                           {"variables", {{"number", std::to_string(++edits_)}, {kBehaviour, kHealthy}}}};
    while (!co_await edit_site(*site, spec)) co_await loop_.sleep(1min);
    const auto world = site->machine().world();
    while (!agent::remove_hold(world.files, site->state().hold())) co_await loop_.sleep(1min);
    static_cast<void>(co_await agent::have_agent_look(world, site->state().socket()));
  }
}

}  // namespace farholm::sim
