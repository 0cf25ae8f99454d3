#include "driver/kubernetes/cluster_settings.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <set>

namespace farholm::driver::kubernetes {
namespace {

// docs/formats/plan.md, addresses.
constexpr std::uint32_t kGatewayOffset = 1;
constexpr std::uint32_t kHaproxyOffset = 2;
constexpr std::uint32_t kEtcdOffset = 3;
constexpr int kPrefixMin = 8;
constexpr int kPrefixMax = 26;  // .11… and .21… must fit
constexpr std::size_t kListenersMax = 64;
constexpr std::size_t kSlotsMax = 32;
constexpr std::int64_t kNodePortMin = 30000;  // Kubernetes' --service-node-port-range
constexpr std::int64_t kNodePortMax = 32767;

std::optional<std::uint32_t> parse_address(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    std::uint32_t byte = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), byte);
    if (error != std::errc() || byte > 255) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    address = address << 8U | byte;
    if (part < 3) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  return text.empty() ? std::optional(address) : std::nullopt;
}

std::optional<Ipv4Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = parse_address(text.substr(0, slash));
  Ipv4Network network;
  const std::string_view prefix = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), network.prefix);
  if (!base || error != std::errc() || end != prefix.data() + prefix.size()) return std::nullopt;
  if (network.prefix < kPrefixMin || network.prefix > kPrefixMax) return std::nullopt;
  network.base = *base;
  const std::uint32_t host_bits = (1U << (32U - static_cast<unsigned>(network.prefix))) - 1;
  if ((network.base & host_bits) != 0) return std::nullopt;
  return network;
}

bool contains(const Ipv4Network& network, const std::string& address) {
  const auto parsed = parse_address(address);
  return parsed && (*parsed ^ network.base) >> (32U - static_cast<unsigned>(network.prefix)) == 0;
}

class Checker {
 public:
  void wrong(std::string field, std::string message) {
    causes_.push_back({"FieldValueInvalid", std::move(message), std::move(field)});
  }
  std::string text(const json::Value& spec, std::string_view field) {
    const std::string* found = json::find_string(spec, field);
    if (found == nullptr || found->empty()) wrong(std::string(field), "must be given");
    return found == nullptr ? "" : *found;
  }
  std::uint16_t port(const json::Value& holder, std::string_view member, const std::string& field,
                     std::int64_t least, std::int64_t most) {
    const auto found = json::find_integer(holder, member);
    if (!found || *found < least || *found > most) {
      wrong(field, fmt::format("must be a port from {} to {}", least, most));
      return 0;
    }
    return static_cast<std::uint16_t>(*found);
  }
  Result<void> verdict() const {
    if (causes_.empty()) return {};
    Error error{ErrorCode::Invalid, "The kubernetes layer cannot be brought up: "};
    for (const ErrorCause& cause : causes_)
      error.message +=
          fmt::format("{}{} {}", &cause == causes_.data() ? "" : "; ", cause.field, cause.message);
    error.causes = causes_;
    return std::unexpected(std::move(error));
  }

 private:
  std::vector<ErrorCause> causes_;
};

void read_listeners(const json::Value& spec, ClusterSettings& settings, Checker& check) {
  const json::Value* list = json::find_array(spec, "listeners");
  if (list == nullptr) return;
  if (list->size() > kListenersMax)
    return check.wrong("listeners", fmt::format("has more than {} entries", kListenersMax));
  std::set<std::uint16_t> ports = {settings.api_port, kApiServerPort};
  for (std::size_t index = 0; index < list->size(); ++index) {
    const json::Value& entry = (*list)[index];
    const std::string field = fmt::format("listeners[{}]", index);
    ListenerSettings listener;
    listener.name = json::string_or(entry, "name");
    if (listener.name.empty() ||
        listener.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
      check.wrong(field + ".name", "must be of lower-case letters, digits and '-'");
    listener.port = check.port(entry, "port", field + ".port", 1, 65535);
    listener.node_port = check.port(entry, "nodePort", field + ".nodePort", kNodePortMin, kNodePortMax);
    if (!ports.insert(listener.port).second)
      check.wrong(field + ".port",
                  fmt::format("{} is used by the API or by another listener", listener.port));
    settings.listeners.push_back(std::move(listener));
  }
}

void read_slots(const SiteContext& site, const Ipv4Network& network, ClusterSettings& settings,
                Checker& check) {
  std::set<std::string> taken = {settings.gateway, settings.haproxy_address, settings.etcd_address};
  bool has_control_plane = false;
  for (const NodeSlot& slot : site.nodes) {
    if (slot.host != site.host) continue;
    if (!contains(network, slot.address) || !taken.insert(slot.address).second)
      check.wrong("nodes." + slot.slot + ".address",
                  fmt::format("{} is taken or outside of {}", slot.address, site.subnet));
    has_control_plane = has_control_plane || slot.role == NodeSlot::Role::ControlPlane;
    settings.slots.push_back(slot);
  }
  if (settings.slots.size() > kSlotsMax)
    check.wrong("nodes", fmt::format("has more than {} nodes for one host", kSlotsMax));
  if (!has_control_plane) check.wrong("nodes", "has no control-plane node on this host");
}

}  // namespace

std::string address_text(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24U, address >> 16U & 255U, address >> 8U & 255U,
                     address & 255U);
}

Result<Ipv4Network> network_of(const std::string& subnet) {
  const auto network = parse_network(subnet);
  if (!network)
    return fail(ErrorCode::Invalid,
                fmt::format("The site's subnet {} is not an IPv4 network from /{} to /{}: write it like "
                            "172.30.42.0/24",
                            subnet, kPrefixMin, kPrefixMax));
  return *network;
}

Result<std::string> address_in(const std::string& subnet, std::uint32_t offset) {
  FARHOLM_TRY(const auto network, network_of(subnet));
  return address_text(network.base + offset);
}

Result<ClusterSettings> read_settings(const SiteContext& site, const json::Value& spec) {
  Checker check;
  ClusterSettings settings;
  settings.site_name = site.site_name;
  settings.site_uid = site.site_uid;
  settings.subnet = site.subnet;
  FARHOLM_TRY(settings.gateway, address_in(site.subnet, kGatewayOffset));
  FARHOLM_TRY(settings.haproxy_address, address_in(site.subnet, kHaproxyOffset));
  FARHOLM_TRY(settings.etcd_address, address_in(site.subnet, kEtcdOffset));
  if (json::string_or(spec, "distribution", "kubeadm") != "kubeadm")
    check.wrong("distribution", "must be kubeadm: this agent knows no other");
  settings.version = check.text(spec, "version");
  settings.bundle = check.text(spec, "bundle");
  settings.pod_subnet = check.text(spec, "podSubnet");
  settings.service_subnet = check.text(spec, "serviceSubnet");
  if (json::find(spec, "apiPort") != nullptr)
    settings.api_port = check.port(spec, "apiPort", "apiPort", 1, 65535);
  read_listeners(spec, settings, check);
  read_slots(site, *parse_network(site.subnet), settings, check);
  FARHOLM_CHECK(check.verdict());
  return settings;
}

}  // namespace farholm::driver::kubernetes
