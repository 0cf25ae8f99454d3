// What is rendered from settings: haproxy.cfg, kubeadm's configuration, names, container specs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/kubernetes/container_specs.h"
#include "driver/kubernetes/haproxy_config.h"
#include "driver/kubernetes/kubeadm_config.h"
#include "driver/kubernetes/node_scripts.h"
#include "driver/kubernetes/site_names.h"
#include "driver/kubernetes/test_site.h"

namespace farholm::driver::kubernetes {
namespace {

using ::testing::HasSubstr;

ClusterSettings settings() {
  return *read_settings(test_site(), test_layer().spec);
}

TEST(Settings, work_the_addresses_out) {
  EXPECT_EQ(settings().gateway, "172.30.42.1");
  EXPECT_EQ(settings().haproxy_address, "172.30.42.2");
  EXPECT_EQ(settings().etcd_address, "172.30.42.3");
}

TEST(Settings, name_every_field_that_is_wrong) {
  Layer layer = test_layer();
  layer.spec["distribution"] = "other";
  layer.spec.erase("version");
  layer.spec["listeners"] = json::Value::array({{{"name", "a"}, {"port", 6443}, {"nodePort", 80}}});
  SiteContext site = test_site();
  site.nodes[1].address = "172.30.43.1";
  const auto wrong = read_settings(site, layer.spec);
  ASSERT_FALSE(wrong);
  for (const char* field :
       {"distribution", "version", "listeners[0].port", "listeners[0].nodePort", "nodes.worker-1.address"})
    EXPECT_THAT(wrong.error().message, HasSubstr(field));
}

TEST(Settings, refuse_a_subnet_that_is_none) {
  for (const char* subnet :
       {"", "172.30.42.0", "172.30.42.0/33", "172.30.42.7/24", "300.1.1.0/24", "10.0.0.0/24x"})
    EXPECT_FALSE(address_in(subnet, 1)) << subnet;
}

TEST(HaproxyConfig, leads_to_slots_so_that_a_replaced_node_changes_nothing) {
  const std::string config = render_haproxy_config(settings());
  EXPECT_THAT(config, HasSubstr("backend api\n"));
  EXPECT_THAT(config, HasSubstr("  server control-plane-1 172.30.42.11:6443\n"));
  EXPECT_THAT(config, HasSubstr("frontend listener-http\n  bind :8080\n"));
  EXPECT_THAT(config, HasSubstr("  server worker-2 172.30.42.22:30080\n"));
  EXPECT_EQ(config, render_haproxy_config(settings()));
}

TEST(KubeadmConfig, encrypts_secrets_and_keeps_etcd_outside) {
  const JournalNode node{"store-control-plane-1-abcde", "control-plane-1", NodeSlot::Role::ControlPlane,
                         "172.30.42.11"};
  const std::string config = init_config(settings(), node);
  EXPECT_THAT(config, HasSubstr("encryption-provider-config"));
  EXPECT_THAT(config, HasSubstr("https://172.30.42.3:2379"));
  EXPECT_THAT(config, HasSubstr("\"controlPlaneEndpoint\": \"172.30.42.2:6443\""));
  EXPECT_THAT(config, HasSubstr("\"failCgroupV1\": false"));
  const std::string join = join_config(node, "abcdef.0123456789abcdef");
  EXPECT_THAT(join, HasSubstr("localAPIEndpoint"));
  EXPECT_THAT(join, HasSubstr("discovery.conf"));
}

TEST(Names, fit_a_host_name_and_tell_sites_of_one_name_apart) {
  ClusterSettings one = settings();
  one.site_name = std::string(80, 'x');
  CountingEntropy entropy;
  EXPECT_LE(make_node_name(one, std::string(40, 'y'), entropy).size(), 63U);
  EXPECT_LE(bridge_name(one).size(), 15U);
  ClusterSettings two = one;
  two.site_uid = "99999999-0000";
  EXPECT_NE(network_name(one), network_name(two));
  EXPECT_NE(etcd_name(one), etcd_name(two));
}

TEST(NodeSpec, asks_only_for_capabilities_that_the_host_has) {
  const JournalNode node{"n", "worker-1", NodeSlot::Role::Worker, "172.30.42.21"};
  const auto spec = node_spec(settings(), node, "node:1",
                              {"/srv/v", "http://172.30.42.1:5000", "", {"CHOWN", "SYS_ADMIN"}});
  EXPECT_THAT(spec.capabilities, ::testing::ElementsAre("CHOWN", "SYS_ADMIN"));
  EXPECT_EQ(spec.labels.at(std::string(kSpecLabel)).size(), 32U);
  auto other = spec;
  other.image = "node:2";
  EXPECT_NE(spec_digest(spec), spec_digest(other));
}

TEST(Journal, is_read_as_it_was_written_and_a_newer_one_is_refused) {
  CountingEntropy entropy;
  ClusterJournal journal;
  journal.secrets = *make_cluster_secrets(entropy);
  journal.nodes = {{"n", "worker-1", NodeSlot::Role::Worker, "172.30.42.21", true}};
  journal.version = "v1.34.4";
  const auto read = cluster_journal_from_json(to_json(journal));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->nodes, journal.nodes);
  EXPECT_EQ(read->secrets->encryption_key_base64, journal.secrets->encryption_key_base64);
  json::Value newer = to_json(journal);
  newer["format"] = 2;
  EXPECT_FALSE(cluster_journal_from_json(newer));
}

TEST(KubeadmFailure, is_told_by_its_error_lines) {
  EXPECT_EQ(essence_of_failure("[init] a\n\t[ERROR Port-6443]: in use\nmore\n"),
            "\t[ERROR Port-6443]: in use");
  EXPECT_EQ(essence_of_failure("one\ntwo\n"), "one; two");
  EXPECT_LE(essence_of_failure("error " + std::string(5000, 'x')).size(), 800U);
}

}  // namespace
}  // namespace farholm::driver::kubernetes
