#include "profile/effect_table.h"

#include <array>

namespace farholm::profile {

namespace {

using enum Effect;

constexpr auto kManifestEffects = std::to_array<EffectRow>({
    // What says what an object is; the API server would refuse a change, and only a new object can have it.
    {"*", "*", "apiVersion", Reload},
    // A mistake in these is corrected by hand, not by an effect on what runs.
    {"*", "*", "metadata.labels", NoOp},
    {"*", "*", "metadata.annotations", NoOp},
    {"*", "*", "metadata.finalizers", NoOp},

    {"apps", "Deployment", "spec.selector", Rebuild},
    {"apps", "Deployment", "spec.template", Restart},

    {"apps", "StatefulSet", "spec.replicas", Reload},
    {"apps", "StatefulSet", "spec.ordinals", Reload},
    {"apps", "StatefulSet", "spec.template", Restart},
    {"apps", "StatefulSet", "spec.updateStrategy", Reload},
    {"apps", "StatefulSet", "spec.revisionHistoryLimit", NoOp},
    {"apps", "StatefulSet", "spec.persistentVolumeClaimRetentionPolicy", Reload},
    {"apps", "StatefulSet", "spec.minReadySeconds", Reload},
    {"apps", "StatefulSet", "spec", Rebuild},

    {"apps", "DaemonSet", "spec.selector", Rebuild},
    {"apps", "DaemonSet", "spec.template", Restart},

    {"apps", "ReplicaSet", "spec.selector", Rebuild},
    // Only new Pods get it, and nothing makes new ones.
    {"apps", "ReplicaSet", "spec.template", Reload},
    {"", "ReplicationController", "spec.template", Reload},

    {"batch", "Job", "spec.template", Rebuild},
    {"batch", "Job", "spec.selector", Rebuild},
    {"batch", "Job", "spec.completionMode", Rebuild},
    {"batch", "Job", "spec.podFailurePolicy", Rebuild},
    {"batch", "Job", "spec.backoffLimitPerIndex", Rebuild},
    {"batch", "Job", "spec.managedBy", Rebuild},

    // Of a running Pod only these may change; the image restarts the container.
    {"", "Pod", "spec.containers.image", Restart},
    {"", "Pod", "spec.initContainers.image", Restart},
    {"", "Pod", "spec.activeDeadlineSeconds", Reload},
    {"", "Pod", "spec.tolerations", Reload},
    {"", "Pod", "spec", Rebuild},

    {"", "Service", "spec.clusterIP", Rebuild},
    {"", "Service", "spec.clusterIPs", Rebuild},
    {"", "Service", "spec.ipFamilies", Rebuild},

    {"", "PersistentVolumeClaim", "spec.resources", Reload},
    {"", "PersistentVolumeClaim", "spec.volumeAttributesClassName", Reload},
    {"", "PersistentVolumeClaim", "spec", Rebuild},
    {"", "PersistentVolume", "spec.capacity", Reload},
    {"", "PersistentVolume", "spec.persistentVolumeReclaimPolicy", Reload},
    {"", "PersistentVolume", "spec.claimRef", Reload},
    {"", "PersistentVolume", "spec.mountOptions", Reload},
    {"", "PersistentVolume", "spec", Rebuild},

    {"", "Secret", "type", Rebuild},
    {"", "Secret", "immutable", Reload},
    {"", "ConfigMap", "immutable", Reload},

    {"storage.k8s.io", "StorageClass", "allowVolumeExpansion", Reload},
    {"storage.k8s.io", "StorageClass", "allowedTopologies", Reload},
    {"storage.k8s.io", "StorageClass", "mountOptions", Rebuild},
    {"storage.k8s.io", "StorageClass", "parameters", Rebuild},
    {"storage.k8s.io", "StorageClass", "provisioner", Rebuild},
    {"storage.k8s.io", "StorageClass", "reclaimPolicy", Rebuild},
    {"storage.k8s.io", "StorageClass", "volumeBindingMode", Rebuild},
    {"storage.k8s.io", "CSIDriver", "spec.attachRequired", Rebuild},
    {"storage.k8s.io", "CSIDriver", "spec.volumeLifecycleModes", Rebuild},

    {"rbac.authorization.k8s.io", "RoleBinding", "roleRef", Rebuild},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef", Rebuild},

    {"scheduling.k8s.io", "PriorityClass", "value", Rebuild},
    {"scheduling.k8s.io", "PriorityClass", "preemptionPolicy", Rebuild},
    {"node.k8s.io", "RuntimeClass", "handler", Rebuild},
    {"networking.k8s.io", "IngressClass", "spec.controller", Rebuild},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "spec.group", Rebuild},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "spec.scope", Rebuild},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "spec.names", Reload},
    {"coordination.k8s.io", "Lease", "spec", NoOp},
});

constexpr auto kKubernetesEffects = std::to_array<LayerEffectRow>({
    // HAProxy takes a new configuration without dropping connections…
    {"listeners.name", Reload},
    {"listeners.nodePort", Reload},
    // …but the ports that its container publishes are fixed when it is made.
    {"listeners", Restart},
    {"apiPort", Restart},
    {"version", Rebuild},  // every node container anew; upgrades without that are not built yet
    {"distribution", Rebuild},
    {"podSubnet", Rebuild},
    {"serviceSubnet", Rebuild},
    {"bundle", Rebuild},  // another node image
});

// True when `path` is what `row` says, or below it.
bool covers(std::string_view row, std::string_view path) {
  while (!row.empty()) {
    if (path.empty()) return false;
    const auto row_end = row.find('.');
    const auto path_end = path.find('.');
    const auto wanted = row.substr(0, row_end);
    if (wanted != "*" && wanted != path.substr(0, path_end)) return false;
    row = row_end == std::string_view::npos ? "" : row.substr(row_end + 1);
    path = path_end == std::string_view::npos ? "" : path.substr(path_end + 1);
  }
  return true;
}

}  // namespace

std::span<const EffectRow> manifest_effects() {
  return kManifestEffects;
}

std::span<const LayerEffectRow> kubernetes_effects() {
  return kKubernetesEffects;
}

Effect effect_of(std::string_view group, std::string_view kind, std::string_view path) {
  for (const auto& row : kManifestEffects)
    if ((row.group == "*" || row.group == group) && (row.kind == "*" || row.kind == kind) &&
        covers(row.field, path))
      return row.effect;
  return Reload;
}

Effect kubernetes_effect_of(std::string_view path) {
  for (const auto& row : kKubernetesEffects)
    if (covers(row.field, path)) return row.effect;
  return Rebuild;  // what is not known is taken for the gravest
}

}  // namespace farholm::profile
