#include "kube_client/health.h"

#include <gtest/gtest.h>

namespace farholm::kube_client {
namespace {

json::Value object(const char* text) {
  auto parsed = json::parse_yaml(text);
  EXPECT_TRUE(parsed) << parsed.error().to_string();
  return *parsed;
}

struct Case {
  const char* what;
  const char* yaml;
  ObjectHealth health;
};

class HealthTest : public testing::TestWithParam<Case> {};

TEST_P(HealthTest, IsJudgedFromTheObject) {
  const auto report = health_of(object(GetParam().yaml));
  EXPECT_EQ(report.health, GetParam().health) << report.message;
  EXPECT_EQ(report.message.empty(), report.health == ObjectHealth::Healthy);
}

INSTANTIATE_TEST_SUITE_P(
    Objects, HealthTest,
    testing::Values(
        Case{"ConfigMapIsHealthyByBeing", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
             ObjectHealth::Healthy},
        Case{"DeploymentComplete",
             "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 2}, "
             "status: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2}}",
             ObjectHealth::Healthy},
        Case{"DeploymentNotSeen",
             "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 3}, spec: {replicas: 2}, "
             "status: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2}}",
             ObjectHealth::Progressing},
        Case{"DeploymentWithoutStatus", "{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 1}}",
             ObjectHealth::Progressing},
        Case{"DeploymentWithOldReplicas",
             "{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, "
             "status: {replicas: 3, updatedReplicas: 2, availableReplicas: 3}}",
             ObjectHealth::Progressing},
        Case{"DeploymentPastItsDeadline",
             "{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, status: {replicas: 2, "
             "updatedReplicas: 1, "
             "conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, message: "
             "timed out}]}}",
             ObjectHealth::Failed},
        Case{"DaemonSetEverywhere",
             "{apiVersion: apps/v1, kind: DaemonSet, status: {desiredNumberScheduled: 3, "
             "updatedNumberScheduled: 3, "
             "numberAvailable: 3}}",
             ObjectHealth::Healthy},
        Case{"DaemonSetWithoutStatus", "{apiVersion: apps/v1, kind: DaemonSet}", ObjectHealth::Progressing},
        Case{"DaemonSetMissingOneNode",
             "{apiVersion: apps/v1, kind: DaemonSet, status: {desiredNumberScheduled: 3, "
             "updatedNumberScheduled: 3, "
             "numberAvailable: 2}}",
             ObjectHealth::Progressing},
        Case{"StatefulSetReady",
             "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1}, status: {readyReplicas: 1, "
             "updatedReplicas: 1, currentRevision: a, updateRevision: a}}",
             ObjectHealth::Healthy},
        Case{"PodReady",
             "{apiVersion: v1, kind: Pod, status: {phase: Running, conditions: [{type: Ready, status: "
             "'True'}]}}",
             ObjectHealth::Healthy},
        Case{"PodFailed", "{apiVersion: v1, kind: Pod, status: {phase: Failed, reason: Evicted}}",
             ObjectHealth::Failed},
        Case{"ClaimBound", "{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Bound}}",
             ObjectHealth::Healthy},
        Case{"ClaimPending", "{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Pending}}",
             ObjectHealth::Progressing},
        Case{"DefinitionEstablished",
             "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, "
             "status: {conditions: [{type: Established, status: 'True'}]}}",
             ObjectHealth::Healthy},
        Case{"JobFailed",
             "{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Failed, status: 'True', "
             "message: no}]}}",
             ObjectHealth::Failed},
        Case{"AnythingNotReady",
             "{apiVersion: example.com/v1, kind: Thing, status: {conditions: [{type: Ready, status: 'False', "
             "message: soon}]}}",
             ObjectHealth::Progressing},
        Case{"AnythingStalled",
             "{apiVersion: example.com/v1, kind: Thing, status: {conditions: [{type: Stalled, status: "
             "'True', message: no}]}}",
             ObjectHealth::Failed},
        Case{"AnythingBeingDeleted", "{apiVersion: v1, kind: ConfigMap, metadata: {deletionTimestamp: now}}",
             ObjectHealth::Progressing}),
    [](const auto& info) { return info.param.what; });

TEST(TroubleOfPod, IsToldInWordsThatStay) {
  const auto pod = [](std::string_view container) {
    return object(("{apiVersion: v1, kind: Pod, status: {containerStatuses: [{name: till, image: a/till, "
                   "ready: false, " +
                   std::string(container) + "}]}}")
                      .c_str());
  };
  const std::string crash = "container till ended with exit code 2 (Error)";
  EXPECT_EQ(trouble_of_pod(pod("state: {waiting: {reason: CrashLoopBackOff, message: back-off 40s}}, "
                               "lastState: {terminated: {exitCode: 2, reason: Error}}")),
            crash);
  EXPECT_EQ(trouble_of_pod(pod("state: {terminated: {exitCode: 2, reason: Error}}")), crash);
  EXPECT_EQ(
      trouble_of_pod(pod("state: {running: {}}, lastState: {terminated: {exitCode: 2, reason: Error}}")),
      crash);
  for (const std::string reason : {"ErrImagePull", "ImagePullBackOff"})
    EXPECT_EQ(trouble_of_pod(pod("state: {waiting: {reason: " + reason + "}}")),
              "the image a/till of container till cannot be had");
  EXPECT_EQ(
      trouble_of_pod(pod("state: {waiting: {reason: CreateContainerConfigError, message: no Secret till}}")),
      "container till cannot be started: no Secret till");
}

TEST(TroubleOfPod, IsNothingWhereNothingCanBeTold) {
  for (const auto* text : {"{}", "{status: 7}", "{status: {containerStatuses: [7, {}, {state: 3}]}}",
                           "{status: {conditions: [{type: Ready, status: 'True'}], containerStatuses: "
                           "[{name: a, ready: false, state: "
                           "{waiting: {reason: ErrImagePull}}}]}}",
                           "{status: {containerStatuses: [{name: a, ready: false, state: {waiting: {reason: "
                           "ContainerCreating}}}]}}"})
    EXPECT_EQ(trouble_of_pod(object(text)), "") << text;
  EXPECT_EQ(trouble_of_pod(object(
                "{status: {conditions: [{type: PodScheduled, status: 'False', message: 0/3 nodes}]}}")),
            "no node can take the Pod: 0/3 nodes");
}

}  // namespace
}  // namespace farholm::kube_client
