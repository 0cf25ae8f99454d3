#include "profile/kubernetes_versions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace farholm::profile {

namespace {
// Debian 12's containerd 1.6, which the node image uses, ends with 1.35; older ones are out of support.
constexpr std::array<std::string_view, 2> kKubeadmMinors = {"1.34", "1.35"};
}  // namespace

bool is_supported_kubernetes(std::string_view distribution, std::string_view version) {
  if (distribution != "kubeadm" || !version.starts_with('v')) return false;
  version.remove_prefix(1);
  return std::any_of(kKubeadmMinors.begin(), kKubeadmMinors.end(), [&](std::string_view minor) {
    return version.starts_with(minor) && version.substr(minor.size()).starts_with('.');
  });
}

std::string supported_kubernetes_text() {
  return fmt::format("{}", fmt::join(kKubeadmMinors, " and "));
}

}  // namespace farholm::profile
