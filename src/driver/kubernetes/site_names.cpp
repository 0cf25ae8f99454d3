#include "driver/kubernetes/site_names.h"

#include <cctype>

namespace farholm::driver::kubernetes {
namespace {

constexpr std::size_t kUidBytes = 8;
// A node's name is a host name (63 bytes) and a label: site, slot and five letters share it.
constexpr std::size_t kSiteBytesMax = 30;
constexpr std::size_t kSlotBytesMax = 24;
constexpr std::size_t kSuffixBytes = 5;

// Letters and digits of the UID's beginning.
std::string short_uid(const ClusterSettings& settings) {
  std::string result;
  for (const char letter : settings.site_uid)
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0 && result.size() < kUidBytes)
      result.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(letter))));
  return result;
}

std::string shortened(std::string text, std::size_t bytes_max) {
  text.resize(std::min(text.size(), bytes_max));
  while (text.ends_with('-') || text.ends_with('.')) text.pop_back();
  return text;
}

std::string site_part(const ClusterSettings& settings) {
  return shortened(settings.site_name, kSiteBytesMax);
}

}  // namespace

std::string site_label(const std::string& site_uid) {
  return std::string(kSiteLabel) + "=" + site_uid;
}

docker::Labels labels_of(const ClusterSettings& settings, std::string_view role, const std::string& slot) {
  docker::Labels labels = {{std::string(kSiteLabel), settings.site_uid},
                           {std::string(kRoleLabel), std::string(role)}};
  if (!slot.empty()) labels.emplace(kSlotLabel, slot);
  return labels;
}

std::string network_name(const ClusterSettings& settings) {
  return "farholm-" + site_part(settings) + "-" + short_uid(settings);
}

std::string bridge_name(const ClusterSettings& settings) {
  return "fh-" + short_uid(settings);
}

std::string etcd_name(const ClusterSettings& settings) {
  return site_part(settings) + "-etcd-" + short_uid(settings);
}

std::string haproxy_name(const ClusterSettings& settings) {
  return site_part(settings) + "-haproxy-" + short_uid(settings);
}

std::string make_node_name(const ClusterSettings& settings, const std::string& slot, io::Entropy& entropy) {
  return site_part(settings) + "-" + shortened(slot, kSlotBytesMax) + "-" +
         io::random_name_suffix(entropy, kSuffixBytes);
}

}  // namespace farholm::driver::kubernetes
