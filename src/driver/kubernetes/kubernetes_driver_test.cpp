#include "driver/kubernetes/kubernetes_driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/kubernetes/cluster_journal.h"
#include "driver/kubernetes/container_specs.h"
#include "driver/kubernetes/host_probe.h"
#include "driver/kubernetes/registry_hosts.h"
#include "driver/kubernetes/test_site.h"
#include "io/scope.h"

namespace farholm::driver::kubernetes {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class KubernetesDriverTest : public ::testing::Test {
 protected:
  KubernetesDriverTest() { restart_agent(); }
  // The agent was killed and is back: what it had in memory is gone.
  void restart_agent() {
    driver_ = std::make_unique<KubernetesDriver>(
        KubernetesDriver::Parts{loop_, entropy_, engine_, images_, state_, host_}, options_);
  }
  Result<void> apply() { return loop_.run(driver_->apply(site_, layer_, {})); }
  Observation observe() {
    auto observation = loop_.run(driver_->observe(site_, layer_));
    EXPECT_TRUE(observation) << observation.error().to_string();
    return observation.value_or(Observation{});
  }
  std::string node_in(const std::string& slot) const {
    for (const auto& [name, container] : engine_.containers)
      if (const auto label = container.info.labels.find("farholm.dev/slot");
          label != container.info.labels.end() && label->second == slot)
        return name;
    return "";
  }
  void lose_container(const std::string& name) { engine_.containers.erase(name); }

