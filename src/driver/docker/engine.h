// Engine: what a driver needs of Docker Engine, as an interface, so that bring-up can be tested against an
// engine in memory (fake_engine.h). DockerClient is the real one.
//
// Every operation may be repeated. What is asked to be gone and is gone already is no error; what is asked
// to be there and is there already is AlreadyExists. Errors are sentences for the person at the site:
//   ServiceUnavailable  no engine answers, or its disk is full
//   Conflict            a port or a subnet is taken (the message names it)
//   Forbidden           the host does not give what was asked (a capability, a kernel feature)
//   NotFound            the container, image or network that is worked on is not there
// Made and used on one thread, that of its loop.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "driver/docker/engine_types.h"
#include "io/event.h"
#include "io/task.h"

namespace farholm::driver::docker {

using Progress = std::function<void(std::string_view)>;

class Engine {
 public:
  virtual ~Engine() = default;

  virtual io::Task<Result<EngineInfo>> info() = 0;

  // Nothing when there is no such image.
  virtual io::Task<Result<std::optional<ImageInfo>>> inspect_image(std::string reference) = 0;
  // `reference` names a registry and a digest ("127.0.0.1:5000/farholm.dev/node@sha256:…").
  virtual io::Task<Result<void>> pull_image(std::string reference, Progress progress) = 0;
  virtual io::Task<Result<void>> tag_image(std::string reference, std::string repository,
                                           std::string tag) = 0;

  virtual io::Task<Result<std::optional<NetworkInfo>>> inspect_network(std::string name) = 0;
  virtual io::Task<Result<void>> create_network(NetworkSpec spec) = 0;
  virtual io::Task<Result<void>> remove_network(std::string name) = 0;

  // All that carry the label ("key=value").
  virtual io::Task<Result<std::vector<VolumeInfo>>> list_volumes(std::string label) = 0;
  virtual io::Task<Result<void>> create_volume(std::string name, Labels labels) = 0;
  virtual io::Task<Result<void>> remove_volume(std::string name) = 0;

  // All that carry the label, running or not, by name.
  virtual io::Task<Result<std::vector<ContainerInfo>>> list_containers(std::string label) = 0;
  virtual io::Task<Result<std::optional<ContainerInfo>>> inspect_container(std::string name) = 0;
  // Gives the container's ID.
  virtual io::Task<Result<std::string>> create_container(ContainerSpec spec) = 0;
  virtual io::Task<Result<void>> start_container(std::string name) = 0;
  virtual io::Task<Result<void>> stop_container(std::string name) = 0;
  virtual io::Task<Result<void>> kill_container(std::string name, std::string signal) = 0;
  // Ends it first if it runs. Its named volumes stay.
  virtual io::Task<Result<void>> remove_container(std::string name) = 0;
  // The last lines of what it printed, at most 64 KiB.
  virtual io::Task<Result<std::string>> logs(std::string name, int lines) = 0;

  // Runs a command inside; an exit code other than 0 is not an error.
  virtual io::Task<Result<ExecOutput>> exec(ExecSpec spec) = 0;
  // Into `folder`, which must be there. Also into a container that has not been started.
  virtual io::Task<Result<void>> put_files(std::string container, std::string folder,
                                           std::vector<ArchiveFile> files) = 0;
  // A small file (at most 1 MiB); nothing when it is not there.
  virtual io::Task<Result<std::optional<std::string>>> get_file(std::string container, std::string path) = 0;

  // Sets `changed` (whoever waits for it clears it) after everything that happens to what carries the label,
  // until the task is dropped; connects again when the engine was restarted, and sets it then, too.
  virtual io::Task<void> watch(std::string label, io::Event& changed) = 0;
};

}  // namespace farholm::driver::docker
