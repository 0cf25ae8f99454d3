// A hub and hosts that pair with it, get plans, report, and lose each other.
#include <gmock/gmock.h>

#include "agent/uplink/hub_client.h"
#include "agent/uplink/pairing_client.h"
#include "agent/uplink/test_fleet.h"
#include "content/fetch.h"
#include "hub/host.h"
#include "trust/registration_token.h"
#include "trust/sealed_value.h"

namespace farholm::agent {
namespace {

using UplinkTest = FleetTest;

TEST_F(UplinkTest, AHostWithATokenPairsFollowsItsPlanAndSaysSo) {
  start_hub();
  const auto token = prepare_store();
  auto& host = start_host("edge", token, "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }))
      << testing::PrintToString(sink_.lines) << site().dump(1);
  ASSERT_EQ(all(hub::kHosts).size(), 1U);
  const auto edge = all(hub::kHosts).front();
  EXPECT_EQ(edge->key.name_space, "retail");
  EXPECT_EQ(hub::status_text(edge->value, "phase"), "Connected");
  EXPECT_EQ(hub::status_text(edge->value, "site"), "store-1");
  EXPECT_EQ(edge->value["status"]["capacity"]["cpus"], 4);
  ASSERT_TRUE(host.site->plan());
  EXPECT_EQ(host.site->plan()->generation, 1);
  EXPECT_EQ(host.site->plan()->variables.at("number"), "0042");
  EXPECT_EQ(site()["status"]["layers"][0]["state"], "Healthy");

  host.site->become(false);
  EXPECT_TRUE(comes_true([&] { return condition(site(), "Ready") == "False"; }));
}

TEST_F(UplinkTest, ASecretReachesTheHostSealedAndThePlanNamesItsVersionOnly) {
  start_hub();
  auto& host = start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return host.site->plan() != nullptr; }));
  const auto& plan = *host.site->plan();
  EXPECT_THAT(profile::to_payload(plan), testing::Not(testing::HasSubstr("canary")));
  const auto& sealed = plan.sealed.at("cardKey");
  auto& machine = world_.machine("edge");
  content::BlobStore store(machine.files(), "/content", log_);
  const auto digest = *crypto::Digest::parse(sealed.envelopes.at(plan.hosts[0].uid));
  const content::Fetcher fetcher{
      .loop = loop(), .store = store, .sources = host.site->sources, .report = {}, .progress = {}};
  const auto fetched = loop().run(content::fetch_blob(fetcher, {.digest = digest, .size_bytes = {}}));
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  const auto identity = open_identity(machine.files(), machine.entropy(), StateFolder{kState}.identity());
  const auto opened = trust::open_value(identity->sealing,
                                        {.site = plan.site_uid, .name = "cardKey", .version = sealed.version},
                                        *store.read(digest, 1 << 20));
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, "\"canary-4711\"");
}

TEST_F(UplinkTest, AHostWithoutATokenWaitsUntilAnOperatorApprovesIt) {
  start_hub();
  start_host("edge", "", "machine-1");
  ASSERT_TRUE(comes_true([&] { return all(hub::kHosts).size() == 1; }));
  const auto waiting = all(hub::kHosts).front();
  EXPECT_EQ(waiting->key.name_space, "farholm-unassigned");
  EXPECT_EQ(hub::status_text(waiting->value, "phase"), "Pending");
  const auto revision = hub_->store().revision();
  pass(std::chrono::minutes(2));
  EXPECT_EQ(hub_->store().revision(), revision) << "asking again is not a write";
  ask("PATCH", "/apis/farholm.dev/v1alpha1/namespaces/farholm-unassigned/edgehosts/" + waiting->key.name,
      {{"spec", {{"approval", "Approved"}}}});
  EXPECT_TRUE(comes_true([&] { return condition(all(hub::kHosts).front()->value, "Ready") == "True"; }));
}