  JumpingWorld world_;
  io::Loop loop_{world_, world_};
  CountingEntropy entropy_;
  docker::FakeEngine engine_{loop_};
  FakeCluster cluster_{engine_};
  NamedImages images_;
  MemoryState state_;
  FakeHost host_;
  KubernetesDriverOptions options_;
  std::unique_ptr<KubernetesDriver> driver_;
  SiteContext site_ = test_site();
  Layer layer_ = test_layer();
};

TEST_F(KubernetesDriverTest, brings_a_cluster_up_from_nothing_and_then_leaves_it_alone) {
  EXPECT_EQ(observe().health, Health::Absent);
  ASSERT_TRUE(apply());
  EXPECT_EQ(engine_.containers.size(), 5U);
  EXPECT_EQ(cluster_.registered.size(), 3U);
  const Observation observation = observe();
  EXPECT_EQ(observation.health, Health::Healthy);
  EXPECT_THAT(observation.message, HasSubstr("Pod network"));
  EXPECT_EQ(observation.fingerprint, "sha256:1");
  engine_.forget_changes();
  const int saves = state_.saves;
  ASSERT_TRUE(apply());
  EXPECT_THAT(engine_.changes(), IsEmpty());
  EXPECT_EQ(state_.saves, saves);
}

// A site of its own for each crash.
struct Rig {
  std::unique_ptr<KubernetesDriver> start_agent() {
    return std::make_unique<KubernetesDriver>(
        KubernetesDriver::Parts{loop, entropy, engine, images, state, host}, options);
  }
  JumpingWorld world;
  io::Loop loop{world, world};
  CountingEntropy entropy;
  docker::FakeEngine engine{loop};
  FakeCluster cluster{engine};
  NamedImages images;
  MemoryState state;
  FakeHost host;
  KubernetesDriverOptions options;
};

// Whether the apply was over before the crash came.
bool apply_with_crash(Rig& rig, int operations, bool with_effect) {
  rig.engine.hang_after(operations, with_effect);
  const auto driver = rig.start_agent();
  const SiteContext site = test_site(/*workers=*/1);
  const Layer layer = test_layer();
  auto outcome = rig.loop.run(
      io::with_deadline<void>(rig.loop, std::chrono::minutes(5), "cut off", driver->apply(site, layer, {})));
  rig.engine.run_on();
  return outcome.has_value();
}

TEST(KubernetesDriverCrash, converges_wherever_it_was_cut_off) {
  CountingEntropy entropy;
  ClusterJournal with_keys;  // making keys takes most of the time, and none of the operations
  with_keys.secrets = *make_cluster_secrets(entropy);
  for (const bool with_effect : {false, true}) {
    int crashes = 0;
    for (bool finished = false; !finished; ++crashes) {
      Rig rig;
      if (crashes > 0) rig.state.document = to_json(with_keys);
      finished = apply_with_crash(rig, crashes, with_effect);
      const auto driver = rig.start_agent();
      const SiteContext site = test_site(/*workers=*/1);
      const Layer layer = test_layer();
      const auto applied = rig.loop.run(driver->apply(site, layer, {}));
      ASSERT_TRUE(applied) << "cut at operation " << crashes << ": " << applied.error().to_string();
      EXPECT_EQ(rig.engine.containers.size(), 4U) << "cut at operation " << crashes;
      EXPECT_EQ(rig.engine.volumes.size(), 3U) << "cut at operation " << crashes;
      EXPECT_EQ(rig.cluster.registered.size(), 2U) << "cut at operation " << crashes;
      EXPECT_EQ(rig.loop.run(driver->observe(site, layer))->health, Health::Healthy);
    }
    EXPECT_GT(crashes, 25);
  }
}

TEST_F(KubernetesDriverTest, starts_a_container_that_was_killed) {
  ASSERT_TRUE(apply());
  const std::string worker = node_in("worker-1");
  engine_.containers.at(worker).info.running = false;
  engine_.containers.at(worker).info.status = "exited";
  EXPECT_EQ(observe().health, Health::Drifted);
  EXPECT_TRUE(observe().lost);
  EXPECT_THAT(observe().message, HasSubstr(worker));
  engine_.forget_changes();
  ASSERT_TRUE(apply());
  EXPECT_THAT(engine_.changes(), ::testing::ElementsAre("start_container " + worker));
}

TEST_F(KubernetesDriverTest, makes_a_lost_container_again_over_its_volume_under_the_same_name) {
  ASSERT_TRUE(apply());
  const std::string worker = node_in("worker-1");
  lose_container(worker);
  const auto scripts = cluster_.scripts.size();
  restart_agent();
  ASSERT_TRUE(apply());
  EXPECT_EQ(node_in("worker-1"), worker);
  EXPECT_EQ(cluster_.scripts.size(), scripts);
}

TEST_F(KubernetesDriverTest, replaces_a_node_whose_volume_is_gone_and_deletes_its_object) {
  ASSERT_TRUE(apply());
  const std::string worker = node_in("worker-2");
  lose_container(worker);
  engine_.volumes.erase(worker);
  EXPECT_EQ(observe().health, Health::Drifted);
  EXPECT_TRUE(observe().lost);
  ASSERT_TRUE(apply());
  const std::string successor = node_in("worker-2");
  EXPECT_NE(successor, worker);
  EXPECT_THAT(successor, StartsWith("store-0042-worker-2-"));
  EXPECT_FALSE(cluster_.registered.contains(worker));
  EXPECT_TRUE(cluster_.registered.contains(successor));
  EXPECT_EQ(cluster_.registered.size(), 3U);
  EXPECT_EQ(cluster_.forgotten, std::set<std::string>{worker});
  EXPECT_EQ(observe().health, Health::Healthy);
}

TEST_F(KubernetesDriverTest, begins_the_control_plane_again_over_the_same_etcd) {
  ASSERT_TRUE(apply());
  const std::string control_plane = node_in("control-plane-1");
  lose_container(control_plane);
  engine_.volumes.erase(control_plane);
  ASSERT_TRUE(apply());
  EXPECT_NE(node_in("control-plane-1"), control_plane);
  EXPECT_EQ(cluster_.scripts.back(), "kubeadm init " + node_in("control-plane-1"));
  EXPECT_FALSE(cluster_.registered.contains(control_plane));
}

TEST_F(KubernetesDriverTest, adds_and_drains_workers_as_the_plan_says) {
  ASSERT_TRUE(apply());
  site_ = test_site(3);
  ASSERT_TRUE(apply());
  EXPECT_EQ(cluster_.registered.size(), 4U);
  site_ = test_site(1);
  ASSERT_TRUE(apply());
  EXPECT_EQ(cluster_.registered.size(), 2U);
  EXPECT_EQ(engine_.containers.size(), 4U);
  EXPECT_EQ(engine_.volumes.size(), 3U);
}

TEST_F(KubernetesDriverTest, reloads_haproxy_for_another_node_port_and_restarts_nothing) {
  ASSERT_TRUE(apply());
  engine_.forget_changes();
  layer_ = test_layer("sha256:2");
  layer_.spec["listeners"][0]["nodePort"] = 30081;
  ASSERT_TRUE(apply());
  EXPECT_THAT(engine_.changes(), Contains(HasSubstr("SIGUSR2")));
  EXPECT_THAT(
      engine_.changes(),
      ::testing::Not(Contains(AnyOf(StartsWith("start"), StartsWith("remove"), StartsWith("create")))));
  EXPECT_EQ(observe().fingerprint, "sha256:2");
}

TEST_F(KubernetesDriverTest, restarts_the_kubelet_of_a_node_whose_object_was_deleted) {
  ASSERT_TRUE(apply());
  cluster_.registered.erase(node_in("worker-1"));
  EXPECT_EQ(observe().health, Health::Drifted);
  EXPECT_TRUE(observe().lost);
  ASSERT_TRUE(apply());
  EXPECT_EQ(observe().health, Health::Healthy);
}

TEST_F(KubernetesDriverTest, progresses_while_the_api_does_not_answer) {
  ASSERT_TRUE(apply());
  cluster_.api_answers = false;
  EXPECT_EQ(observe().health, Health::Progressing);
}

TEST_F(KubernetesDriverTest, makes_everything_anew_when_etcds_volume_is_gone) {
  ASSERT_TRUE(apply());
  std::string etcd;
  for (const auto& [name, volume] : engine_.volumes)
    if (name.contains("-etcd-")) etcd = name;
  lose_container(etcd);
  engine_.volumes.erase(etcd);
  cluster_.registered.clear();
  ASSERT_TRUE(apply());
  EXPECT_EQ(cluster_.registered.size(), 3U);
  EXPECT_EQ(engine_.containers.size(), 5U);
  EXPECT_EQ(engine_.volumes.size(), 4U);
}

TEST_F(KubernetesDriverTest, will_not_touch_containers_whose_keys_are_gone) {
  ASSERT_TRUE(apply());
  state_.document.reset();
  restart_agent();
  const auto applied = apply();
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::Conflict);
}

