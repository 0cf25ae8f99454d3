# shellcheck shell=bash
# What is built from which source, with which flags. Sourced by images/kubernetes/build; part of the name of what it makes in the
# cache, so that another flag here is another entry there.

kubernetes_programs=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubeadm kubectl)
cni_programs=(main/bridge main/loopback main/ptp main/host-device ipam/host-local meta/portmap meta/bandwidth meta/tuning meta/firewall)

# build_kubernetes DIR SOURCE: Kubernetes' own programs.
build_kubernetes() {
  local output="$1" source="$2" version="${kubernetes_version}" minor ldflags="" package
  if [[ "$source" == official ]]; then
    official_download "$output" "$version" "${kubernetes_programs[@]}"
    return
  fi
  minor="${version#v1.}"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    ldflags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
    ldflags+=" -X $package.gitTreeState=clean -X $package.buildDate=2025-01-01T00:00:00Z"
  done
  find_go "$go_minimum" "$go_toolchain"
  go_build "$output" k8s.io/kubernetes "$version" "v0.${minor}" "$ldflags" "${kubernetes_programs[@]/#/k8s.io/kubernetes/cmd/}"
  "$go_program" version >"$output/GO_VERSION"
}

build_etcd() {
  local output="$1" tool
  find_go "$go_minimum" "$go_toolchain"
  for tool in server etcdctl etcdutl; do
    go_build "$output" "go.etcd.io/etcd/$tool/v3" "v$etcd_version" "" "" "go.etcd.io/etcd/$tool/v3"
  done
  mv "$output/server" "$output/etcd"
}

build_coredns() {
  find_go "$go_minimum" "$go_toolchain"
  go_build "$1" github.com/coredns/coredns "$coredns_version" "" "" github.com/coredns/coredns
}

build_cni() {
  local module=github.com/containernetworking/plugins
  find_go "$go_minimum" "$go_toolchain"
  go_build "$1" "$module" "$cni_version" "" "-X $module/pkg/utils/buildversion.BuildVersion=$cni_version" \
    "${cni_programs[@]/#/$module/plugins/}"
}

build_pause() {
  need musl-gcc musl-tools
  musl-gcc -Os -static -s -Wall -Wextra -Werror -o "$1/pause" "$here/pause.c"
}
