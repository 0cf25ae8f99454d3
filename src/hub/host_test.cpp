#include "hub/host.h"

#include <gtest/gtest.h>

#include "hub/conditions.h"

namespace farholm::hub {
namespace {

const io::WallTime kNow{std::chrono::seconds(1'800'000'000)};

json::Value host(const char* approval) {
  auto made = make_host("retail", "edge-1", "uid", kNow);
  made["spec"]["approval"] = approval;
  return made;
}

TEST(Host, IsReadyWhenApprovedAndConnected) {
  auto approved = host("Approved");
  judge_host(approved, Presence::Connected, kNow);
  EXPECT_EQ(status_text(approved, "phase"), "Connected");
  EXPECT_EQ(condition_status(approved, "Ready"), "True");
  judge_host(approved, Presence::Lost, kNow);
  EXPECT_EQ(status_text(approved, "phase"), "Disconnected");
  EXPECT_EQ(condition_status(approved, "Ready"), "False");
}

TEST(Host, SaysThatItIsSimulatedOnlyWhenItIs) {
  auto approved = host("Approved");
  EXPECT_FALSE(is_simulated({{"host", "edge-1"}}));
  EXPECT_FALSE(is_simulated({{"simulated", "yes"}}));
  EXPECT_TRUE(is_simulated({{"simulated", true}}));
  judge_report(approved, {{"simulated", true}}, kNow);
  EXPECT_EQ(condition_status(approved, "Simulated"), "True");
  judge_report(approved, nullptr, kNow);
  EXPECT_EQ(condition_status(approved, "Simulated"), "");
}

TEST(Host, SaysWhatItsAgentSaysIsWrong) {
  const auto report = [](json::Value degraded) -> json::Value {
    degraded["type"] = "Degraded";
    return {{"status", {{"conditions", json::Value::array({std::move(degraded)})}}}};
  };
  const auto ill = report({{"status", "True"}, {"reason", "HostTrouble"}, {"message", "The disk is full."}});
  const auto well = report({{"status", "False"}, {"reason", "AsExpected"}, {"message", "nothing is wrong"}});
  auto approved = host("Approved");
  judge_report(approved, ill, kNow);
  EXPECT_EQ(condition_status(approved, "Degraded"), "True");
  EXPECT_EQ(approved["status"]["conditions"][0]["message"], "The disk is full.");
  judge_report(approved, well, kNow);
  EXPECT_EQ(condition_status(approved, "Degraded"), "False");
  judge_report(approved, report({{"status", {1, 2}}, {"reason", 7}}), kNow);
  EXPECT_EQ(condition_status(approved, "Degraded"), "Unknown") << "whatever a host may send";
  judge_report(approved, nullptr, kNow);
  EXPECT_EQ(condition_status(approved, "Degraded"), "");
  EXPECT_TRUE(says_the_same(ill, ill));
  EXPECT_FALSE(says_the_same(ill, well));
  EXPECT_FALSE(says_the_same(ill, nullptr));
  EXPECT_TRUE(says_the_same(nullptr, {{"host", "edge-1"}}));
}

TEST(Host, AShortBreakChangesNothing) {
  auto approved = host("Approved");
  judge_host(approved, Presence::Connected, kNow);
  const auto before = approved;
  judge_host(approved, Presence::AsBefore, kNow + std::chrono::hours(1));
  EXPECT_EQ(approved, before);
  judge_host(approved, Presence::Connected, kNow + std::chrono::hours(2));
  EXPECT_EQ(approved, before);
}

TEST(Host, WaitsUntilSomebodyDecides) {
  auto pending = host("Pending");
  judge_host(pending, Presence::AsBefore, kNow);
  EXPECT_EQ(status_text(pending, "phase"), "Pending");
  EXPECT_FALSE(may_join(pending));
  auto rejected = host("Rejected");
  judge_host(rejected, Presence::AsBefore, kNow);
  EXPECT_EQ(status_text(rejected, "phase"), "Rejected");
}

TEST(Host, AConflictHoldsUpEvenAnApprovedOneUntilItIsDecided) {
  auto twin = host("Approved");
  set_condition(twin, {"MachineIDConflict", "True", "KnownMachineID", "another"}, kNow);
  EXPECT_FALSE(may_join(twin));
  judge_host(twin, Presence::AsBefore, kNow);
  EXPECT_EQ(condition_status(twin, "Approved"), "False");
  twin["spec"]["machineIDConflict"] = "Separate";
  EXPECT_TRUE(may_join(twin));
  judge_host(twin, Presence::AsBefore, kNow);
  EXPECT_EQ(condition_status(twin, "MachineIDConflict"), "False");
}

TEST(Condition, ItsTimeMovesOnlyWithItsStatus) {
  json::Value object{{"metadata", {{"generation", 3}}}};
  set_condition(object, {"Ready", "False", "A", "a"}, kNow);
  const auto first = object["status"]["conditions"][0]["lastTransitionTime"];
  set_condition(object, {"Ready", "False", "B", "b"}, kNow + std::chrono::hours(1));
  EXPECT_EQ(object["status"]["conditions"][0]["lastTransitionTime"], first);
  set_condition(object, {"Ready", "True", "C", "c"}, kNow + std::chrono::hours(1));
  EXPECT_NE(object["status"]["conditions"][0]["lastTransitionTime"], first);
  EXPECT_EQ(object["status"]["conditions"][0]["observedGeneration"], 3);
}

}  // namespace
}  // namespace farholm::hub
