// What a person who knows nothing of Kubernetes reads.
#include "agent/report.h"

#include <gmock/gmock.h>

#include "agent/test_site.h"

namespace farholm::agent {
namespace {

using testing::HasSubstr;
using testing::Not;

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    parts_.agent_version = "0.1.0";
    parts_.host = "edge-1";
    parts_.machine_id = "m-1";
  }
  void add_plan() {
    parts_.plan = &plan_;
    parts_.plan_digest = "sha256:plan";
    parts_.status = &status_;
  }
  std::string text() { return report_as_text(make_report(parts_)); }

  profile::SitePlan plan_ = test::plan(5, {test::layer("till", '1')});
  engine::Status status_{
      .plan = "sha256:plan",
      .conditions = {{"Ready", "False", "NotReady", "layer till: ConfigMap prices is gone"}},
      .layers = {{.name = "till",
                  .type = "manifests",
                  .state = engine::LayerState::Drifted,
                  .fingerprint = {},
                  .applied = {},
                  .message = "ConfigMap prices is gone"}}};
  ReportParts parts_;
};

TEST_F(ReportTest, WithoutAPlanItSaysSo) {
  EXPECT_THAT(text(), HasSubstr("This box     edge-1 (machine m-1)\n"));
  EXPECT_THAT(text(), HasSubstr("Should run   nothing yet: no plan was accepted\n"));
  EXPECT_THAT(text(), HasSubstr("Doing now    nothing: watching\n"));
  EXPECT_THAT(text(), Not(HasSubstr("Hub")));
}

TEST_F(ReportTest, ItSaysWhatShouldRunAndWhatIsMissing) {
  add_plan();
  EXPECT_THAT(text(), HasSubstr("Should run   store-0042, revision 1 of the profile store (plan 1.5)\n"));
  EXPECT_THAT(text(), HasSubstr("Is           layer till: ConfigMap prices is gone\n"));
  EXPECT_THAT(text(), HasSubstr("till          Drifted       ConfigMap prices is gone\n"));
  status_.conditions.front().status = "True";
  EXPECT_THAT(text(), HasSubstr("Is           as it should be\n"));
}

TEST_F(ReportTest, WhatIsWrongBesidesIsSaidToo) {
  add_plan();
  status_.conditions.push_back({"Degraded", "True", "HostTrouble", "Port 5000 is taken"});
  EXPECT_THAT(text(), HasSubstr("Is wrong     Port 5000 is taken\n"));
  status_.conditions.back().message = status_.conditions.front().message;
  EXPECT_THAT(text(), Not(HasSubstr("Is wrong"))) << "nothing is said twice";
  status_.conditions.back() = {"Degraded", "False", "AsExpected", "no layer has failed or drifted"};
  EXPECT_THAT(text(), Not(HasSubstr("Is wrong")));
}

TEST_F(ReportTest, ActivityListenersAndProblemsAreListed) {
  parts_.activity = "applying layer till";
  parts_.listeners = {"0.0.0.0:8080 till"};
  parts_.problems = {"a plan was refused (Older): it is old"};
  EXPECT_THAT(text(), HasSubstr("Doing now    applying layer till\n"));
  EXPECT_THAT(text(), HasSubstr("\nLISTENS ON\n  0.0.0.0:8080 till\n"));
  EXPECT_THAT(text(), HasSubstr("\nPROBLEMS\n  a plan was refused (Older): it is old\n"));
}

TEST_F(ReportTest, ItSaysWhetherThereIsAHub) {
  parts_.hub_connected = true;
  EXPECT_THAT(text(), HasSubstr("Hub          connected\n"));
  parts_.hub_connected = false;
  EXPECT_THAT(text(), HasSubstr("Hub          not connected; the site goes on by itself\n"));
}

TEST_F(ReportTest, EverySentenceOfASimulatedSiteSaysSo) {
  add_plan();
  parts_.activity = "applying layer till";
  status_.layers.push_back({.name = "network", .type = "manifests", .state = engine::LayerState::Healthy});
  parts_.simulated = true;
  const auto report = make_report(parts_);
  EXPECT_EQ(report["simulated"], true);
  EXPECT_EQ(report["activity"], "simulated: applying layer till");
  EXPECT_EQ(report["status"]["conditions"][0]["message"], "simulated: layer till: ConfigMap prices is gone");
  EXPECT_EQ(report["status"]["layers"][0]["message"], "simulated: ConfigMap prices is gone");
  EXPECT_EQ(report["status"]["layers"][1]["message"], "simulated: nothing of it runs");
  EXPECT_THAT(text(), HasSubstr("Simulated    yes: no container runs here"));
  EXPECT_THAT(text(), HasSubstr("Is           simulated: layer till"));
  status_.conditions.front().status = "True";
  EXPECT_THAT(text(), HasSubstr("Is           as it should be, simulated\n"));
  parts_.activity = "till: simulated: bringing up Secret till/card";
  EXPECT_THAT(text(), HasSubstr("Doing now    till: simulated: bringing up Secret till/card\n"));
}

TEST_F(ReportTest, ARealSiteSaysNothingOfSimulation) {
  add_plan();
  EXPECT_FALSE(make_report(parts_).contains("simulated"));
  EXPECT_THAT(text(), Not(testing::ContainsRegex("[Ss]imulated")));
}

TEST_F(ReportTest, ReportsOfOtherVersionsAreReadAsFarAsTheyGo) {
  for (const std::string report :
       {"{}", "[]", "null", R"({"plan":7,"status":"x","listeners":{},"problems":[1,{}]})",
        R"({"status":{"conditions":[1,{"type":7}],"layers":["a",{"name":1}]},"hubConnected":"yes"})"}) {
    EXPECT_THAT(report_as_text(json::parse(report).value()), HasSubstr("has no name yet")) << report;
  }
}

}  // namespace
}  // namespace farholm::agent
