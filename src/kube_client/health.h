// Is an object as it should be? Judged from the object alone, by the rules of `kubectl rollout status`
// (Deployment, DaemonSet, StatefulSet) and of kstatus (everything else: kubernetes-sigs/cli-utils,
// pkg/kstatus/README.md). Pure; any thread.
#pragma once

#include <string>

#include "json/json.h"

namespace farholm::kube_client {

enum class ObjectHealth : std::uint8_t {
  Healthy,
  Progressing,  // will become healthy by waiting
  Failed,       // will not, says its controller
};

struct HealthReport {
  ObjectHealth health = ObjectHealth::Healthy;
  std::string message;  // "1 of 2 replicas are available"; empty when healthy
};

HealthReport health_of(const json::Value& object);

// What keeps a Pod from being ready, in words that stay the same while it lasts ("container till ended with
// exit code 1 (Error)"); empty when nothing is wrong, or nothing that could be told.
std::string trouble_of_pod(const json::Value& pod);

}  // namespace farholm::kube_client
