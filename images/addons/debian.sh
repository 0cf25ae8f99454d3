# shellcheck shell=bash
# Small file systems out of single Debian packages: the files of exactly the packages that are named, and nothing that was not asked
# for (a minbase would bring dpkg, perl and a package manager into every image). Sourced by images/addons/build.

# debian_files ROOT PACKAGE...: fetches the packages, verified by apt against Debian's signatures, and unpacks them into ROOT.
# No maintainer script runs, so what those would do (links by update-alternatives, users) is the recipe's to do.
debian_files() {
  local root="$1" packages="$1.debs" package
  shift
  mkdir "$packages"
  # mmdebstrap gives us apt with keys, lists and nothing of this machine's own package sources; it installs nothing.
  (
    cd "$packages" || exit
    # The hook's variables are for the shell that mmdebstrap runs.
    # shellcheck disable=SC2016
    mmdebstrap --quiet --variant=custom --format=null --aptopt='Acquire::Languages "none"' \
      --customize-hook='APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --quiet --option APT::Sandbox::User=root download '"$*" \
      bookworm - \
      "deb ${debian_mirror} bookworm main" "deb ${debian_mirror} bookworm-updates main" \
      "deb ${debian_mirror%debian}debian-security bookworm-security main"
  )
  merged_usr "$root"
  mkdir -p "$root/var/lib/dpkg/status.d"
  for package in "$packages"/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar --extract --directory "$root" --keep-directory-symlink
    # Where scanners of images look for what is installed.
    dpkg-deb --field "$package" >"$root/var/lib/dpkg/status.d/$(dpkg-deb --field "$package" Package)"
  done
  rm -rf "$packages" "$root"/usr/share/{man,locale,lintian,bug,info} "$root"/usr/lib/*/gconv
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  find "$root/usr/share/doc" -depth -type d -empty -delete
}

# merged_usr ROOT: an empty root with Debian's links from / to /usr. Each layer has them, so that none replaces another's.
merged_usr() {
  local folder
  mkdir -p "$1"
  chmod 0755 "$1"
  for folder in bin sbin lib lib64; do
    mkdir -p "$1/usr/$folder"
    ln -s "usr/$folder" "$1/$folder"
  done
}

# users ROOT: the two users that an image of ours knows.
users() {
  mkdir -p "$1/etc"
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/false' >"$1/etc/passwd"
  printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$1/etc/group"
}

# debian_version ROOT PACKAGE PREFIX: fails unless the package's upstream version is the one that our tag promises.
debian_version() {
  local version
  version="$(sed -n 's/^Version: \([0-9]*:\)\{0,1\}//p' "$1/var/lib/dpkg/status.d/$2")"
  [[ "$version" == "$3"[-+]* ]] ||
    fail "Debian's $2 is $version now; raise the tag $3 in images/addons/recipes.sh and in demo/profile"
}
