// StepRunner: takes the steps that plan_steps names. Every step looks at nothing but its own target and may
// be cut off and taken again. One thread.
#pragma once

#include <functional>
#include <string>

#include "driver/docker/engine.h"
#include "driver/driver.h"
#include "driver/kubernetes/cluster_journal.h"
#include "driver/kubernetes/node_api.h"
#include "driver/kubernetes/plan_steps.h"
#include "io/entropy.h"
#include "io/loop.h"

namespace farholm::driver::kubernetes {

// What one apply works with. References outlive the runner.
struct StepWorld {
  io::Loop& loop;
  io::Entropy& entropy;
  docker::Engine& engine;
  const ClusterSettings& settings;
  const DesiredContainers& desired;
  ClusterJournal& journal;
  std::function<Result<void>()> save_journal;
  NodeApi* api = nullptr;  // null: no control-plane node runs
  std::string api_container;
  Progress progress;
};

class StepRunner {
 public:
  explicit StepRunner(const StepWorld& world) : world_(world) {}
  // All of them at once; the first error, when the others have ended.
  io::Task<Result<void>> run(std::vector<Step> steps);

 private:
  io::Task<Result<void>> take(Step step);
  io::Task<Result<void>> narrated(Step step);
  io::Task<Result<void>> ensure_image(std::string reference);
  io::Task<Result<void>> create_etcd();
  io::Task<Result<void>> create_haproxy();
  io::Task<Result<void>> create_node(std::string name);
  io::Task<Result<void>> reload_haproxy();
  io::Task<Result<void>> init_control_plane(std::string name);
  io::Task<Result<void>> join_node(std::string name);
  io::Task<Result<void>> configure_pulls(std::string name);
  io::Task<Result<void>> restart_kubelet(std::string name);
  io::Task<Result<void>> drain_node(std::string name);
  io::Task<Result<void>> remove_container_and_volume(std::string name);
  io::Task<Result<void>> remove_node(std::string name);
  io::Task<Result<void>> run_script(std::string node, std::string script,
                                    std::vector<docker::ArchiveFile> files);
  io::Task<Result<std::string>> make_token();
  JournalNode* find_node(const std::string& name);
  Result<void> mark_joined(const std::string& name);

  StepWorld world_;
};

// "kubeadm init on store-42-control-plane-1-x7k2p", for whoever watches.
std::string describe(const Step& step);

}  // namespace farholm::driver::kubernetes
