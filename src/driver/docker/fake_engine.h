// FakeEngine: an Engine in memory, for tests of what is built on it. Containers run because they were
// started; what a command answers is scripted by the test. It can be cut off at any operation, before or
// after its effect, as a power cut would. One thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "driver/docker/engine.h"
#include "io/loop.h"

namespace farholm::driver::docker {

class FakeEngine final : public Engine {
 public:
  struct Container {
    ContainerSpec spec;
    ContainerInfo info;
    std::map<std::string, std::string> files;  // by absolute path
    std::vector<std::string> signals;
  };

  explicit FakeEngine(io::Loop& loop) : loop_(loop), never_(loop) {}

  // The world, open to tests.
  std::map<std::string, Container> containers;
  std::map<std::string, VolumeInfo> volumes;
  std::map<std::string, NetworkInfo> networks;
  std::set<std::string> images;
  std::function<ExecOutput(const ExecSpec&)> on_exec;
  // The error of the next operation with this name ("start_container").
  std::map<std::string, Error> failures;

  // From the `operations`-th operation on, everything hangs: that one before or after it took effect.
  void hang_after(int operations, bool with_effect) {
    operations_left_ = operations;
    hang_with_effect_ = with_effect;
  }
  void run_on() { operations_left_ = -1; }
  int operations() const { return operations_; }
  // What changed something, in order: "start_container store-etcd".
  const std::vector<std::string>& changes() const { return changes_; }
  void forget_changes() { changes_.clear(); }

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
  // One operation: the effect, unless it is cut off or told to fail. Everything goes through here.
  template <class T>
  io::Task<Result<T>> operate(std::string name, std::string target, std::function<Result<T>()> effect);

  io::Loop& loop_;
  io::Event never_;
  int operations_left_ = -1;
  bool hang_with_effect_ = false;
  int operations_ = 0;
  std::vector<std::string> changes_;
};

}  // namespace farholm::driver::docker
