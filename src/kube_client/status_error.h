// A Kubernetes Status answer as an Error. Pure; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace farholm::kube_client {

// `body` is a metav1.Status, or anything at all; the Error keeps the server's reason, message and causes.
Error error_of_status(int http_status, const std::string& body);

}  // namespace farholm::kube_client
