# shellcheck shell=bash
# Which layers and images the add-ons consist of. Sourced by images/addons/build.
#
# A function `layer_X FOLDER` fills FOLDER/root; its own text is part of the layer's name in the cache, so an edit here makes the
# layer anew. A function `images_X LAYOUT` composes an add-on from layers. The tags are those that demo/profile names.

flannel_version=v0.28.10
flannel_cni_version=v0.9.1
local_path_version=v0.0.30
busybox_version=1.35.0
node_exporter_version=1.5.0
till_versions=(1.0.0 1.1.0)

# What local-path-provisioner, flannel and the CNI plugin need of Go; any newer one will do.
# shellcheck disable=SC2034 # For images/addons/build.
addons_go_minimum=1.26
# shellcheck disable=SC2034
addons_go_toolchain=1.26.8

# shellcheck disable=SC2034
addons=(flannel local-path node-exporter till)

# --- flannel: flanneld and install-conf, its CNI plugin, iptables, a shell

# What the two images that are not static stand on.
layer_base() {
  debian_files "$1/root" base-files libc6
  users "$1/root"
}

layer_iptables() {
  local program
  debian_files "$1/root" iptables libip4tc2 libip6tc2 libxtables12 libmnl0 libnetfilter-conntrack3 libnfnetlink0 libnftnl11 netbase
  # What update-alternatives would choose. kube-proxy's image and the nodes are Debian too: one rule set, seen by all.
  for program in {ip,ip6}tables{,-save,-restore}; do
    ln -s xtables-nft-multi "$1/root/usr/sbin/$program"
  done
}

# The published main.go without two imports: the backend of a cloud, whose client library is several times as large as the rest, and
# the UDP backend, which needs C. A site has VXLAN and plain routes.
layer_flanneld() {
  local module=github.com/flannel-io/flannel source="$1/source"
  with_progress "fetching the module $module@$flannel_version" "$1/fetch.log" \
    env GOFLAGS=-mod=mod "$go_program" -C "$1" mod download -json "$module@$flannel_version"
  cp -r "$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' "$1/fetch.log")" "$source"
  chmod -R u+w "$source"
  sed -i -E '/_ ".*\/pkg\/backend\/(tencentvpc|udp)"$/d' "$source/main.go"
  mkdir -p "$1/root/opt/bin"
  with_progress "compiling flanneld $flannel_version (minutes when Go's own cache is empty)" "$1/build.log" \
    env CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local nice "$go_program" -C "$source" build -p "$jobs" -mod=readonly \
    -trimpath -ldflags "-s -w -X $module/pkg/version.Version=$flannel_version" -o "$1/root/opt/bin/" . ./cmd/install_conf
  mv "$1/root/opt/bin/flannel" "$1/root/opt/bin/flanneld"
  mv "$1/root/opt/bin/install_conf" "$1/root/opt/bin/install-conf"
  rm -r "$source"
}

layer_flannel_cni() {
  local module=github.com/containernetworking/plugins
  mkdir -p "$1/root/opt/cni/bin"
  go_build "$1/root/opt/cni/bin" "$module" "$flannel_cni_version" "" \
    "-X $module/pkg/utils/buildversion.BuildVersion=$flannel_cni_version" "$module/plugins/meta/flannel"
}

images_flannel() {
  find_addons_go
  layer busybox "$busybox_version" "busybox from a Debian package"
  layer base "" "a few Debian packages as the base of images"
  layer iptables "" "iptables from Debian packages"
  layer flanneld "$go_version $flannel_version" ""
  layer flannel_cni "$go_version $flannel_cni_version" ""
  image "farholm.dev/flannel:$flannel_version" --layer "$base" --layer "$busybox" --layer "$iptables" --layer "$flannel_cni" \
    --layer "$flanneld" --entrypoint '["/opt/bin/flanneld"]'
}

# --- local-path: the provisioner, and the shell that makes and removes folders for it

layer_local_path() {
  local module=github.com/rancher/local-path-provisioner
  mkdir -p "$1/root/usr/bin"
  users "$1/root"
  go_build "$1/root/usr/bin" "$module" "$local_path_version" "" "-X main.VERSION=$local_path_version" "$module"
}

layer_busybox() {
  local program
  debian_files "$1/root" busybox-static
  debian_version "$1/root" busybox-static "$busybox_version"
  users "$1/root"
  for program in sh mkdir rm chmod sync sleep seq grep ls cat ip; do
    ln -s busybox "$1/root/usr/bin/$program"
  done
}

images_local_path() {
  find_addons_go
  layer local_path "$go_version $local_path_version" ""
  layer busybox "$busybox_version" "busybox from a Debian package"
  image "farholm.dev/local-path-provisioner:$local_path_version" --layer "$local_path" --user 65534:65534 \
    --entrypoint '["/usr/bin/local-path-provisioner"]'
  image "farholm.dev/busybox:$busybox_version" --layer "$busybox" --cmd '["/bin/sh"]'
}

# --- node-exporter: Debian's

layer_node_exporter() {
  debian_files "$1/root" prometheus-node-exporter
  debian_version "$1/root" prometheus-node-exporter "$node_exporter_version"
  # For an init system that is not there.
  rm -r "$1/root"/etc/{init.d,logrotate.d,default} "$1/root/usr/lib/systemd"
}

images_node_exporter() {
  layer base "" "a few Debian packages as the base of images"
  layer node_exporter "$node_exporter_version" "the node exporter from its Debian package"
  image "farholm.dev/node-exporter:$node_exporter_version" --layer "$base" --layer "$node_exporter" --user 65534:65534 \
    --entrypoint '["/usr/bin/prometheus-node-exporter"]'
}

# --- till: our own web app, in two versions

layer_till() {
  mkdir "$1/root"
  users "$1/root"
  with_progress "compiling till $2" "$1/build.log" \
    env CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local "$go_program" -C "$addons_folder/till" build -p "$jobs" \
    -trimpath -ldflags "-s -w -X main.version=$2" -o "$1/root/till" .
}

images_till() {
  local version sources
  find_addons_go
  sources="$(cat "$addons_folder"/till/go.mod "$addons_folder"/till/*.go "$addons_folder"/till/pages/*)"
  for version in "${till_versions[@]}"; do
    layer till "$go_version $version $sources" "" "$version"
    image "farholm.dev/till:$version" --layer "$till" --user 65534:65534 --entrypoint '["/till"]'
  done
}
