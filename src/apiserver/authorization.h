// Authorizers decide who may do what. Asked before anything is read or written. On the loop's thread.
#pragma once

#include <string>

#include "apiserver/user.h"
#include "base/result.h"
#include "object/status.h"

namespace farholm::apiserver {

// One attempt: on a resource ("list" "sites" of "farholm.dev" in "retail"), or on a path ("get" "/metrics").
struct Attempt {
  User user;
  std::string verb;
  bool on_resource = true;
  std::string group;
  std::string version;
  std::string resource;
  std::string subresource;
  std::string name_space;
  std::string name;
  std::string path;  // when not on a resource
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // The reason is told to the user behind the message; it may be empty.
  struct Decision {
    bool allowed = false;
    std::string reason;
  };
  virtual Decision authorize(const Attempt& attempt) = 0;
};

// system:masters may do everything; everyone may see health, version; whoever is authenticated may read
// discovery and OpenAPI, and ask what he may do.
class GroupAuthorizer final : public Authorizer {
 public:
  Decision authorize(const Attempt& attempt) override;
};

// 403 in Kubernetes' words.
object::Failure forbidden(const Attempt& attempt, const std::string& reason);

}  // namespace farholm::apiserver