TEST_F(UplinkTest, ATokenThatIsUsedUpLetsNobodyElseInAndAnEventSaysSo) {
  start_hub();
  const auto token = prepare_store(/*hosts_max=*/1);
  start_host("edge", token, "machine-1");
  ASSERT_TRUE(comes_true([&] { return all(hub::kHosts).size() == 1; }));
  start_host("other", token, "machine-2");
  EXPECT_TRUE(comes_true([&] { return has_event("HostRefused"); }));
  EXPECT_EQ(all(hub::kHosts).size(), 1U);
  const auto used = hub_->store().get(hub::key_of(hub::kTokens, "retail", "stores"));
  EXPECT_EQ(used->value["status"]["usedHosts"], 1);
  EXPECT_EQ(condition(used->value, "Ready", "reason"), "UsedUp");
}

TEST_F(UplinkTest, AWrongSecretIsRefusedAndAnEventSaysSo) {
  start_hub();
  auto token = prepare_store();
  token[token.find('.') + 3] ^= 1;
  start_host("edge", token, "machine-1");
  EXPECT_TRUE(comes_true([&] { return has_event("WrongToken"); }));
  EXPECT_TRUE(all(hub::kHosts).empty());
}

TEST_F(UplinkTest, ATokenOfAnotherRootIsNotSentToThisHub) {
  start_hub();
  auto token = *trust::parse_registration_token(prepare_store());
  token.root = crypto::Digest::of("another");
  world_.add_machine("edge");
  const UplinkOptions options{.state = {kState},
                              .hub = "hub:8443",
                              .token = token.to_text(),
                              .machine_id = "m",
                              .sysroot = {},
                              .inventory = {}};
  auto world = world_.machine("edge").world();
  const auto root = loop().run(obtain_root(world, log_, options, false));
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, ErrorCode::Forbidden);
}

TEST_F(UplinkTest, WhatHappenedIsToldToTheHubOnceAndInOrderHoweverOftenItGoesAway) {
  start_hub();
  auto& host = start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  const auto told = [&] {
    std::map<std::int64_t, std::string> by_revision;
    for (const auto& event : all("/events"))
      if (json::string_or(event->value, "reportingComponent") == "farholm-agent")
        by_revision[event->created_revision] = json::string_or(event->value, "reason");
    std::vector<std::string> reasons;
    for (auto& [revision, reason] : by_revision) reasons.push_back(reason);
    return reasons;
  };
  std::vector<std::string> expected;
  const auto happens = [&](const std::string& reason) {
    host.site->events().record(true, reason, "till", "no pod is ready");
    expected.push_back(reason);
  };
  happens("First");
  ASSERT_TRUE(comes_true([&] { return told() == expected; }));
  const auto event = [&] {
    for (const auto& one : all("/events"))
      if (json::string_or(one->value, "reason") == "First") return one->value;
    return json::Value();
  }();
  EXPECT_EQ(event["involvedObject"]["kind"], "Site");
  EXPECT_EQ(event["involvedObject"]["name"], "store-1");
  EXPECT_EQ(event["involvedObject"]["fieldPath"], "spec.layers{till}");
  EXPECT_EQ(event["source"]["component"], "farholm-agent");
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["message"], "layer till: no pod is ready");

  drop_hub();
  expected.clear();  // what the hub had is too old for it a month later
  for (int i = 0; i < 100; ++i) happens("Offline" + std::to_string(i));
  pass(std::chrono::hours(24 * 30));
  start_hub();
  ASSERT_TRUE(comes_true([&] { return told() == expected; })) << testing::PrintToString(told());
  EXPECT_TRUE(comes_true([&] { return host.site->events().undelivered().events.empty(); }));

  // The box forgets all of it, and begins with the same numbers.
  stop_host("edge");
  ASSERT_TRUE(io::write_file_atomically(world_.machine("edge").files(), StateFolder{kState}.events(), ""));
  auto& anew = start_host("edge", "", "machine-1");
  anew.site->events().record(false, "Last", "", "");
  expected.emplace_back("Last");
  ASSERT_TRUE(comes_true([&] { return told() == expected; })) << testing::PrintToString(told());
}

