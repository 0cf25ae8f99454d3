// Which Kubernetes versions a site can bring up. Raise it with images/versions and the kubernetes driver.
#pragma once

#include <string>
#include <string_view>

namespace farholm::profile {

// `version` as "v1.35.4".
bool is_supported_kubernetes(std::string_view distribution, std::string_view version);
// "1.34 and 1.35".
std::string supported_kubernetes_text();

}  // namespace farholm::profile
