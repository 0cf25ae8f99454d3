#include "driver/kubernetes/host_probe.h"

#include <bit>
#include <charconv>
#include <optional>

#include "driver/docker/capabilities.h"

namespace farholm::driver::kubernetes {
namespace {

constexpr std::uint64_t kRoutesBytesMax = 1 << 20;
// Columns of /proc/net/route.
constexpr std::size_t kInterface = 0;
constexpr std::size_t kDestination = 1;
constexpr std::size_t kMask = 7;
constexpr std::size_t kColumns = 8;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) break;
    line.remove_prefix(start);
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// The kernel prints the four bytes of an address as one number of this machine.
std::optional<std::uint32_t> read_address(std::string_view hex) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  if (error != std::errc() || end != hex.data() + hex.size()) return std::nullopt;
  return std::endian::native == std::endian::little ? __builtin_bswap32(number) : number;
}

}  // namespace

std::vector<HostRoute> parse_routes(std::string_view text) {
  std::vector<HostRoute> routes;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.size() < kColumns) continue;
    const auto base = read_address(words[kDestination]);
    const auto mask = read_address(words[kMask]);
    if (!base || !mask || *mask == 0) continue;
    routes.push_back({std::string(words[kInterface]), *base & *mask, std::popcount(*mask)});
  }
  return routes;
}

Result<std::vector<std::string>> LocalHost::capabilities() {
  FARHOLM_TRY(auto found, docker::probe_capabilities(files_, proc_, engine_pid_file_));
  return std::move(found.given);
}

Result<std::vector<HostRoute>> LocalHost::routes() {
  FARHOLM_TRY(const auto text,
              io::read_file_if_exists(files_, io::join_path(proc_, "net/route"), kRoutesBytesMax));
  return text ? parse_routes(*text) : std::vector<HostRoute>();
}

bool LocalHost::port_is_free(const std::string& address, std::uint16_t port) {
  // Whatever else stands in the way of listening is not ours to judge: Docker Engine may do it all the same.
  const auto listener = network_.listen({.kind = io::Endpoint::Kind::Tcp,
                                         .host = address.empty() ? "0.0.0.0" : address,
                                         .port = port,
                                         .path = {}});
  return listener || listener.error().code != ErrorCode::Conflict;
}

}  // namespace farholm::driver::kubernetes
