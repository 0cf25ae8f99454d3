// For this module's tests: a site, a layer, and a cluster that answers in the place of kubeadm and kubectl.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "driver/docker/fake_engine.h"
#include "driver/kubernetes/container_specs.h"
#include "driver/kubernetes/kubernetes_driver.h"
#include "io/loop.h"

namespace farholm::driver::kubernetes {

inline SiteContext test_site(int workers = 2) {
  SiteContext site{"store-0042", "6f1c2d3e-aaaa-bbbb-cccc-000000000000", "edge-1", "172.30.42.0/24", {}};
  site.nodes.push_back({"control-plane-1", NodeSlot::Role::ControlPlane, "edge-1", "172.30.42.11"});
  for (int number = 1; number <= workers; ++number)
    site.nodes.push_back({"worker-" + std::to_string(number), NodeSlot::Role::Worker, "edge-1",
                          "172.30.42." + std::to_string(20 + number)});
  return site;
}

inline Layer test_layer(std::string fingerprint = "sha256:1") {
  Layer layer{"kubernetes", "kubernetes", std::move(fingerprint), json::Value::object()};
  layer.spec = {{"name", "kubernetes"},
                {"type", "kubernetes"},
                {"distribution", "kubeadm"},
                {"version", "v1.34.4"},
                {"bundle", "sha256:b"},
                {"podSubnet", "10.244.0.0/16"},
                {"serviceSubnet", "10.96.0.0/16"},
                {"apiPort", 6443}};
  layer.spec["listeners"] = json::Value::array({{{"name", "http"}, {"port", 8080}, {"nodePort", 30080}}});
  return layer;
}

// Does not wait: jumps to the loop's next timer.
class JumpingWorld final : public io::Clock, public io::Poller {
 public:
  io::WallTime now() const override { return io::WallTime(time_.time_since_epoch()); }
  io::MonotonicTime monotonic() const override { return time_; }
  void wait(std::optional<io::MonotonicTime> deadline) override {
    if (deadline && *deadline > time_) time_ = *deadline;
  }
  bool idle() const override { return true; }

 private:
  io::MonotonicTime time_{};
};

// Counts up: names differ, and replay.
class CountingEntropy final : public io::Entropy {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      byte = static_cast<std::byte>(state_ >> 56U);
    }
  }

 private:
  std::uint64_t state_ = 1;
};

class MemoryState final : public SiteState {
 public:
  Result<std::optional<json::Value>> load() override { return document; }
  Result<void> save(const json::Value& value) override {
    document = value;
    ++saves;
    return {};
  }
  std::optional<json::Value> document;
  int saves = 0;
};

// A host with nothing wrong but what a test says.
class FakeHost final : public HostProbe {
 public:
  Result<std::vector<std::string>> capabilities() override { return given; }
  Result<std::vector<HostRoute>> routes() override { return networks; }
  bool port_is_free(const std::string&, std::uint16_t port) override { return !taken.contains(port); }

  std::vector<std::string> given = wanted_capabilities();
  std::vector<HostRoute> networks;
  std::set<std::uint16_t> taken;
};

class NamedImages final : public ImageSource {
 public:
  io::Task<Result<ClusterImages>> cluster_images(std::string, std::string) override {
    co_return ClusterImages{"node:1", "etcd:1", "haproxy:1"};
  }
};

// The cluster inside of the containers: which nodes are registered, and that its API answers while a
// control-plane node runs that was begun.
class FakeCluster {
 public:
  explicit FakeCluster(docker::FakeEngine& engine) : engine_(engine) {
    engine_.on_exec = [this](const docker::ExecSpec& spec) { return answer(spec); };
  }
  std::set<std::string> registered;
  bool api_answers = true;
  std::vector<std::string> scripts;  // "kubeadm init store-…"
  // Nodes whose Pods were taken for ended, while neither their container nor their Node object was there.
  std::set<std::string> forgotten;

 private:
  docker::ExecOutput answer(const docker::ExecSpec& spec) {
    const std::string& command = spec.command.front();
    const std::string& last = spec.command.back();
    if (command == "/bin/sh") {
      scripts.push_back((last.contains("kubeadm init") ? "kubeadm init " : "kubeadm join ") + spec.container);
      registered.insert(spec.container);
      return {0, "", ""};
    }
    if (!api_answers) return {1, "", "connection refused"};
    if (command == "kubeadm") return {0, "abcdef.0123456789abcdef\n", ""};
    if (command == "systemctl") {
      registered.insert(spec.container);
      return {0, "", ""};
    }
    if (spec.command.at(3) == "get") return {0, node_list(), ""};
    if (spec.command.at(3) == "delete" && spec.command.at(4) == "node") registered.erase(spec.command.at(5));
    if (spec.command.at(3) == "delete" && spec.command.at(4) == "pods") {
      const std::string node = spec.command.at(6).substr(spec.command.at(6).find_last_of('=') + 1);
      if (!registered.contains(node) && !engine_.containers.contains(node)) forgotten.insert(node);
    }
    return {0, "", ""};
  }
  std::string node_list() const {
    json::Value list = {{"items", json::Value::array()}};
    for (const std::string& name : registered) {
      json::Value node = {{"metadata", {{"name", name}}}};
      node["status"]["conditions"] =
          json::Value::array({{{"type", "Ready"},
                               {"status", "False"},
                               {"message", "container runtime network not ready: NetworkPluginNotReady"}}});
      list["items"].push_back(std::move(node));
    }
    return json::to_text(list);
  }
  docker::FakeEngine& engine_;
};

}  // namespace farholm::driver::kubernetes
