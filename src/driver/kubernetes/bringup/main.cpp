// kubernetes_bringup: the driver alone against the real Docker Engine, without an agent around it. For
// whoever works on the driver, and for tests/e2e. Prints progress and what it has seen.
//
//   kubernetes_bringup apply|observe|remove|kubeconfig FOLDER REGISTRY_PORT [WORKERS [VERSION [ETCD_TAG]]]
//
// FOLDER holds the site's state and volumes. Images come from the registry at 127.0.0.1:REGISTRY_PORT, where
// nodes reach it at the bridge's address. The exit code of `observe` is 0 only for a healthy cluster.
#include <fmt/format.h>

#include <cstdlib>

#include "driver/docker/docker_client.h"
#include "driver/kubernetes/kubernetes_driver.h"
#include "io/posix/posix_world.h"

namespace farholm::driver::kubernetes {
namespace {

struct Options {
  std::string command;
  std::string folder;
  std::string port;
  int workers = 2;
  std::string version = "v1.34.4";
  std::string etcd_tag = "3.6.5-0";
};

class RegistryImages final : public ImageSource {
 public:
  explicit RegistryImages(const Options& options) : options_(options) {}
  io::Task<Result<ClusterImages>> cluster_images(std::string, std::string version) override {
    const std::string registry = "127.0.0.1:" + options_.port;
    co_return ClusterImages{fmt::format("{}/farholm.dev/node:{}", registry, version),
                            fmt::format("{}/etcd:{}", registry, options_.etcd_tag),
                            fmt::format("{}/farholm.dev/haproxy:2.6", registry)};
  }

 private:
  const Options& options_;
};

SiteContext make_site(const Options& options) {
  SiteContext site{"bringup", "b7196a9f-77be-4c33-8efb-2a55ae2ce1a5", "here", "172.31.250.0/24", {}};
  site.nodes.push_back({"control-plane-1", NodeSlot::Role::ControlPlane, "here", "172.31.250.11"});
  for (int number = 1; number <= options.workers; ++number)
    site.nodes.push_back({fmt::format("worker-{}", number), NodeSlot::Role::Worker, "here",
                          fmt::format("172.31.250.{}", 20 + number)});
  return site;
}

Layer make_layer(const Options& options) {
  Layer layer{"kubernetes", "kubernetes", fmt::format("workers-{}", options.workers), json::Value::object()};
  layer.spec = {{"name", "kubernetes"},
                {"type", "kubernetes"},
                {"distribution", "kubeadm"},
                {"version", options.version},
                {"bundle", "sha256:none"},
                {"podSubnet", "10.244.0.0/16"},
                {"serviceSubnet", "10.96.0.0/16"},
                {"apiPort", 17443}};
  layer.spec["listeners"] = json::Value::array({{{"name", "app"}, {"port", 18090}, {"nodePort", 30080}}});
  return layer;
}

int report(const Error& error) {
  fmt::print(stderr, "{}\n", error.to_string());
  return exit_code(error.code);
}

std::string_view to_string(Health health) {
  constexpr std::string_view kNames[] = {"Absent", "Drifted", "Progressing", "Healthy", "Failed"};
  return kNames[static_cast<int>(health)];
}

int run(const Options& options) {
  io::posix::PosixWorld posix;
  const io::World world = posix.world();
  docker::DockerClient engine(world.loop, world.network, *io::parse_endpoint(docker::kDockerSocket));
  LocalHost host(world.files, world.network, "/proc", "/run/docker.pid");
  RegistryImages images(options);
  FileSiteState state(world.files, options.folder + "/cluster.json");
  KubernetesDriverOptions driver_options;
  driver_options.volumes_folder = options.folder + "/volumes";
  driver_options.registry = "http://172.31.250.1:" + options.port;
  if (auto made = world.files.make_directories(driver_options.volumes_folder); !made)
    return report(made.error());
  KubernetesDriver driver({world.loop, world.entropy, engine, images, state, host}, driver_options);
  const SiteContext site = make_site(options);
  const Layer layer = make_layer(options);
  const auto begun = world.clock.monotonic();
  const Progress progress = [&](std::string_view sentence) {
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(world.clock.monotonic() - begun);
    fmt::print("[{:7.1f} s] {}\n", static_cast<double>(elapsed.count()) / 1000, sentence);
    (void)std::fflush(stdout);
  };
  if (options.command == "apply") {
    auto applied = world.loop.run(driver.apply(site, layer, progress));
    if (!applied) return report(applied.error());
    progress("applied");
    return 0;
  }
  if (options.command == "remove") {
    auto removed = world.loop.run(driver.remove(site, layer.name, progress));
    return removed ? 0 : report(removed.error());
  }
  if (options.command == "kubeconfig") {
    auto access = driver.access();
    if (!access) return report(access.error());
    fmt::print("{}", make_kubeconfig(site.site_name, *access));
    return 0;
  }
  auto observation = world.loop.run(driver.observe(site, layer));
  if (!observation) return report(observation.error());
  fmt::print("{} {}\n", to_string(observation->health), observation->message);
  return observation->health == Health::Healthy ? 0 : 1;
}

}  // namespace
}  // namespace farholm::driver::kubernetes

int main(int count, char** arguments) {
  if (count < 4) {
    fmt::print(stderr,
               "usage: {} apply|observe|remove|kubeconfig FOLDER REGISTRY_PORT [WORKERS [VERSION "
               "[ETCD_TAG]]]\n",
               arguments[0]);
    return 64;
  }
  farholm::driver::kubernetes::Options options{arguments[1], arguments[2], arguments[3]};
  if (count > 4) options.workers = std::atoi(arguments[4]);
  if (count > 5) options.version = arguments[5];
  if (count > 6) options.etcd_tag = arguments[6];
  return farholm::driver::kubernetes::run(options);
}
