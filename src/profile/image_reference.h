// Image references: "name[:tag][@digest]" and the full form that containerd gives them, and where objects
// hold them. Source of the short forms: github.com/distribution/reference. Pure; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"

namespace farholm::profile {

struct ImageReference {
  std::string name;    // "docker.io/library/nginx"
  std::string tag;     // "latest" where neither tag nor digest is written; else may be empty
  std::string digest;  // "sha256:…" or empty

  std::string tagged() const { return tag.empty() ? name : name + ":" + tag; }
  std::string text() const { return digest.empty() ? tagged() : tagged() + "@" + digest; }
};

std::optional<ImageReference> parse_image_reference(std::string_view text);

// Calls `visit` with every container image of the object and its path: containers, initContainers and
// ephemeralContainers of Pods, of the pod templates of Deployment, StatefulSet, DaemonSet, ReplicaSet,
// ReplicationController, Job, of CronJobs and PodTemplates, and image volumes; also in the items of a List.
// The string may be changed.
void for_each_image(json::Value& object, const std::string& path,
                    const std::function<void(std::string& image, const std::string& path)>& visit);

// "sha256:" and 64 hexadecimal digits.
bool is_digest(std::string_view text);

// "name@sha256:…" of a bundle.
struct BundleReference {
  std::string name;
  std::string digest;
};
std::optional<BundleReference> parse_bundle_reference(std::string_view text);

}  // namespace farholm::profile
