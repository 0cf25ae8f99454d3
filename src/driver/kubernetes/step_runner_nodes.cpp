#include <fmt/format.h>

#include "driver/docker/archive.h"
#include "driver/kubernetes/kubeadm_config.h"
#include "driver/kubernetes/node_scripts.h"
#include "driver/kubernetes/step_runner.h"

namespace farholm::driver::kubernetes {
namespace {

using namespace std::chrono_literals;

// A token serves one join and is worth nothing soon after.
constexpr std::string_view kTokenLife = "--ttl=30m";
constexpr auto kRegistrationPause = 500ms;
constexpr int kRegistrationTries = 240;

}  // namespace

io::Task<Result<void>> StepRunner::run_script(std::string node, std::string script,
                                              std::vector<docker::ArchiveFile> files) {
  FARHOLM_CO_TRY(auto archive, docker::make_archive(files));
  docker::ExecSpec spec;
  spec.container = node;
  spec.command = {"/bin/sh", "-c", std::move(script)};
  spec.input = std::move(archive);
  FARHOLM_CO_TRY(auto output, co_await world_.engine.exec(std::move(spec)));
  if (output.exit_code != 0)
    co_return fail(
        ErrorCode::ServiceUnavailable,
        fmt::format("kubeadm failed in {} (exit code {}): {}. `docker exec {} journalctl -u kubelet` "
                    "tells more",
                    node, output.exit_code, essence_of_failure(output.out + output.err), node));
  co_return Result<void>{};
}

io::Task<Result<void>> StepRunner::init_control_plane(std::string name) {
  const JournalNode* node = find_node(name);
  FARHOLM_ASSERT(node != nullptr);
  FARHOLM_CO_TRY(auto etcd_client, issue_etcd_client(*world_.journal.secrets, world_.entropy));
  auto files = control_plane_files(*world_.journal.secrets, etcd_client);
  files.push_back({"kubeadm.yaml", init_config(world_.settings, *node)});
  FARHOLM_CO_CHECK(co_await run_script(name, init_script(), std::move(files)));
  co_return mark_joined(name);
}

io::Task<Result<std::string>> StepRunner::make_token() {
  docker::ExecSpec spec;
  spec.container = world_.api_container;
  spec.command = {"kubeadm", "token", "create", std::string(kTokenLife),
                  "--kubeconfig=/etc/kubernetes/admin.conf"};
  FARHOLM_CO_TRY(auto output, co_await world_.engine.exec(std::move(spec)));
  if (output.exit_code != 0)
    co_return fail(ErrorCode::ServiceUnavailable,
                   "The cluster gives no token to join with: " + essence_of_failure(output.err));
  while (output.out.ends_with('\n')) output.out.pop_back();
  co_return std::move(output.out);
}

io::Task<Result<void>> StepRunner::join_node(std::string name) {
  FARHOLM_CO_TRY(const std::string token, co_await make_token());
  const JournalNode* node = find_node(name);
  FARHOLM_ASSERT(node != nullptr);
  std::vector<docker::ArchiveFile> files;
  std::string script = join_worker_script();
  if (node->role == NodeSlot::Role::ControlPlane) {
    FARHOLM_CO_TRY(auto etcd_client, issue_etcd_client(*world_.journal.secrets, world_.entropy));
    files = control_plane_files(*world_.journal.secrets, etcd_client);
    script = join_control_plane_script(name);
  }
  files.push_back({"kubeadm.yaml", join_config(*node, token)});
  files.push_back({"discovery.conf", discovery_config(world_.settings, *world_.journal.secrets)});
  FARHOLM_CO_CHECK(co_await run_script(name, std::move(script), std::move(files)));
  co_return mark_joined(name);
}

io::Task<Result<void>> StepRunner::restart_kubelet(std::string name) {
  docker::ExecSpec spec;
  spec.container = name;
  spec.command = {"systemctl", "restart", "kubelet"};
  FARHOLM_CO_TRY(auto output, co_await world_.engine.exec(std::move(spec)));
  if (output.exit_code != 0)
    co_return fail(ErrorCode::ServiceUnavailable,
                   fmt::format("The kubelet of {} does not start: {}", name, essence_of_failure(output.err)));
  for (int attempt = 0; attempt < kRegistrationTries; ++attempt) {
    auto nodes = co_await world_.api->list();
    if (nodes && nodes->contains(name)) co_return Result<void>{};
    co_await world_.loop.sleep(kRegistrationPause);
  }
  co_return fail(ErrorCode::Timeout,
                 fmt::format("{} does not register in the cluster: `docker exec {} journalctl "
                             "-u kubelet` tells why",
                             name, name));
}

}  // namespace farholm::driver::kubernetes
