#include "driver/kubernetes/step_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "driver/kubernetes/container_specs.h"
#include "driver/kubernetes/site_names.h"
#include "io/scope.h"

namespace farholm::driver::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr auto kStepLimit = 15min;  // pulling images and kubeadm on a slow disk are the longest
constexpr auto kNarrationPause = 5s;

}  // namespace

std::string describe(const Step& step) {
  switch (step.kind) {
    case StepKind::CreateNetwork:
      return "making the network " + step.target;
    case StepKind::CreateEtcd:
    case StepKind::CreateHaproxy:
    case StepKind::CreateNode:
    case StepKind::StartContainer:
      return "starting " + step.target;
    case StepKind::ReloadHaproxy:
      return "reloading HAProxy";
    case StepKind::InitControlPlane:
      return "kubeadm init on " + step.target;
    case StepKind::JoinNode:
      return "kubeadm join on " + step.target;
    case StepKind::ConfigurePulls:
      return "saying where images come from on " + step.target;
    case StepKind::RestartKubelet:
      return "restarting the kubelet of " + step.target;
    case StepKind::DrainNode:
      return "draining " + step.target;
    case StepKind::DeleteNodeObject:
    case StepKind::RemoveNode:
    case StepKind::RemoveContainer:
      return "removing " + step.target;
  }
  return step.target;
}

io::Task<Result<void>> StepRunner::run(std::vector<Step> steps) {
  std::optional<Error> first_error;
  io::Scope scope(world_.loop);
  const auto one = [](StepRunner& runner, Step step, std::optional<Error>& error) -> io::Task<void> {
    auto result = co_await runner.narrated(std::move(step));
    if (!result && !error) error = std::move(result).error();
  };
  for (Step& step : steps) scope.spawn(one(*this, std::move(step), first_error));
  co_await scope.join();
  if (first_error) co_return std::unexpected(std::move(*first_error));
  co_return Result<void>{};
}

// Says what is being done, and again with the elapsed time for as long as it takes.
io::Task<Result<void>> StepRunner::narrated(Step step) {
  const std::string what = describe(step);
  if (world_.progress) world_.progress(what);
  io::Scope scope(world_.loop);
  const auto repeat = [](StepRunner& runner, std::string sentence) -> io::Task<void> {
    const auto begun = runner.world_.loop.clock().monotonic();
    for (;;) {
      co_await runner.world_.loop.sleep(kNarrationPause);
      const auto elapsed = runner.world_.loop.clock().monotonic() - begun;
      if (runner.world_.progress)
        runner.world_.progress(fmt::format(
            "{} ({} s)", sentence, std::chrono::duration_cast<std::chrono::seconds>(elapsed).count()));
    }
  };
  scope.spawn(repeat(*this, what));
  auto result = co_await io::with_deadline<void>(world_.loop, kStepLimit, what + " did not end", take(step));
  if (!result) co_return fail_while(std::move(result).error(), what);
  co_return Result<void>{};
}

io::Task<Result<void>> StepRunner::take(Step step) {
  switch (step.kind) {
    case StepKind::CreateNetwork: {
      auto created = co_await world_.engine.create_network(network_spec(world_.settings));
      if (!created && created.error().code != ErrorCode::AlreadyExists) co_return created;
      co_return Result<void>{};
    }
    case StepKind::CreateEtcd:
      co_return co_await create_etcd();
    case StepKind::CreateHaproxy:
      co_return co_await create_haproxy();
    case StepKind::CreateNode:
      co_return co_await create_node(step.target);
    case StepKind::StartContainer:
      co_return co_await world_.engine.start_container(step.target);
    case StepKind::ReloadHaproxy:
      co_return co_await reload_haproxy();
    case StepKind::InitControlPlane:
      co_return co_await init_control_plane(step.target);
    case StepKind::JoinNode:
      co_return co_await join_node(step.target);
    case StepKind::ConfigurePulls:
      co_return co_await configure_pulls(step.target);
    case StepKind::RestartKubelet:
      co_return co_await restart_kubelet(step.target);
    case StepKind::DrainNode:
      co_return co_await drain_node(step.target);
    case StepKind::DeleteNodeObject:
      co_return co_await world_.api->remove(step.target);
    case StepKind::RemoveNode:
      co_return co_await remove_node(step.target);
    case StepKind::RemoveContainer:
      co_return co_await remove_container_and_volume(step.target);
  }
  co_return Result<void>{};
}

JournalNode* StepRunner::find_node(const std::string& name) {
  const auto found = std::ranges::find(world_.journal.nodes, name, &JournalNode::name);
  return found == world_.journal.nodes.end() ? nullptr : &*found;
}

Result<void> StepRunner::mark_joined(const std::string& name) {
  JournalNode* node = find_node(name);
  FARHOLM_ASSERT(node != nullptr);
  node->joined = true;
  return world_.save_journal();
}

io::Task<Result<void>> StepRunner::remove_container_and_volume(std::string name) {
  FARHOLM_CO_CHECK(co_await world_.engine.remove_container(name));
  co_return co_await world_.engine.remove_volume(name);
}

io::Task<Result<void>> StepRunner::remove_node(std::string name) {
  FARHOLM_CO_CHECK(co_await remove_container_and_volume(name));
  const JournalNode* node = find_node(name);
  if (node != nullptr && node->joined) FARHOLM_CO_CHECK(co_await world_.api->forget_pods(name));
  std::erase_if(world_.journal.nodes, [&](const JournalNode& node) { return node.name == name; });
  co_return world_.save_journal();
}

io::Task<Result<void>> StepRunner::drain_node(std::string name) {
  constexpr auto kDrainLimit = 60s;
  // A node that cannot be emptied in time goes all the same: the plan no longer has it.
  if (auto drained = co_await world_.api->drain(name, kDrainLimit); !drained && world_.progress)
    world_.progress(fmt::format("{} was not emptied: {}", name, drained.error().message));
  co_return co_await world_.api->remove(name);
}

}  // namespace farholm::driver::kubernetes
