#include <fmt/format.h>

#include <algorithm>

#include "driver/docker/archive.h"
#include "driver/docker/docker_client.h"
#include "driver/docker/engine_error.h"
#include "driver/docker/engine_json.h"
#include "driver/docker/output_demux.h"
#include "net/target.h"

namespace farholm::driver::docker {
namespace {

constexpr std::size_t kLogBytesMax = 64 << 10;
constexpr std::uint64_t kCopiedFileBytesMax = 1 << 20;

std::string container_path(const std::string& name, std::string_view operation) {
  return fmt::format("/containers/{}{}", net::percent_encode(name), operation);
}

}  // namespace

io::Task<Result<std::vector<ContainerInfo>>> DockerClient::list_containers(std::string label) {
  const std::string query = net::encode_query({{"all", "true"}, {"filters", label_filter(label)}});
  FARHOLM_CO_TRY(auto answer, co_await get("/containers/json" + query, "listing containers"));
  std::vector<ContainerInfo> containers;
  if (answer && answer->is_array())
    for (const json::Value& entry : *answer) containers.push_back(read_listed_container(entry));
  std::ranges::sort(containers, {}, &ContainerInfo::name);
  co_return containers;
}

io::Task<Result<std::optional<ContainerInfo>>> DockerClient::inspect_container(std::string name) {
  FARHOLM_CO_TRY(auto answer, co_await get(container_path(name, "/json"), "looking at container " + name));
  if (!answer) co_return std::optional<ContainerInfo>();
  co_return std::optional(read_container(*answer));
}

io::Task<Result<std::string>> DockerClient::create_container(ContainerSpec spec) {
  const std::string query = net::encode_query({{"name", spec.name}});
  FARHOLM_CO_TRY(auto answer,
                 co_await succeed("POST", "/containers/create" + query, json::to_text(container_body(spec)),
                                  "creating container " + spec.name));
  FARHOLM_CO_TRY(auto value, json::parse(answer));
  co_return json::string_or(value, "Id");
}

io::Task<Result<void>> DockerClient::start_container(std::string name) {
  auto response = co_await request("POST", container_path(name, "/start"), "");
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status >= 300 && response->status != 304)
    co_return std::unexpected(engine_error(response->status, response->body, "starting container " + name));
  co_return Result<void>{};
}

io::Task<Result<void>> DockerClient::stop_container(std::string name) {
  return settle("POST", container_path(name, "/stop"), "stopping container " + name);
}

io::Task<Result<void>> DockerClient::kill_container(std::string name, std::string signal) {
  const std::string query = net::encode_query({{"signal", signal}});
  FARHOLM_CO_TRY(auto ignored, co_await succeed("POST", container_path(name, "/kill") + query, "",
                                                fmt::format("sending {} to container {}", signal, name)));
  (void)ignored;
  co_return Result<void>{};
}

io::Task<Result<void>> DockerClient::remove_container(std::string name) {
  // v: its anonymous volumes go with it; named ones stay.
  return settle("DELETE", container_path(name, "?force=true&v=true"), "removing container " + name);
}

io::Task<Result<std::string>> DockerClient::logs(std::string name, int lines) {
  const std::string query =
      net::encode_query({{"stdout", "true"}, {"stderr", "true"}, {"tail", std::to_string(lines)}});
  FARHOLM_CO_TRY(auto bytes, co_await succeed("GET", container_path(name, "/logs") + query, "",
                                              "reading the log of container " + name));
  OutputDemux demux(kLogBytesMax);
  FARHOLM_CO_CHECK(demux.feed(bytes));
  co_return std::move(demux.out()) + demux.err();
}

io::Task<Result<void>> DockerClient::put_files(std::string container, std::string folder,
                                               std::vector<ArchiveFile> files) {
  FARHOLM_CO_TRY(auto archive, make_archive(files));
  const std::string query = net::encode_query({{"path", folder}});
  auto response = co_await request("PUT", container_path(container, "/archive") + query, std::move(archive),
                                   "application/x-tar");
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status >= 300)
    co_return std::unexpected(engine_error(response->status, response->body,
                                           fmt::format("putting files into {} of {}", folder, container)));
  co_return Result<void>{};
}

io::Task<Result<std::optional<std::string>>> DockerClient::get_file(std::string container, std::string path) {
  const std::string query = net::encode_query({{"path", path}});
  auto response = co_await request("GET", container_path(container, "/archive") + query, "");
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return std::optional<std::string>();
  if (response->status >= 300)
    co_return std::unexpected(
        engine_error(response->status, response->body, fmt::format("reading {} of {}", path, container)));
  FARHOLM_CO_TRY(auto content, first_file_of_archive(response->body));
  if (content && content->size() > kCopiedFileBytesMax)
    co_return fail(ErrorCode::RequestEntityTooLarge, fmt::format("{} of {} is too long", path, container));
  co_return content;
}

}  // namespace farholm::driver::docker
