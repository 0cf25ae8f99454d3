// DockerClient: Docker Engine behind its unix socket. Speaks API version 1.41 (Docker 20.10, the oldest that
// is supported), which later engines understand. One thread, that of its loop.
#pragma once

#include <memory>
#include <string>

#include "driver/docker/engine.h"
#include "io/loop.h"
#include "io/stream.h"
#include "json/json.h"
#include "net/client.h"

namespace farholm::driver::docker {

inline constexpr std::string_view kDockerSocket = "unix:/var/run/docker.sock";

class DockerClient final : public Engine {
 public:
  // Loop and network outlive it. `endpoint` is printed in errors.
  DockerClient(io::Loop& loop, io::Network& network, io::Endpoint endpoint);

  io::Task<Result<EngineInfo>> info() override;
  io::Task<Result<std::optional<ImageInfo>>> inspect_image(std::string reference) override;
  io::Task<Result<void>> pull_image(std::string reference, Progress progress) override;
  io::Task<Result<void>> tag_image(std::string reference, std::string repository, std::string tag) override;
  io::Task<Result<std::optional<NetworkInfo>>> inspect_network(std::string name) override;
  io::Task<Result<void>> create_network(NetworkSpec spec) override;
  io::Task<Result<void>> remove_network(std::string name) override;
  io::Task<Result<std::vector<VolumeInfo>>> list_volumes(std::string label) override;
  io::Task<Result<void>> create_volume(std::string name, Labels labels) override;
  io::Task<Result<void>> remove_volume(std::string name) override;
  io::Task<Result<std::vector<ContainerInfo>>> list_containers(std::string label) override;
  io::Task<Result<std::optional<ContainerInfo>>> inspect_container(std::string name) override;
  io::Task<Result<std::string>> create_container(ContainerSpec spec) override;
  io::Task<Result<void>> start_container(std::string name) override;
  io::Task<Result<void>> stop_container(std::string name) override;
  io::Task<Result<void>> kill_container(std::string name, std::string signal) override;
  io::Task<Result<void>> remove_container(std::string name) override;
  io::Task<Result<std::string>> logs(std::string name, int lines) override;
  io::Task<Result<ExecOutput>> exec(ExecSpec spec) override;
  io::Task<Result<void>> put_files(std::string container, std::string folder,
                                   std::vector<ArchiveFile> files) override;
  io::Task<Result<std::optional<std::string>>> get_file(std::string container, std::string path) override;
  io::Task<void> watch(std::string label, io::Event& changed) override;

 private:
  // One request; transport errors become "does not answer". `doing` is for the trail.
  io::Task<Result<net::Response>> request(std::string method, std::string path, std::string body,
                                          std::string content_type = "application/json");
  // As request, with any status that is not a success as an error.
  io::Task<Result<std::string>> succeed(std::string method, std::string path, std::string body,
                                        std::string doing);
  // GET of a JSON value; nothing for 404.
  io::Task<Result<std::optional<json::Value>>> get(std::string path, std::string doing);
  // A DELETE or POST for which "it is not there" (404) and "it is so already" (304) are successes too.
  io::Task<Result<void>> settle(std::string method, std::string path, std::string doing);
  static Error transport_error(const io::Endpoint& endpoint, Error error);
  io::Task<Result<void>> follow_events(std::string label, io::Event& changed);

  io::Loop& loop_;
  io::Endpoint endpoint_;
  net::HttpClient http_;
};

}  // namespace farholm::driver::docker
