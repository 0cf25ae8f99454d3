#include "hub/site_status.h"

#include <gtest/gtest.h>

#include "hub/conditions.h"

namespace farholm::hub {
namespace {

const io::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class SiteStatus : public testing::Test {
 protected:
  SiteStatus() {
    record_.payload = "sha256:" + std::string(64, 'a');
    record_.generation = 1;
    plan_.layers.push_back({.name = "till", .type = "manifests"});
    facts_.record = &record_;
    facts_.plan = &plan_;
  }
  json::Value report(const char* ready, const std::string& state, std::string plan = "") {
    if (plan.empty()) plan = record_.payload;
    return {{"plan", {{"digest", plan}}},
            {"status",
             {{"conditions", json::Value::array({{{"type", "Ready"}, {"status", ready}, {"reason", "R"}}})},
              {"layers", json::Value::array({{{"name", "till"}, {"state", state}}})}}}};
  }
  json::Value judged() {
    json::Value site{{"metadata", {{"generation", 1}}}};
    judge_site(site, facts_, kNow);
    return site;
  }
  PlanRecord record_;
  profile::SitePlan plan_;
  SiteFacts facts_;
};

TEST_F(SiteStatus, IsReadyWhenEveryHostFollowsThePlanAndIs) {
  facts_.hosts = {{"a", true, report("True", "Healthy")}, {"b", true, report("True", "Healthy")}};
  EXPECT_EQ(condition_status(judged(), "Ready"), "True");
  facts_.hosts[1].report = report("False", "Failed");
  const auto site = judged();
  EXPECT_EQ(condition_status(site, "Ready"), "False");
  EXPECT_EQ(site["status"]["layers"][0]["state"], "Failed") << "of several hosts the worst";
}

TEST_F(SiteStatus, IsNotReadyWhileAHostFollowsAnOlderPlan) {
  facts_.hosts = {{"a", true, report("True", "Healthy", "sha256:" + std::string(64, 'b'))}};
  EXPECT_EQ(condition_status(judged(), "Ready"), "False");
}

TEST_F(SiteStatus, IsUnknownWhileAHostIsAway) {
  facts_.hosts = {{"a", false, report("True", "Healthy")}};
  EXPECT_EQ(condition_status(judged(), "Ready"), "Unknown");
  EXPECT_EQ(condition_status(judged(), "Connected"), "False");
}

TEST_F(SiteStatus, SaysWhyItCannotBePlanned) {
  facts_.problem = Error{.code = ErrorCode::Invalid, .message = "no such profile", .trail = {}, .causes = {}};
  facts_.record = nullptr;
  facts_.plan = nullptr;
  EXPECT_EQ(condition_status(judged(), "Planned"), "False");
  EXPECT_EQ(condition_status(judged(), "Ready"), "False");
}

TEST_F(SiteStatus, SaysThatItIsSimulatedWhenAHostIs) {
  auto simulated = report("True", "Healthy");
  simulated["simulated"] = true;
  facts_.hosts = {{"a", true, report("True", "Healthy")}, {"b", true, simulated}};
  auto site = judged();
  EXPECT_EQ(condition_status(site, "Simulated"), "True");
  EXPECT_EQ(condition_status(site, "Ready"), "True");
  for (const auto& condition : site["status"]["conditions"]) {
    if (condition["type"] == "Ready") {
      EXPECT_EQ(condition["message"], "Every layer of the newest plan is healthy. The site is simulated.");
    }
    if (condition["type"] == "Simulated") {
      EXPECT_EQ(condition["message"], "No container runs on b: the site is simulated there.");
    }
  }
  facts_.hosts.pop_back();
  judge_site(site, facts_, kNow);
  EXPECT_EQ(condition_status(site, "Simulated"), "") << "a real site does not have the condition";
}

TEST_F(SiteStatus, AHoldAndAFightAreConditionsOnlyWhileTheyLast) {
  auto held = report("True", "Healthy");
  for (const auto* type : {"OnHold", "Contested"})
    held["status"]["conditions"].push_back(
        {{"type", type}, {"status", "True"}, {"reason", "Why"}, {"message", "stocktaking"}});
  facts_.hosts = {{"a", true, report("True", "Healthy")}, {"b", true, held}};
  auto site = judged();
  EXPECT_EQ(condition_status(site, "OnHold"), "True");
  EXPECT_EQ(condition_status(site, "Contested"), "True");
  facts_.hosts.pop_back();
  judge_site(site, facts_, kNow);
  EXPECT_EQ(condition_status(site, "OnHold"), "");
  EXPECT_EQ(condition_status(site, "Contested"), "");
}

TEST_F(SiteStatus, WhatAHostMakesUpIsCutToWhatTheKindAllows) {
  auto wild = report("True", "OnFire");
  wild["status"]["layers"][0]["message"] = std::string(100'000, 'x');
  for (int i = 0; i < 1000; ++i)
    wild["status"]["layers"].push_back({{"name", "l" + std::to_string(i)}, {"state", 3}});
  wild["status"]["layers"].push_back("no object");
  facts_.hosts = {{"a", true, wild}};
  const auto site = judged();
  EXPECT_EQ(site["status"]["layers"][0]["state"], "Unknown");
  EXPECT_EQ(site["status"]["layers"][0]["message"].get<std::string>().size(), 4096U);
  EXPECT_LE(site["status"]["layers"].size(), 128U);
}

}  // namespace
}  // namespace farholm::hub