TEST_F(KubernetesDriverTest, says_which_capability_the_host_lacks_and_sees_when_it_is_given) {
  host_.given = {"CHOWN"};
  const auto applied = apply();
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, HasSubstr("SYS_ADMIN"));
  EXPECT_THAT(engine_.containers, IsEmpty());
  host_.given = wanted_capabilities();
  EXPECT_TRUE(apply());
}

TEST_F(KubernetesDriverTest, makes_no_network_over_one_that_the_host_has) {
  host_.networks = {{"fh-6f1c2d3e", 0xAC1E2A00, 24}, {"eth1", 0xAC1E0000, 16}};
  const auto applied = apply();
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::Conflict);
  EXPECT_THAT(applied.error().message, HasSubstr("172.30.42.0/24 is taken"));
  EXPECT_THAT(applied.error().message, HasSubstr("172.30.0.0/16 through eth1"));
  EXPECT_THAT(engine_.networks, IsEmpty());
  host_.networks.pop_back();
  ASSERT_TRUE(apply()) << "a route through the site's own bridge is no conflict";
  // What comes later is not in the way of what stands.
  host_.networks = {{"eth1", 0xAC1E0000, 16}};
  EXPECT_TRUE(apply());
}

TEST_F(KubernetesDriverTest, says_which_port_is_taken_before_it_makes_a_container) {
  host_.taken = {8080};
  const auto applied = apply();
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::Conflict);
  EXPECT_THAT(applied.error().message, HasSubstr("Port 8080"));
  EXPECT_THAT(engine_.containers, IsEmpty());
  host_.taken.clear();
  EXPECT_TRUE(apply());
}

TEST_F(KubernetesDriverTest, keeps_the_haproxy_that_serves_when_a_new_port_is_taken) {
  ASSERT_TRUE(apply());
  host_.taken = {8080, 8081};  // 8080 is HAProxy's own
  layer_ = test_layer("sha256:2");
  layer_.spec["listeners"].push_back({{"name", "other"}, {"port", 8081}, {"nodePort", 30081}});
  engine_.forget_changes();
  const auto applied = apply();
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, HasSubstr("Port 8081"));
  EXPECT_THAT(engine_.changes(), IsEmpty());
  host_.taken = {8080};
  EXPECT_TRUE(apply());
  EXPECT_EQ(observe().fingerprint, "sha256:2");
}

TEST(HostRoutes, are_read_from_what_the_kernel_prints) {
  const auto routes = parse_routes(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT \n"
      "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0 \n"
      "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0 \n"
      "br-1\t002A1EAC\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0 \n"
      "garbage\tx\ty\n");
  ASSERT_EQ(routes.size(), 2U) << "the default route is in nobody's way";
  EXPECT_EQ(routes[0], (HostRoute{"eth0", 0xAC110000, 16}));
  EXPECT_EQ(routes[1], (HostRoute{"br-1", 0xAC1E2A00, 24}));
}

