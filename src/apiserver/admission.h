// Admission: what somebody outside wants to check, complete or write along when an object of a kind is
// written. Called after the object was found valid and before it is committed; what it returns is committed
// together with the object, or nothing is. On the loop's thread.
#pragma once

#include <vector>

#include "apiserver/user.h"
#include "io/task.h"
#include "json/json.h"
#include "object/kind_descriptor.h"
#include "object/status.h"
#include "store/store.h"

namespace farholm::apiserver {

enum class Operation : std::uint8_t { Create, Update, Delete };

struct AdmissionRequest {
  const object::KindDescriptor& kind;
  Operation operation = Operation::Create;
  std::string subresource;  // "status", or ""
  const User& user;
  const json::Value* old = nullptr;  // nullptr on creation
  json::Value& object;               // may be changed; on deletion the last state
  bool dry_run = false;
};

class Admission {
 public:
  virtual ~Admission() = default;
  // Further writes of the same commit (a frozen revision beside its profile), or why not: Invalid with causes
  // becomes 422. It may be asked again for the same request when somebody else wrote meanwhile.
  virtual io::Task<object::Answer<std::vector<store::Write>>> admit(AdmissionRequest request) = 0;
};

}  // namespace farholm::apiserver
