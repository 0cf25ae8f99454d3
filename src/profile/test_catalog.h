// Bundles and profiles for this module's tests.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"
#include "profile/bundle_catalog.h"
#include "profile/freeze.h"

namespace farholm::profile::test {

// "sha256:" and 64 times the same digit.
inline std::string digest(char digit) {
  return "sha256:" + std::string(64, digit);
}

class Catalog final : public BundleCatalog {
 public:
  std::vector<Bundle> bundles;

  const Bundle* find(const std::string& wanted) const override {
    for (const auto& bundle : bundles)
      if (bundle.digest == wanted) return &bundle;
    return nullptr;
  }
  const Bundle* find_kubernetes(const std::string& version) const override {
    for (const auto& bundle : bundles)
      if (bundle.name == "kubernetes" && bundle.images.contains("farholm.dev/node:" + version))
        return &bundle;
    return nullptr;
  }
  std::optional<ImageSource> find_image(const std::string& reference) const override {
    for (const auto& bundle : bundles)
      if (const auto found = bundle.images.find(reference); found != bundle.images.end())
        return ImageSource{.image_digest = found->second, .bundle_digest = bundle.digest};
    return std::nullopt;
  }
};

inline json::Value deployment(const std::string& name, const std::string& image) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", name}, {"namespace", "shop"}}},
          {"spec",
           {{"replicas", 2},
            {"selector", {{"matchLabels", {{"app", name}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", name}}}}},
              {"spec", {{"containers", {{{"name", "main"}, {"image", image}}}}}}}}}}};
}

inline json::Value config_map(const std::string& name, json::Value data) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", name}, {"namespace", "shop"}}},
          {"data", std::move(data)}};
}

inline Catalog demo_catalog() {
  Catalog catalog;
  catalog.bundles = {
      {.digest = digest('1'), .name = "kubernetes", .images = {{"farholm.dev/node:v1.35.4", digest('a')}}},
      {.digest = digest('2'),
       .name = "flannel",
       .manifests = {deployment("flannel", "farholm.dev/flannel:1.0"),
                     config_map("script", {{"run", "echo ${HOME} ${storeNumber}"}})},
       .images = {{"farholm.dev/flannel:1.0", digest('b')}}},
      {.digest = digest('3'), .name = "till", .images = {{"farholm.dev/till:1.0", digest('c')}}}};
  return catalog;
}

inline json::Value demo_profile_spec() {
  return {{"variables",
           {{{"name", "storeNumber"}, {"type", "string"}, {"pattern", "^[0-9]{4}$"}, {"required", true}},
            {{"name", "replicas"}, {"type", "integer"}, {"default", 2}},
            {{"name", "cardKey"}, {"type", "string"}, {"sensitive", true}}}},
          {"layers",
           {{{"name", "kubernetes"},
             {"type", "kubernetes"},
             {"distribution", "kubeadm"},
             {"version", "v1.35.4"},
             {"listeners", {{{"name", "http"}, {"port", 8080}, {"nodePort", 30080}}}}},
            {{"name", "network"}, {"type", "manifests"}, {"content", {{"bundle", "flannel@" + digest('2')}}}},
            {{"name", "till"},
             {"type", "manifests"},
             {"content",
              {{"inline",
                {deployment("till", "farholm.dev/till:1.0"),
                 config_map("store", {{"number", "${storeNumber}"}, {"key", "${cardKey}"}})}}}}}}}};
}

inline Revision demo_revision(std::int64_t number = 1) {
  return freeze(demo_profile_spec(), demo_catalog()).value().numbered("store", "retail", number);
}

}  // namespace farholm::profile::test
