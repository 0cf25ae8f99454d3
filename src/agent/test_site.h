// A small site for this module's tests: keys, a root, plans of any generation and layers, and a disk in
// memory whose power can be cut.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "io/sim/sim_entropy.h"
#include "io/sim/sim_files.h"
#include "io/sim/sim_world.h"
#include "profile/plan.h"
#include "trust/plan_acceptance.h"
#include "trust/root.h"

namespace farholm::agent::test {

inline constexpr const char* kFolder = "/state";

// "sha256:" and 64 times the same digit.
inline std::string digest(char digit) {
  return "sha256:" + std::string(64, digit);
}

// A layer of which a digit says what is in it.
inline profile::PlanLayer layer(std::string name, char content, std::string type = "manifests") {
  profile::PlanLayer result;
  result.name = std::move(name);
  result.type = std::move(type);
  result.blob = digest(content);
  result.size_bytes = 100;
  return result;
}

inline profile::SitePlan plan(std::int64_t generation, std::vector<profile::PlanLayer> layers) {
  profile::SitePlan result;
  result.site_uid = "uid-1";
  result.site_namespace = "retail";
  result.site_name = "store-0042";
  result.epoch = 1;
  result.generation = generation;
  result.profile = "store";
  result.profile_namespace = "retail";
  result.revision = 1;
  result.hosts = {{.name = "edge-1", .uid = "host-1", .machine_id = "m-1"}};
  result.subnet = "172.30.42.0/24";
  result.nodes = {{.slot = "control-plane-1",
                   .role = profile::NodeRole::ControlPlane,
                   .host = "edge-1",
                   .address = "172.30.42.11"}};
  result.layers = std::move(layers);
  return result;
}

inline std::string sign(const profile::SitePlan& plan, const crypto::PrivateKey& key) {
  return trust::sign_plan(json::parse(profile::to_payload(plan)).value(), {key}).value();
}

// One key of every role, and the root that names them.
class Keys {
 public:
  explicit Keys(io::Entropy& entropy)
      : key_(crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy)) {
    trust::RootSpec spec;
    spec.expires = io::sim::kBeginning + std::chrono::years(1);
    for (const auto role : trust::kRoleNames) spec.role(role) = {.keys = {key_.public_key()}, .threshold = 1};
    root_ = trust::Root::parse(trust::make_root(spec, {key_}).value()).value();
  }
  const crypto::PrivateKey& key() const { return key_; }
  const trust::Root& root() const { return root_; }

 private:
  crypto::PrivateKey key_;
  trust::Root root_;
};

class CollectingSink final : public LogSink {
 public:
  void write(LogLevel, std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

// A disk with an empty state folder on it.
class Disk {
 public:
  Disk() {
    EXPECT_TRUE(files.make_directories(kFolder));
    EXPECT_TRUE(files.sync_directory("/"));
  }
  bool exists(const std::string& path) { return io::status_if_exists(files, path).value().has_value(); }
  std::string read(const std::string& path) { return io::read_file(files, path, 1 << 20).value_or("absent"); }
  void write(const std::string& path, std::string_view text) {
    EXPECT_TRUE(io::write_file_atomically(files, path, text));
  }
  std::size_t count() { return files.list(kFolder).value().size(); }

  io::sim::SimTime time;
  io::sim::History history;
  io::sim::SimFiles files{time, io::sim::SimEntropy(1), history, "disk"};
};

inline constexpr io::sim::Survival kSurvivals[] = {io::sim::Survival::Nothing, io::sim::Survival::Everything,
                                                   io::sim::Survival::Each, io::sim::Survival::TornLast};

}  // namespace farholm::agent::test
