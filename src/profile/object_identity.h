// Which object a manifest is, and whether it is one that a layer may hold. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace farholm::profile {

struct ObjectIdentity {
  std::string group;  // without the version: apps/v1 and apps/v1beta1 are the same object
  std::string kind;
  std::string name_space;
  std::string name;

  std::string key() const;
  std::string text() const;  // "Deployment shop/till"
};

ObjectIdentity identity_of(const json::Value& manifest);

// Causes for the object at `path`: apiVersion, kind and metadata.name must be there, and what a server or
// another owner writes (status, uid, managedFields, generateName) must not.
std::vector<ErrorCause> check_manifest(const json::Value& manifest, const std::string& path);

}  // namespace farholm::profile