TEST_F(UplinkTest, AfterMoreThanAYearAloneAHostIsTheSameHost) {
  start_hub();
  auto& host = start_host("edge", prepare_store(/*hosts_max=*/1), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  const auto before = all(hub::kHosts).front()->value;
  drop_hub();
  pass(std::chrono::hours(24 * 400));
  EXPECT_FALSE(host.uplink->connected());
  start_hub();
  ASSERT_TRUE(comes_true([&] { return host.uplink->connected(); }, std::chrono::hours(1)))
      << testing::PrintToString(sink_.lines);
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  ASSERT_EQ(all(hub::kHosts).size(), 1U);
  EXPECT_EQ(all(hub::kHosts).front()->value["metadata"]["uid"], before["metadata"]["uid"]);
}

// A machine whose clock is off by so many days when it begins.
class WrongClockTest : public FleetTest, public testing::WithParamInterface<int> {
 protected:
  void set_clock() {
    if (made_.insert("edge").second) world_.add_machine("edge");
    world_.machine("edge").clock().set_skew(std::chrono::hours(24 * GetParam()));
  }
  io::Duration error_of(const Host& host) {
    return std::chrono::abs(host.time->clock().now() - world_.time().now());
  }
};

TEST_P(WrongClockTest, IsNoReasonNotToPair) {
  start_hub();
  const auto token = prepare_store();
  set_clock();
  auto& host = start_host("edge", token, "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }))
      << testing::PrintToString(sink_.lines);
  EXPECT_LT(error_of(host), std::chrono::minutes(1));
  EXPECT_TRUE(host.time->clock().is_known());
  EXPECT_NE(host.time->clock().trouble(), "") << "somebody should set it";
}

TEST_P(WrongClockTest, AfterAPowerCutIsNoReasonNotToComeBack) {
  start_hub();
  start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  stop_host("edge");
  drop_hub();
  pass(std::chrono::hours(24 * 100));  // the certificate has ended meanwhile
  set_clock();
  start_hub();
  auto& host = start_host("edge", "", "machine-1");
  ASSERT_TRUE(comes_true([&] { return host.uplink->connected(); }, std::chrono::hours(1)))
      << testing::PrintToString(sink_.lines);
  EXPECT_LT(error_of(host), std::chrono::minutes(1));
  // And while it is connected.
  world_.machine("edge").clock().jump(-std::chrono::hours(24 * 3000));
  EXPECT_LT(error_of(host), std::chrono::minutes(1));
}

INSTANTIATE_TEST_SUITE_P(Days, WrongClockTest,
                         testing::Values(-365 * 56, -365 * 10, -2, 2, 365 * 3, 365 * 30, 365 * 170));

TEST_F(UplinkTest, AnotherKeyWithAKnownMachineIdWaitsForAPersonToDecide) {
  start_hub();
  const auto token = prepare_store(/*hosts_max=*/5);
  start_host("edge", token, "03000200-0400-0500-0006-000700080009");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  start_host("twin", token, "03000200-0400-0500-0006-000700080009");
  ASSERT_TRUE(comes_true([&] { return all(hub::kHosts).size() == 2; }));
  const auto find_twin = [&]() -> store::EntryRef {
    for (const auto& host : all(hub::kHosts))
      if (!condition(host->value, "MachineIDConflict").empty()) return host;
    return nullptr;
  };
  ASSERT_TRUE(find_twin());
  EXPECT_EQ(hub::status_text(find_twin()->value, "phase"), "Pending");
  pass(std::chrono::minutes(1));
  EXPECT_FALSE(hosts_.at("twin")->uplink->connected());
  ask("PATCH", in_retail("edgehosts/") + find_twin()->key.name,
      {{"spec", {{"machineIDConflict", "Separate"}}}});
  EXPECT_TRUE(comes_true([&] { return condition(find_twin()->value, "Ready") == "True"; }));
  EXPECT_EQ(all(hub::kHosts).size(), 2U);
}

TEST_F(UplinkTest, AHubThatLosesItsPowerForgetsNothing) {
  start_hub();
  auto& host = start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  const auto before = site();
  const auto name = all(hub::kHosts).front()->key.name;
  hub_machine_.cut_power();
  drop_hub();
  pass(std::chrono::minutes(30));
  EXPECT_FALSE(host.uplink->connected());
  hub_machine_.restart(io::sim::Survival::Nothing);
  start_hub();
  EXPECT_EQ(site(), before);
  ASSERT_TRUE(comes_true([&] { return host.uplink->connected(); }, std::chrono::minutes(20)));
  pass(std::chrono::minutes(1));
  EXPECT_EQ(all(hub::kHosts).front()->key.name, name);
  EXPECT_EQ(site()["status"]["plan"], before["status"]["plan"]) << "nothing was planned anew";
  EXPECT_EQ(condition(site(), "Ready"), "True");
}

TEST_F(UplinkTest, AHubKilledAmidWritesKeepsWhatItAcknowledged) {
  start_hub();
  std::set<std::string> acknowledged;
  int next = 0;
  for (const std::size_t kill_after : {1U, 3U, 7U}) {
    const auto end = acknowledged.size() + kill_after;
    while (acknowledged.size() < end) {
      const std::string name = "n" + std::to_string(next++);
      ask("POST", "/api/v1/namespaces",
          {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
      acknowledged.insert(name);
    }
    // One more is under way when the process dies; it may be there afterwards or not.
    hub_scope_->spawn([](store::Store& store, std::string name) -> io::Task<void> {
      (void)co_await store::create(store, {"/namespaces", "", name}, {{"metadata", {{"name", name}}}});
    }(hub_->store(), "under-way" + std::to_string(next)));
    hub_machine_.files().drop_open_files();
    drop_hub();
    start_hub();
    for (const auto& name : acknowledged) EXPECT_TRUE(hub_->store().get({"/namespaces", "", name})) << name;
  }
}

TEST_F(UplinkTest, AnIdleFleetWritesNothing) {
  start_hub();
  start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  pass(std::chrono::minutes(1));
  const auto revision = hub_->store().revision();
  pass(std::chrono::minutes(30));
  EXPECT_EQ(hub_->store().revision(), revision);
}

TEST_F(UplinkTest, AHostThatIsAwayIsSaidToBeAwayAndComesBackAsTheSame) {
  start_hub();
  const auto token = prepare_store();
  start_host("edge", token, "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  pass(std::chrono::minutes(7));  // the hub knows who is there
  stop_host("edge");
  EXPECT_TRUE(comes_true([&] { return condition(site(), "Connected") == "False"; }));
  EXPECT_EQ(condition(site(), "Ready"), "Unknown");
  start_host("edge", token, "machine-1");
  EXPECT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  EXPECT_EQ(all(hub::kHosts).size(), 1U);
}

TEST_F(UplinkTest, AHubThatCanKeepNoLinkIsDialledLessAndLess) {
  start_hub();
  auto& host = start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  hub_machine_.files().set_capacity(hub_machine_.files().used_bytes());
  host.site->become(false);
  const auto before = sink_.lines.size();
  pass(std::chrono::hours(2));
  const auto links = std::ranges::count_if(
      sink_.lines.begin() + static_cast<std::ptrdiff_t>(before), sink_.lines.end(),
      [](const std::string& line) { return line.find("linked to the hub") != std::string::npos; });
  EXPECT_GT(links, 10) << "it is tried again";
  EXPECT_LT(links, 120) << "but not all the time";
  hub_machine_.files().set_capacity(io::sim::kSimDiskBytesDefault);
  EXPECT_TRUE(comes_true([&] { return condition(site(), "Ready") == "False"; }, std::chrono::minutes(10)));
}

TEST_F(UplinkTest, AChangedVariableMakesANewPlanAndAnUnchangedWishDoesNot) {
  start_hub();
  auto& host = start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  ask("PATCH", in_retail("sites/store-1"), {{"spec", {{"variables", {{"number", "0043"}}}}}});
  ASSERT_TRUE(comes_true([&] { return host.site->plan()->generation == 2; }));
  EXPECT_EQ(host.site->plan()->variables.at("number"), "0043");
  ask("PATCH", in_retail("clusterprofiles/store"), {{"spec", {{"sharedWith", {"other"}}}}});
  ask("PATCH", "/api/v1/namespaces/retail/secrets/card", {{"stringData", {{"unrelated", "x"}}}});
  pass(std::chrono::minutes(1));
  EXPECT_EQ(host.site->plan()->generation, 2);
  ask("PATCH", "/api/v1/namespaces/retail/secrets/card", {{"stringData", {{"card", "another"}}}});
  EXPECT_TRUE(comes_true([&] { return host.site->plan()->generation == 3; }));
}

TEST_F(UplinkTest, AMaintenancePolicyTravelsInThePlanAndIsNotForgottenWhenItIsDeleted) {
  start_hub();
  auto& host = start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  EXPECT_FALSE(host.site->plan()->maintenance);
  ask("PATCH", in_retail("sites/store-1"), {{"spec", {{"maintenancePolicy", {{"name", "shops"}}}}}});
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Planned") == "False"; }));
  EXPECT_THAT(condition(site(), "Planned", "message"),
              testing::HasSubstr("no MaintenancePolicy shops in namespace retail"));
  ask("POST", in_retail("maintenancepolicies"),
      {{"apiVersion", "farholm.dev/v1alpha1"},
       {"kind", "MaintenancePolicy"},
       {"metadata", {{"name", "shops"}}},
       {"spec", {{"timeZone", "Europe/Berlin"}}}});
  ASSERT_TRUE(comes_true([&] { return host.site->plan()->generation == 2; }));
  EXPECT_EQ(host.site->plan()->maintenance->time_zone, "Europe/Berlin");
  const auto window = json::Value{{"days", {"Tue"}}, {"startTime", "02:00"}, {"endTime", "05:00"}};
  ask("PATCH", in_retail("maintenancepolicies/shops"),
      {{"spec", {{"updateWindows", json::Value::array({window})}}}});
  ASSERT_TRUE(comes_true([&] { return host.site->plan()->generation == 3; }));
  EXPECT_EQ(host.site->plan()->maintenance->update_windows.size(), 1U);
  ask("DELETE", in_retail("maintenancepolicies/shops"));
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Planned") == "False"; }));
  EXPECT_EQ(host.site->plan()->generation, 3) << "a site without its policy would be changed at any time";
}

TEST_F(UplinkTest, AnExpiredCertificateIsGoodForRenewingItselfAndForNothingElse) {
  start_hub();
  start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return condition(site(), "Ready") == "True"; }));
  stop_host("edge");
  auto& machine = world_.machine("edge");
  for (auto* one : {&machine, &hub_machine_}) one->clock().jump(std::chrono::hours(24 * 100));
  const auto identity = open_identity(machine.files(), machine.entropy(), StateFolder{kState}.identity());
  auto state = load_hub_state(machine.files(), StateFolder{kState}.hub());
  auto client = HubClient::make(machine.world(), *state, *identity);
  const auto blob = "/content/v1/blobs/" + crypto::Digest::of("x").to_string();
  const auto refused = loop().run((*client)->get(blob, 1024));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unauthorized);
  const auto renewed = loop().run(renew_certificate(**client, *identity, *state));
  ASSERT_TRUE(renewed) << renewed.error().to_string();
  ASSERT_TRUE((*client)->reload(*state, *identity));
  const auto absent = loop().run((*client)->get(blob, 1024));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::NotFound);
}

TEST_F(UplinkTest, ARejectedHostIsCutOff) {
  start_hub();
  auto& host = start_host("edge", prepare_store(), "machine-1");
  ASSERT_TRUE(comes_true([&] { return host.uplink->connected(); }));
  const auto name = all(hub::kHosts).front()->key.name;
  ask("PATCH", in_retail("edgehosts/") + name, {{"spec", {{"approval", "Rejected"}}}});
  EXPECT_TRUE(comes_true([&] { return !host.uplink->connected(); }));
  pass(std::chrono::minutes(5));
  EXPECT_FALSE(host.uplink->connected());
  EXPECT_EQ(hub::status_text(all(hub::kHosts).front()->value, "phase"), "Rejected");
}

}  // namespace
}  // namespace farholm::agent
