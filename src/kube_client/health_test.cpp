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

}  // namespace
}  // namespace farholm::kube_client
