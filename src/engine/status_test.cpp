#include "engine/status.h"

#include <gmock/gmock.h>

#include "engine/memory.h"
#include "engine/test_input.h"

namespace farholm::engine {
namespace {

using test::healthy_site;
using test::layer;

Condition condition(const Status& status, const std::string& type) {
  for (const auto& one : status.conditions)
    if (one.type == type) return one;
  return {};
}

TEST(Status, AHealthySiteIsReady) {
  const Status status = summarize(healthy_site({layer("a", "1")}));
  EXPECT_EQ(status.plan, "sha256:plan");
  EXPECT_EQ(condition(status, "Ready").status, "True");
  EXPECT_EQ(condition(status, "Progressing").status, "False");
  EXPECT_EQ(condition(status, "Degraded").status, "False");
  EXPECT_EQ(status.layers[0].state, LayerState::Healthy);
}

TEST(Status, ASiteWithoutAPlanSaysSo) {
  EXPECT_EQ(condition(summarize({}), "Ready").reason, "NoPlan");
  EXPECT_EQ(condition(summarize({}), "Degraded").status, "False");
  Input troubled;
  troubled.troubles["disk"] = "The disk is full.";
  EXPECT_EQ(condition(summarize(troubled), "Degraded").message, "The disk is full.");
}

TEST(Status, ALayerThatIsNotHealthyIsNamedWithItsObject) {
  Input input = healthy_site({layer("a", "1"), layer("till", "1")});
  input.observed["till"] = {Health::Progressing, "1", "Deployment shop/till: 1 of 2 replicas are ready"};
  const Status status = summarize(input);
  EXPECT_EQ(condition(status, "Ready").status, "False");
  EXPECT_EQ(condition(status, "Ready").reason, "LayerProgressing");
  EXPECT_EQ(condition(status, "Ready").message,
            "layer till: Deployment shop/till: 1 of 2 replicas are ready");
  EXPECT_EQ(condition(status, "Progressing").status, "True");
}

TEST(Status, ALayerThatWaitsNamesTheOneThatItWaitsFor) {
  Input input = healthy_site({layer("a", "1"), layer("b", "1")});
  input.observed["a"].health = Health::Progressing;
  input.plan->layers[1].fingerprint = "2";
  const Status status = summarize(input);
  EXPECT_EQ(status.layers[1].state, LayerState::Pending);
  EXPECT_EQ(status.layers[1].message, "waits for layer a to be healthy");
}

TEST(Status, AFailureIsShownUntilItIsOver) {
  Input input = healthy_site({layer("a", "1")});
  input.plan->layers[0].fingerprint = "2";
  record_failure(input.memory, "a", "2", "the disk is full: free 2 GB", input.now, 1);
  const Status status = summarize(input);
  EXPECT_EQ(status.layers[0].state, LayerState::Failed);
  EXPECT_EQ(condition(status, "Degraded").message, "layer a: the disk is full: free 2 GB");
}

TEST(Status, MissingContentIsNamed) {
  Input input = healthy_site({layer("a", "1")});
  input.plan->layers[0].fingerprint = "2";
  input.plan->layers[0].content = {"sha256:d"};
  input.missing_content = {"sha256:d"};
  record_fetch_failure(input.memory, "the hub does not answer", input.now, 1);
  const Status status = summarize(input);
  EXPECT_EQ(status.layers[0].state, LayerState::Fetching);
  EXPECT_EQ(status.layers[0].message, "content sha256:d is not here yet: the hub does not answer");
  EXPECT_EQ(condition(status, "Degraded").reason, "ContentMissing");
  record_fetched(input.memory);
  EXPECT_EQ(condition(summarize(input), "Degraded").status, "False") << "fetching alone is no trouble";
}

TEST(Status, WhatIsWrongWithTheHostDegradesAndSaysSo) {
  Input input = healthy_site({layer("a", "1")});
  input.troubles["registry"] = "Port 5000 is taken";
  const Status status = summarize(input);
  EXPECT_EQ(condition(status, "Ready").status, "True") << "what runs, runs";
  EXPECT_EQ(condition(status, "Degraded").reason, "HostTrouble");
  EXPECT_EQ(condition(status, "Degraded").message, "Port 5000 is taken");
}

TEST(Status, DriftThatIsOnlyReportedDegradesButDoesNotMakeUnready) {
  Input input = healthy_site({layer("a", "1")});
  input.plan->layers[0].enforcement = Enforcement::Report;
  input.observed["a"] = {Health::Drifted, "1", "ConfigMap shop/prices differs"};
  const Status status = summarize(input);
  EXPECT_EQ(condition(status, "Ready").status, "True");
  EXPECT_EQ(condition(status, "Degraded").message, "layer a: ConfigMap shop/prices differs");
}

TEST(Status, LayersThatAreBeingRemovedAreListedLast) {
  Input input = healthy_site({layer("a", "1"), layer("b", "1")});
  input.plan->layers.pop_back();
  const Status status = summarize(input);
  EXPECT_EQ(condition(status, "Ready").status, "True");
  EXPECT_EQ(condition(status, "Progressing").reason, "LayerRemoving");
  EXPECT_EQ(status.layers[1].state, LayerState::Removing);
}

TEST(Status, AsJsonItLeavesOutWhatIsEmpty) {
  const auto value = to_json(summarize(healthy_site({layer("a", "1")})));
  EXPECT_EQ(value["layers"][0], (json::Value{{"name", "a"},
                                             {"type", "manifests"},
                                             {"state", "Healthy"},
                                             {"fingerprint", "1"},
                                             {"applied", "1"}}));
}

}  // namespace
}  // namespace farholm::engine
