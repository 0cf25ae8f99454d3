#include "kube_client/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <utility>

namespace farholm::kube_client {
namespace {

const json::Value kEmpty = json::Value::object();

const json::Value& status_of(const json::Value& object) {
  const auto* status = json::find_object(object, "status");
  return status ? *status : kEmpty;
}

const json::Value& spec_of(const json::Value& object) {
  const auto* spec = json::find_object(object, "spec");
  return spec ? *spec : kEmpty;
}

std::int64_t number(const json::Value& value, std::string_view member, std::int64_t otherwise = 0) {
  return json::find_integer(value, member).value_or(otherwise);
}

// The condition of that type, or null.
const json::Value* condition(const json::Value& object, std::string_view type) {
  const auto* conditions = json::find_array(status_of(object), "conditions");
  if (conditions == nullptr) return nullptr;
  for (const auto& entry : *conditions) {
    if (json::string_or(entry, "type") == type) return &entry;
  }
  return nullptr;
}

bool condition_is(const json::Value& object, std::string_view type, std::string_view status) {
  const auto* entry = condition(object, type);
  return entry != nullptr && json::string_or(*entry, "status") == status;
}

HealthReport healthy() {
  return {};
}
HealthReport progressing(std::string message) {
  return {.health = ObjectHealth::Progressing, .message = std::move(message)};
}
HealthReport failed(std::string message) {
  return {.health = ObjectHealth::Failed, .message = std::move(message)};
}

std::string message_of(const json::Value& entry) {
  const std::string message = json::string_or(entry, "message");
  return message.empty() ? json::string_or(entry, "reason", "no reason given") : message;
}

HealthReport deployment(const json::Value& object) {
  const auto& status = status_of(object);
  const auto* progress = condition(object, "Progressing");
  if (progress != nullptr && json::string_or(*progress, "reason") == "ProgressDeadlineExceeded") {
    return failed(message_of(*progress));
  }
  const auto wanted = number(spec_of(object), "replicas", 1);
  const auto updated = number(status, "updatedReplicas");
  const auto total = number(status, "replicas");
  const auto available = number(status, "availableReplicas");
  if (updated < wanted) return progressing(fmt::format("{} of {} replicas are updated", updated, wanted));
  if (total > updated) return progressing(fmt::format("{} old replicas still run", total - updated));
  if (available < updated)
    return progressing(fmt::format("{} of {} replicas are available", available, updated));
  return healthy();
}

HealthReport daemon_set(const json::Value& object) {
  const auto& status = status_of(object);
  // Before its controller has seen it, a DaemonSet says that it wants no Pod: no status is not health.
  if (!status.contains("desiredNumberScheduled")) return progressing("its controller has not seen it yet");
  const auto wanted = number(status, "desiredNumberScheduled");
  const auto updated = number(status, "updatedNumberScheduled");
  const auto available = number(status, "numberAvailable");
  if (json::find_path(spec_of(object), {"updateStrategy", "type"}) == nullptr ||
      *json::find_path(spec_of(object), {"updateStrategy", "type"}) != "OnDelete") {
    if (updated < wanted) return progressing(fmt::format("{} of {} nodes run the new Pod", updated, wanted));
  }
  if (available < wanted)
    return progressing(fmt::format("{} of {} nodes have an available Pod", available, wanted));
  return healthy();
}

HealthReport stateful_set(const json::Value& object) {
  const auto& status = status_of(object);
  const auto wanted = number(spec_of(object), "replicas", 1);
  const auto ready = number(status, "readyReplicas");
  if (ready < wanted) return progressing(fmt::format("{} of {} replicas are ready", ready, wanted));
  const auto* strategy = json::find_path(spec_of(object), {"updateStrategy", "type"});
  if (strategy != nullptr && *strategy == "OnDelete") return healthy();
  const auto* partition = json::find_path(spec_of(object), {"updateStrategy", "rollingUpdate", "partition"});
  const auto held_back =
      partition != nullptr && partition->is_number_integer() ? partition->get<std::int64_t>() : 0;
  const auto updated = number(status, "updatedReplicas");
  if (updated < wanted - held_back) {
    return progressing(fmt::format("{} of {} replicas are updated", updated, wanted - held_back));
  }
  if (held_back == 0 &&
      json::string_or(status, "updateRevision") != json::string_or(status, "currentRevision")) {
    return progressing("replicas of an older revision still run");
  }
  return healthy();
}

HealthReport replica_set(const json::Value& object) {
  const auto wanted = number(spec_of(object), "replicas", 1);
  const auto available = number(status_of(object), "availableReplicas");
  if (available < wanted)
    return progressing(fmt::format("{} of {} replicas are available", available, wanted));
  return healthy();
}

HealthReport pod(const json::Value& object) {
  const std::string phase = json::string_or(status_of(object), "phase", "Pending");
  if (phase == "Succeeded") return healthy();
  if (phase == "Failed") return failed("the Pod failed: " + message_of(status_of(object)));
  if (condition_is(object, "Ready", "True")) return healthy();
  return progressing(fmt::format("the Pod is {} and not ready", phase));
}

HealthReport job(const json::Value& object) {
  if (condition_is(object, "Failed", "True")) return failed(message_of(*condition(object, "Failed")));
  if (condition_is(object, "Complete", "True")) return healthy();
  // A running Job is what was asked for; waiting for its end is the business of whoever needs it.
  return status_of(object).contains("startTime") ? healthy() : progressing("the Job has not started");
}

HealthReport volume_claim(const json::Value& object) {
  const std::string phase = json::string_or(status_of(object), "phase", "Pending");
  if (phase == "Bound") return healthy();
  if (phase == "Lost") return failed("its volume is lost");
  return progressing("no volume is bound to it yet");
}

HealthReport service(const json::Value& object) {
  if (json::string_or(spec_of(object), "type") != "LoadBalancer") return healthy();
  const auto* balancer = json::find_path(object, {"status", "loadBalancer", "ingress"});
  if (balancer != nullptr && balancer->is_array() && !balancer->empty()) return healthy();
  return progressing("it has no load balancer's address yet");
}

HealthReport definition(const json::Value& object) {
  const auto* names = condition(object, "NamesAccepted");
  if (names != nullptr && json::string_or(*names, "status") == "False") return failed(message_of(*names));
  if (condition_is(object, "Established", "True")) return healthy();
  return progressing("it is not established yet");
}

HealthReport disruption_budget(const json::Value& object) {
  const auto healthy_now = number(status_of(object), "currentHealthy");
  const auto wanted = number(status_of(object), "desiredHealthy");
  if (healthy_now >= wanted) return healthy();
  return progressing(fmt::format("{} of {} Pods are healthy", healthy_now, wanted));
}

// What any object may say of itself.
HealthReport any_other(const json::Value& object) {
  if (condition_is(object, "Stalled", "True")) return failed(message_of(*condition(object, "Stalled")));
  if (condition_is(object, "Reconciling", "True"))
    return progressing(message_of(*condition(object, "Reconciling")));
  if (const auto* ready = condition(object, "Ready");
      ready != nullptr && json::string_or(*ready, "status") != "True") {
    return progressing(message_of(*ready));
  }
  return healthy();
}

constexpr std::size_t kTroubleBytesMax = 512;

bool is_about_image(std::string_view reason) {
  constexpr std::array<std::string_view, 5> kReasons{"ErrImagePull", "ImagePullBackOff", "InvalidImageName",
                                                     "ErrImageNeverPull", "RegistryUnavailable"};
  return std::ranges::find(kReasons, reason) != kReasons.end();
}

const json::Value* find_ended(const json::Value& container) {
  for (const auto* member : {"state", "lastState"})
    if (const auto* ended = json::find_path(container, {member, "terminated"}); ended && ended->is_object())
      return ended;
  return nullptr;
}

// kubelet goes back and forth between several reasons for the same: told is what they have in common.
std::string trouble_of_container(const json::Value& container) {
  const auto name = json::string_or(container, "name");
  const auto* waiting = json::find_path(container, {"state", "waiting"});
  const std::string reason = waiting ? json::string_or(*waiting, "reason") : "";
  if (is_about_image(reason))
    return fmt::format("the image {} of container {} cannot be had", json::string_or(container, "image"),
                       name);
  const auto* ended = find_ended(container);
  if (ended != nullptr && number(*ended, "exitCode") != 0)
    return fmt::format("container {} ended with exit code {} ({})", name, number(*ended, "exitCode"),
                       json::string_or(*ended, "reason", "no reason given"));
  constexpr std::array<std::string_view, 3> kOrdinary{"", "ContainerCreating", "PodInitializing"};
  if (std::ranges::find(kOrdinary, reason) != kOrdinary.end()) return {};
  return fmt::format("container {} cannot be started: {}", name, message_of(*waiting));
}

using Judge = HealthReport (*)(const json::Value&);
struct Row {
  std::string_view group;
  std::string_view kind;
  Judge judge;
};
constexpr std::array<Row, 10> kJudges{{{"apps", "Deployment", deployment},
                                       {"apps", "DaemonSet", daemon_set},
                                       {"apps", "StatefulSet", stateful_set},
                                       {"apps", "ReplicaSet", replica_set},
                                       {"", "Pod", pod},
                                       {"batch", "Job", job},
                                       {"", "PersistentVolumeClaim", volume_claim},
                                       {"", "Service", service},
                                       {"apiextensions.k8s.io", "CustomResourceDefinition", definition},
                                       {"policy", "PodDisruptionBudget", disruption_budget}}};

}  // namespace

std::string trouble_of_pod(const json::Value& pod) {
  if (condition_is(pod, "Ready", "True")) return {};
  std::string trouble;
  for (const auto* member : {"initContainerStatuses", "containerStatuses"}) {
    const auto* containers = json::find_array(status_of(pod), member);
    if (containers == nullptr) continue;
    for (const auto& container : *containers) {
      if (trouble.empty() && !json::find_bool(container, "ready").value_or(false))
        trouble = trouble_of_container(container);
    }
  }
  if (trouble.empty() && condition_is(pod, "PodScheduled", "False"))
    trouble = "no node can take the Pod: " + message_of(*condition(pod, "PodScheduled"));
  if (trouble.size() > kTroubleBytesMax) trouble.resize(kTroubleBytesMax);
  return trouble;
}

HealthReport health_of(const json::Value& object) {
  const auto* metadata = json::find_object(object, "metadata");
  if (metadata != nullptr && metadata->contains("deletionTimestamp"))
    return progressing("it is being deleted");
  const auto generation = metadata ? json::find_integer(*metadata, "generation") : std::nullopt;
  const auto observed = json::find_integer(status_of(object), "observedGeneration");
  if (generation && observed && *observed < *generation)
    return progressing("its controller has not seen its last change yet");

  const std::string api_version = json::string_or(object, "apiVersion");
  const auto slash = api_version.find('/');
  const std::string_view group =
      slash == std::string::npos ? std::string_view() : std::string_view(api_version).substr(0, slash);
  const std::string kind = json::string_or(object, "kind");
  for (const auto& row : kJudges) {
    if (row.group == group && row.kind == kind) return row.judge(object);
  }
  return any_other(object);
}

}  // namespace farholm::kube_client
