// metav1.Status: what every error (and a deletion) is answered with, and the errors of objects in Kubernetes'
// words (apimachinery, pkg/api/errors). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "object/kind_descriptor.h"

namespace farholm::object {

struct StatusDetails {
  std::string name;
  std::string group;
  std::string kind;  // the resource ("sites") for 404 and 409, the Kind ("Site") for 422
  std::string uid;
  int retry_after_seconds = 0;
  bool empty() const { return name.empty() && group.empty() && kind.empty() && uid.empty(); }
  bool operator==(const StatusDetails&) const = default;
};

// An error together with what it is about. Converts from a plain Error, so that FARHOLM_TRY works across.
struct Failure {
  Failure(Error error, StatusDetails details = {}) : error(std::move(error)), details(std::move(details)) {}
  Error error;
  StatusDetails details;
};
template <class T = void>
using Answer = std::expected<T, Failure>;

json::Value to_status(const Failure& failure);
json::Value success_status(const StatusDetails& details);

Failure not_found(const KindDescriptor& kind, const std::string& name);
Failure already_exists(const KindDescriptor& kind, const std::string& name);
Failure conflict(const KindDescriptor& kind, const std::string& name, const std::string& why);
// "the object has been modified; please apply your changes to the latest version and try again"
Failure modified(const KindDescriptor& kind, const std::string& name);
// Kind.group "name" is invalid: [field: message, …]
Failure invalid(const KindDescriptor& kind, const std::string& name, std::vector<ErrorCause> causes);
// The same for options and other things that are not stored.
Failure invalid(const std::string& group, const std::string& kind, const std::string& name,
                std::vector<ErrorCause> causes);
Failure bad_request(std::string message);

}  // namespace farholm::object
