#include <fmt/format.h>

#include "driver/kubernetes/container_specs.h"
#include "driver/kubernetes/kubeadm_config.h"
#include "driver/kubernetes/registry_hosts.h"
#include "driver/kubernetes/site_names.h"
#include "driver/kubernetes/step_runner.h"

namespace farholm::driver::kubernetes {
namespace {

// Beside haproxy.cfg; written after HAProxy was told to load it, so that it says what was loaded.
constexpr std::string_view kLoadedFile = "farholm.loaded";
constexpr std::string_view kConfigFolder = "/etc/haproxy";
constexpr std::uint32_t kReadable = 0644;

docker::ArchiveFile file(std::string_view path, const std::string& content) {
  return {std::string(path), content, kReadable};
}

}  // namespace

io::Task<Result<void>> StepRunner::ensure_image(std::string reference) {
  FARHOLM_CO_TRY(auto image, co_await world_.engine.inspect_image(reference));
  if (image) co_return Result<void>{};
  co_return co_await world_.engine.pull_image(reference, world_.progress);
}

io::Task<Result<void>> StepRunner::create_etcd() {
  const docker::ContainerSpec& spec = world_.desired.etcd;
  FARHOLM_CO_CHECK(co_await ensure_image(spec.image));
  FARHOLM_CO_CHECK(co_await world_.engine.remove_container(spec.name));
  FARHOLM_CO_CHECK(co_await world_.engine.create_volume(spec.name, labels_of(world_.settings, "etcd")));
  if (!world_.journal.etcd_made) {
    world_.journal.etcd_made = true;
    FARHOLM_CO_CHECK(world_.save_journal());
  }
  FARHOLM_CO_TRY(auto peer,
                 issue_etcd_peer(*world_.journal.secrets, world_.settings.etcd_address, world_.entropy));
  FARHOLM_CO_TRY(auto id, co_await world_.engine.create_container(spec));
  FARHOLM_CO_CHECK(
      co_await world_.engine.put_files(id, "/var/lib/etcd", etcd_files(*world_.journal.secrets, peer)));
  co_return co_await world_.engine.start_container(id);
}

io::Task<Result<void>> StepRunner::create_haproxy() {
  const docker::ContainerSpec& spec = world_.desired.haproxy;
  FARHOLM_CO_CHECK(co_await ensure_image(spec.image));
  FARHOLM_CO_CHECK(co_await world_.engine.remove_container(spec.name));
  FARHOLM_CO_TRY(auto id, co_await world_.engine.create_container(spec));
  std::vector<docker::ArchiveFile> files = {file("haproxy.cfg", world_.desired.haproxy_config),
                                            file(kLoadedFile, world_.desired.haproxy_config)};
  FARHOLM_CO_CHECK(co_await world_.engine.put_files(id, std::string(kConfigFolder), std::move(files)));
  co_return co_await world_.engine.start_container(id);
}

io::Task<Result<void>> StepRunner::create_node(std::string name) {
  const docker::ContainerSpec& spec = world_.desired.nodes.at(name);
  FARHOLM_CO_CHECK(co_await ensure_image(spec.image));
  FARHOLM_CO_CHECK(co_await world_.engine.remove_container(name));
  const JournalNode* node = find_node(name);
  FARHOLM_ASSERT(node != nullptr);
  FARHOLM_CO_CHECK(
      co_await world_.engine.create_volume(name, labels_of(world_.settings, "node", node->slot)));
  FARHOLM_CO_TRY(auto id, co_await world_.engine.create_container(spec));
  co_return co_await world_.engine.start_container(id);
}

io::Task<Result<void>> StepRunner::configure_pulls(std::string name) {
  std::vector<docker::ArchiveFile> hosts = {file(kRegistryHostsFile, *world_.desired.registry_hosts)};
  co_return co_await world_.engine.put_files(name, std::string(kRegistryHostsFolder), std::move(hosts));
}

io::Task<Result<void>> StepRunner::reload_haproxy() {
  const std::string& name = world_.desired.haproxy.name;
  std::vector<docker::ArchiveFile> config = {file("haproxy.cfg", world_.desired.haproxy_config)};
  FARHOLM_CO_CHECK(co_await world_.engine.put_files(name, std::string(kConfigFolder), std::move(config)));
  // HAProxy's master process replaces its worker; the old one serves what it has to its end.
  FARHOLM_CO_CHECK(co_await world_.engine.kill_container(name, "SIGUSR2"));
  std::vector<docker::ArchiveFile> loaded = {file(kLoadedFile, world_.desired.haproxy_config)};
  co_return co_await world_.engine.put_files(name, std::string(kConfigFolder), std::move(loaded));
}

}  // namespace farholm::driver::kubernetes
