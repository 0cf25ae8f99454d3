# shellcheck shell=bash
# Builds programs from published Go modules, verified by Go's checksum database. Sourced by images/kubernetes/build.
#
# `go install k8s.io/kubernetes/cmd/kubelet@v…` fails: the published module requires its staging modules at v0.0.0 and finds
# them through relative replaces, which count only in a main module. So each program gets a small main module of its own, whose
# go.mod is the published one under another name, with every relative replace turned into the released version.

# find_go MINIMUM: sets go_program to a Go of at least this version (such as 1.24): the one in PATH or /usr/local/go, else
# any older Go (Debian's golang-go will do) fetches the toolchain module, which the checksum database vouches for.
find_go() {
  local minimum="$1" toolchain="v0.0.1-go$2.linux-$architecture" candidate version root
  for candidate in "$(command -v go || true)" /usr/local/go/bin/go; do
    [[ -x "$candidate" ]] || continue
    version="$(GOTOOLCHAIN=local "$candidate" env GOVERSION)"
    if printf '%s\n' "$minimum" "${version#go}" | sort --version-sort --check=quiet; then
      go_program="$candidate"
      return
    fi
  done
  candidate="$(command -v go)" ||
    fail "no Go here; install Debian's (it fetches a current one): apt-get install --no-install-recommends golang-go"
  say "fetching Go $2 through the module proxy, because $("$candidate" version | cut -d ' ' -f 3) is older than $minimum"
  root="$(GOFLAGS=-mod=mod "$candidate" mod download -json "golang.org/toolchain@$toolchain" |
    sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')"
  [[ -d "$root" ]] || fail "the Go module proxy has no toolchain $toolchain; is the network there? (GOPROXY sets another)"
  # Module files are never executable in the module cache, so a copy is used.
  in_cache "go/go$2-$architecture" copy_toolchain "$root"
  go_program="$cached/bin/go"
}

copy_toolchain() {
  cp -r "$2/." "$1/"
  chmod -R u+w "$1"
  chmod +x "$1"/bin/* "$1"/pkg/tool/*/*
}

# go_build OUTPUT_DIR MODULE VERSION STAGING LDFLAGS PACKAGE...: builds packages of a module into OUTPUT_DIR.
# STAGING is the version for modules that the published go.mod replaces by relative paths ("" for none).
go_build() {
  local output="$1" module="$2" version="$3" staging="$4" ldflags="$5" folder source title
  shift 5
  title="$(basename "$module") $version"
  [[ "$(basename "$module")" == v[0-9] ]] && title="$(basename "$(dirname "$module")") $version"
  folder="$(mktemp -d "$farholm_cache/go-build.XXXXXX")"
  with_progress "fetching the module $module@$version" "$folder/fetch.log" \
    "$go_program" -C "$folder" mod download -json "$module@$version"
  source="$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' "$folder/fetch.log")"
  write_main_module "$source/go.mod" "$module" "$version" "$staging" >"$folder/go.mod"
  cp "$source/go.sum" "$folder/go.sum"
  # -mod=mod lets Go add the checksums of the released staging modules, from the checksum database, to go.sum.
  with_progress "compiling $title: ${*##*/} (minutes when Go's own cache is empty)" "$folder/build.log" \
    env CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local nice "$go_program" -C "$folder" build \
    -p "$jobs" -mod=mod -trimpath -ldflags "-s -w $ldflags" -o "$output/" "$@"
  rm -rf "$folder"
}

# write_main_module GO_MOD MODULE VERSION STAGING: the published go.mod as one of ours.
write_main_module() {
  local file="$1" module="$2" version="$3" staging="$4"
  # A block of replaces is dropped only where it is relative; real forks that a project pins stay.
  sed -E -e 's#^module .*#module farholm.dev/build#' -e '/=> \.{1,2}\//d' -e '/^toolchain /d' "$file"
  printf 'require %s %s\n' "$module" "$version"
  if [[ -n "$staging" ]]; then
    sed -nE "s#^(replace)?[[:space:]]*([a-z0-9./-]+)( v[0-9.]+)? => \.{1,2}/.*#replace \2 => \2 $staging#p" "$file"
  fi
}
