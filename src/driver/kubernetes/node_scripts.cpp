#include "driver/kubernetes/node_scripts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace farholm::driver::kubernetes {
namespace {

constexpr std::size_t kEssenceBytesMax = 800;
constexpr std::size_t kLastLines = 4;

// containerd answers once systemd is up; before that kubeadm would only fail.
constexpr std::string_view kBegin = R"(set -eu
tries=0
until [ -S /run/containerd/containerd.sock ] && mountpoint -q /etc/kubernetes; do
  tries=$((tries + 1))
  [ $tries -le 1200 ] || { echo 'error: containerd did not come up in the node' >&2; exit 1; }
  sleep 0.1
done
mkdir -p /run/farholm
exec 9>/run/farholm/kubeadm.lock
flock -w 900 9
tar -x -C /etc/kubernetes --no-same-owner
[ ! -e /var/lib/farholm/joined ] || exit 0
)";

// The journal will say "joined" forever after: what kubeadm wrote must survive a power cut from here on.
constexpr std::string_view kEnd = R"(touch /var/lib/farholm/joined
sync -f /var/lib/farholm
)";

}  // namespace

std::string init_script() {
  return fmt::format("{}kubeadm init --config /etc/kubernetes/kubeadm.yaml --skip-token-print >&2 9>&-\n{}",
                     kBegin, kEnd);
}

std::string join_worker_script() {
  // With a kubelet.conf the node has its identity, which was all that was left to get.
  return fmt::format(R"({}if [ -e /etc/kubernetes/kubelet.conf ]; then
  systemctl restart kubelet
else
  rm -f /etc/kubernetes/bootstrap-kubelet.conf
  kubeadm join --config /etc/kubernetes/kubeadm.yaml >&2 9>&-
fi
{})",
                     kBegin, kEnd);
}

std::string join_control_plane_script(const std::string& name) {
  // kubeadm refuses to join a node that is registered already: one that was cut off begins again.
  return fmt::format(R"({}if [ -e /etc/kubernetes/kubelet.conf ]; then
  kubectl --kubeconfig /etc/kubernetes/admin.conf delete node {} --ignore-not-found --wait=false >&2 || true
  rm -f /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests/*.yaml
  systemctl stop kubelet
fi
kubeadm join --config /etc/kubernetes/kubeadm.yaml >&2 9>&-
{})",
                     kBegin, name, kEnd);
}

std::string essence_of_failure(const std::string& output) {
  std::vector<std::string_view> errors;
  std::vector<std::string_view> lines;
  std::string_view rest = output;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.empty()) continue;
    lines.push_back(line);
    if (line.starts_with("error") || line.contains("[ERROR")) errors.push_back(line);
  }
  if (errors.empty() && lines.size() > kLastLines)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kLastLines));
  return fmt::format("{}", fmt::join(errors.empty() ? lines : errors, "; ")).substr(0, kEssenceBytesMax);
}

}  // namespace farholm::driver::kubernetes