TEST_F(KubernetesDriverTest, hands_on_the_engines_error) {
  engine_.failures.emplace("start_container", Error{ErrorCode::Conflict, "Port 8080 of this host is taken"});
  const auto applied = apply();
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, HasSubstr("Port 8080"));
  EXPECT_TRUE(apply());
}

TEST_F(KubernetesDriverTest, removes_everything_of_its_site_and_nothing_else) {
  ASSERT_TRUE(apply());
  engine_.volumes["other"] = {"other", {{"farholm.dev/site", "another"}}, ""};
  ASSERT_TRUE(loop_.run(driver_->remove(site_, "kubernetes", {})));
  EXPECT_THAT(engine_.containers, IsEmpty());
  EXPECT_THAT(engine_.networks, IsEmpty());
  EXPECT_EQ(engine_.volumes.size(), 1U);
  EXPECT_EQ(observe().health, Health::Absent);
  EXPECT_FALSE(driver_->access());
}

TEST_F(KubernetesDriverTest, tells_where_the_site_listens) {
  EXPECT_THAT(driver_->listeners(), IsEmpty());
  ASSERT_TRUE(apply());
  observe();
  EXPECT_THAT(driver_->listeners(), ::testing::ElementsAre(SiteListener{"127.0.0.1", 6443, "Kubernetes API"},
                                                           SiteListener{"0.0.0.0", 8080, "http"}));
}

TEST_F(KubernetesDriverTest, lets_nodes_pull_from_upstream_only_while_a_layer_says_so) {
  const auto hosts = [&](const std::string& slot) {
    return engine_.containers.at(node_in(slot)).files["/etc/containerd/certs.d/_default/hosts.toml"];
  };
  ASSERT_TRUE(apply());
  EXPECT_EQ(hosts("worker-1"), "") << "what the node made itself is left alone";
  site_.pulls_allowed = true;
  EXPECT_EQ(observe().health, Health::Drifted);
  EXPECT_TRUE(observe().lost);
  ASSERT_TRUE(apply());
  EXPECT_EQ(hosts("control-plane-1"), render_registry_hosts("http://172.30.42.1:5000", true));
  EXPECT_THAT(hosts("worker-1"), ::testing::Not(HasSubstr("server")));
  EXPECT_EQ(observe().health, Health::Healthy);
  // A node that starts again has made its own file, which allows nothing.
  engine_.containers.at(node_in("worker-1")).files.clear();
  EXPECT_EQ(observe().health, Health::Drifted);
  EXPECT_TRUE(observe().lost);
  restart_agent();
  // Not all layers can be read: what was so stays so.
  site_.pulls_allowed.reset();
  ASSERT_TRUE(apply());
  EXPECT_EQ(hosts("worker-1"), render_registry_hosts("http://172.30.42.1:5000", true));
  site_.pulls_allowed = false;
  EXPECT_EQ(observe().health, Health::Drifted);
  EXPECT_TRUE(observe().lost);
  ASSERT_TRUE(apply());
  EXPECT_EQ(hosts("worker-1"), render_registry_hosts("http://172.30.42.1:5000", false));
  EXPECT_THAT(hosts("worker-1"), StartsWith("server = \"http://172.30.42.1:5000\""));
  engine_.containers.at(node_in("worker-1")).files.clear();
  EXPECT_EQ(observe().health, Health::Healthy) << "nobody looks any more";
}

TEST_F(KubernetesDriverTest, keeps_no_secret_outside_of_the_state_and_gives_access) {
  EXPECT_FALSE(driver_->access());
  ASSERT_TRUE(apply());
  const auto access = driver_->access();
  ASSERT_TRUE(access);
  EXPECT_EQ(access->endpoint, "https://127.0.0.1:6443");
  EXPECT_THAT(make_kubeconfig("store", *access), HasSubstr("server: https://127.0.0.1:6443"));
  for (const auto& [name, container] : engine_.containers)
    EXPECT_THAT(container.info.labels,
                ::testing::Not(Contains(::testing::Pair("", HasSubstr("PRIVATE KEY")))));
}

}  // namespace
}  // namespace farholm::driver::kubernetes
