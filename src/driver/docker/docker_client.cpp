#include "driver/docker/docker_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/docker/engine_error.h"
#include "driver/docker/engine_json.h"
#include "net/target.h"

namespace farholm::driver::docker {
namespace {

using namespace std::chrono_literals;

// Making a container copies its image's /var into a new volume; stopping one waits for it; both share a slow
// disk with everything else of a site.
constexpr auto kRequestLimit = 3min;
constexpr std::string_view kVersionPrefix = "/v1.41";
// Events, executions and pulls hold a connection each.
constexpr std::size_t kConnectionsMax = 32;
constexpr std::uint64_t kAnswerBytesMax = 16 << 20;

net::ClientOptions client_options() {
  net::ClientOptions options;
  options.authority = "docker";
  options.connections_max = kConnectionsMax;
  return options;
}

}  // namespace

Error DockerClient::transport_error(const io::Endpoint& endpoint, Error error) {
  switch (error.code) {
    case ErrorCode::ServiceUnavailable:
    case ErrorCode::NotFound:   // no socket
    case ErrorCode::Forbidden:  // a socket that we may not open
      return engine_absent(endpoint.to_string(), error);
    default:
      return error;
  }
}

DockerClient::DockerClient(io::Loop& loop, io::Network& network, io::Endpoint endpoint)
    : loop_(loop),
      endpoint_(endpoint),
      http_(loop, net::make_dialer(network, std::move(endpoint)), client_options()) {}

io::Task<Result<net::Response>> DockerClient::request(std::string method, std::string path, std::string body,
                                                      std::string content_type) {
  net::Request request;
  request.method = std::move(method);
  request.target = std::string(kVersionPrefix) + path;
  if (!body.empty()) request.headers.add("Content-Type", std::move(content_type));
  request.body = std::move(body);
  net::SendOptions options;
  options.deadline = kRequestLimit;
  options.response_body_bytes_max = kAnswerBytesMax;
  auto response = co_await http_.send(std::move(request), options);
  if (!response) co_return std::unexpected(transport_error(endpoint_, std::move(response).error()));
  co_return response;
}

io::Task<Result<std::string>> DockerClient::succeed(std::string method, std::string path, std::string body,
                                                    std::string doing) {
  auto response = co_await request(std::move(method), std::move(path), std::move(body));
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status >= 300)
    co_return std::unexpected(engine_error(response->status, response->body, doing));
  co_return std::move(response->body);
}

io::Task<Result<std::optional<json::Value>>> DockerClient::get(std::string path, std::string doing) {
  auto response = co_await request("GET", std::move(path), "");
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return std::optional<json::Value>();
  if (response->status >= 300)
    co_return std::unexpected(engine_error(response->status, response->body, doing));
  json::Limits limits;
  limits.bytes_max = kAnswerBytesMax;
  auto value = json::parse(response->body, limits);
  if (!value) co_return fail_while(std::move(value).error(), std::move(doing));
  co_return std::optional<json::Value>(std::move(*value));
}

io::Task<Result<void>> DockerClient::settle(std::string method, std::string path, std::string doing) {
  auto response = co_await request(std::move(method), std::move(path), "");
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status >= 300 && response->status != 304 && response->status != 404)
    co_return std::unexpected(engine_error(response->status, response->body, doing));
  co_return Result<void>{};
}

io::Task<Result<EngineInfo>> DockerClient::info() {
  FARHOLM_CO_TRY(auto version, co_await get("/version", "asking Docker Engine for its version"));
  FARHOLM_CO_TRY(auto about, co_await get("/info", "asking Docker Engine about its host"));
  if (!version || !about)
    co_return fail(
        ErrorCode::ServiceUnavailable,
        fmt::format("What answers at {} is not Docker Engine with API 1.41 or newer: install Docker "
                    "20.10 or newer",
                    endpoint_.to_string()));
  co_return read_info(*version, *about);
}

io::Task<Result<std::optional<NetworkInfo>>> DockerClient::inspect_network(std::string name) {
  FARHOLM_CO_TRY(auto answer,
                 co_await get("/networks/" + net::percent_encode(name), "looking at network " + name));
  if (!answer) co_return std::optional<NetworkInfo>();
  co_return std::optional(read_network(*answer));
}

io::Task<Result<void>> DockerClient::create_network(NetworkSpec spec) {
  FARHOLM_CO_TRY(auto ignored,
                 co_await succeed("POST", "/networks/create", json::to_text(network_body(spec)),
                                  fmt::format("creating network {} ({})", spec.name, spec.subnet)));
  (void)ignored;
  co_return Result<void>{};
}

io::Task<Result<void>> DockerClient::remove_network(std::string name) {
  return settle("DELETE", "/networks/" + net::percent_encode(name), "removing network " + name);
}

io::Task<Result<std::vector<VolumeInfo>>> DockerClient::list_volumes(std::string label) {
  const std::string query = net::encode_query({{"filters", label_filter(label)}});
  FARHOLM_CO_TRY(auto answer, co_await get("/volumes" + query, "listing volumes"));
  std::vector<VolumeInfo> volumes;
  if (answer)
    if (const json::Value* list = json::find_array(*answer, "Volumes"))
      for (const json::Value& entry : *list) volumes.push_back(read_volume(entry));
  std::ranges::sort(volumes, {}, &VolumeInfo::name);
  co_return volumes;
}

io::Task<Result<void>> DockerClient::create_volume(std::string name, Labels labels) {
  const json::Value body = {{"Name", name}, {"Driver", "local"}, {"Labels", labels}};
  FARHOLM_CO_TRY(auto ignored,
                 co_await succeed("POST", "/volumes/create", json::to_text(body), "creating volume " + name));
  (void)ignored;
  co_return Result<void>{};
}

io::Task<Result<void>> DockerClient::remove_volume(std::string name) {
  return settle("DELETE", "/volumes/" + net::percent_encode(name), "removing volume " + name);
}

}  // namespace farholm::driver::docker
