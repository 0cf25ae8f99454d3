# shellcheck shell=bash
# Makes the layers that our images are composed of. Sourced by images/build.
# This file is part of the name of every layer in the cache; layers.sh 1: raise that number when `oci_layout.py layer` gives other bytes.
# A layer is a folder of the cache: layer.tar.gz, and layer.tar.gz.json with its digests.

# The modification time of every file we make (2025-01-01); the same input must give the same bytes.
layer_epoch=1735689600

# layer_from_debian OUTPUT_DIR PACKAGES_FILE: a minimal Debian with these packages, without documentation.
layer_from_debian() {
  local output="$1" packages excluded path_options=()
  packages="$(sed -e 's/#.*//' "$2" | xargs | tr ' ' ',')"
  for excluded in man doc locale info lintian bug; do
    path_options+=("--dpkgopt=path-exclude=/usr/share/$excluded/*")
  done
  SOURCE_DATE_EPOCH="$layer_epoch" mmdebstrap --quiet --variant=minbase "${path_options[@]}" \
    --aptopt='Acquire::Languages "none"' --include="$packages" \
    --customize-hook='rm -rf "$1"/var/log/* "$1"/var/cache/ldconfig/* "$1"/etc/machine-id "$1"/etc/hostname "$1"/etc/resolv.conf' \
    bookworm "$output/rootfs.tar" \
    "deb ${debian_mirror} bookworm main" "deb ${debian_mirror} bookworm-updates main" \
    "deb ${debian_mirror%debian}debian-security bookworm-security main"
  "$here/oci_layout.py" layer --output "$output/layer.tar.gz" <"$output/rootfs.tar"
  rm "$output/rootfs.tar"
}

# pack_folder FOLDER OUTPUT_DIR: a layer of a folder's files, as root's and without the time of day.
pack_folder() {
  tar --create --directory "$1" --sort=name --mtime="@$layer_epoch" --owner=0 --group=0 --numeric-owner --format=gnu . |
    "$here/oci_layout.py" layer --output "$2/layer.tar.gz"
  rm -rf "$1"
}

# layer_from_programs OUTPUT_DIR FOLDER PROGRAM...: programs under FOLDER (such as usr/local/bin).
layer_from_programs() {
  local output="$1" folder="$2"
  shift 2
  mkdir -p "$output/root/$folder"
  install --mode=0755 "$@" "$output/root/$folder/"
  pack_folder "$output/root" "$output"
}

# layer_of_node OUTPUT_DIR PROGRAMS PAUSE_REFERENCE: what makes a Debian with containerd a node of ours.
layer_of_node() {
  local output="$1" programs="$2" root="$1/root" unit
  mkdir -p "$root/usr/local/bin" "$root/opt/cni" "$root/etc/systemd/system/multi-user.target.wants"
  cp -r "$here/node/files/." "$root/"
  chmod -R u=rwX,go=rX "$root"
  sed "s#@PAUSE@#$3#" "$root/etc/containerd/config.toml.in" >"$root/etc/containerd/config.toml"
  rm "$root/etc/containerd/config.toml.in"
  install --mode=0755 "$programs/kubelet" "$programs/kubeadm" "$programs/kubectl" "$root/usr/local/bin/"
  cp -r --no-preserve=mode "$programs/cni" "$root/opt/cni/bin"
  chmod 0755 "$root"/opt/cni/bin/*
  : >"$root/etc/machine-id" # Empty: systemd gives each container its own at its first start.
  for unit in kubelet containerd; do
    ln -s "$([[ $unit == kubelet ]] && echo /etc || echo /lib)/systemd/system/$unit.service" \
      "$root/etc/systemd/system/multi-user.target.wants/$unit.service"
  done
  ln -s /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
  # Units of a machine that a container is not: they would fail, or touch what is the host's.
  while read -r unit; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
  done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/node/masked-units")
  pack_folder "$root" "$output"
}
