# shellcheck shell=bash
# What the scripts of images/ share: messages, progress, the cache, and locks on it. Sourced, never run.
# Expects `set -euo pipefail` in the script that sources it.

# The long-lived cache, shared by all clones on this machine. Entries are named after the content of their inputs,
# so they are never out of date, only unused; any of them may be deleted at any time that no build runs.
farholm_cache="${FARHOLM_CACHE:-/var/cache/farholm}"

# fail MESSAGE: says what is wrong and what to do, and ends the script.
fail() {
  printf '%s: error: %s\n' "${program:-images}" "$1" >&2
  exit 1
}

# say MESSAGE: one line of progress, with the seconds since the script began.
say() {
  printf '[%4ds] %s\n' "$SECONDS" "$1" >&2
}

# need COMMAND DEBIAN_PACKAGE: fails early, naming the package, when a tool is missing.
need() {
  type -P "$1" >/dev/null || fail "'$1' is missing; install it with: apt-get install --no-install-recommends $2"
}

# mmdebstrap ARGUMENT...: Debian's tool. Our recipes name the sources below debian_mirror; where FARHOLM_DEBIAN_MIRROR named none, those
# are left out and mmdebstrap takes the ones of its own. (Here and not in layers.sh, whose text is part of the name of every layer.)
mmdebstrap() {
  local argument arguments=()
  for argument in "$@"; do
    [[ -z "$debian_mirror" && "$argument" == "deb "* ]] || arguments+=("$argument")
  done
  command mmdebstrap "${arguments[@]}"
}

# with_progress TITLE LOG COMMAND...: runs a command with its output in LOG; says every ten seconds that it still runs,
# and shows the end of the log if it fails. Who interrupts us ends the command too: it would go on unseen, and keep the cache locked.
with_progress() {
  local title="$1" log="$2" started="$SECONDS" pid status=0
  shift 2
  say "$title"
  # Before the command runs, and by the shell's own list: one who interrupts between any two of these lines ends the command too.
  trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM
  "$@" >"$log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    # Looks often, so that short commands cost nothing, and speaks seldom.
    for _ in {1..50}; do
      kill -0 "$pid" 2>/dev/null || break 2
      sleep 0.2
    done
    say "  … still at it after $((SECONDS - started)) s: $(tail -n 1 "$log" | cut -c 1-100)"
  done
  wait "$pid" || status=$?
  trap - INT TERM
  if ((status != 0)); then
    tail -n 20 "$log" >&2
    fail "$title: failed with status $status; the whole log is $log"
  fi
  if ((SECONDS - started >= 5)); then say "  took $((SECONDS - started)) s"; fi
}

# default_jobs: how many packages to compile at a time: FARHOLM_JOBS, else one a processor and 2 GiB of memory that is free.
default_jobs() {
  local processors memory
  [[ -n "${FARHOLM_JOBS:-}" ]] && printf '%s\n' "$FARHOLM_JOBS" && return
  processors="$(nproc)"
  memory="$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)"
  memory=$((${memory:-0} >> 21))
  printf '%s\n' $((memory < 1 ? 1 : memory < processors ? memory : processors))
}

# content_key FILE_OR_TEXT...: a short digest of inputs; an argument that names a file counts with its content.
content_key() {
  local input
  for input in "$@"; do
    if [[ -f "$input" ]]; then sha256sum <"$input"; else printf '%s\n' "$input"; fi
  done | sha256sum | cut -c 1-16
}

# in_cache ENTRY BUILD_FUNCTION [ARGUMENT...]: makes the folder ENTRY of the cache by calling BUILD_FUNCTION with an empty
# folder and the arguments, unless it is there already. Two builds of one entry at once: the second waits for the first.
# An interrupted build leaves nothing that looks complete. Leaves the folder's path in the variable `cached`.
in_cache() {
  local entry="$1" build="$2" lock temporary
  shift 2
  cached="$farholm_cache/$entry"
  [[ -d "$cached" ]] && return 0
  mkdir -p "$(dirname "$cached")" "$farholm_cache/locks" ||
    fail "cannot write to $farholm_cache; run as root or set FARHOLM_CACHE to a folder of yours"
  exec {lock}>"$farholm_cache/locks/${entry//\//_}"
  if ! flock --nonblock "$lock"; then
    say "another build makes ${entry}; waiting for it"
    flock "$lock"
  fi
  if [[ ! -d "$cached" ]]; then
    # Left behind by builds that were killed; nobody else can be in them while we hold the lock.
    rm -rf "$cached".partial.*
    temporary="$cached.partial.$$"
    mkdir "$temporary"
    "$build" "$temporary" "$@"
    mv "$temporary" "$farholm_cache/$entry"
  fi
  cached="$farholm_cache/$entry"
  exec {lock}>&-
}

# default_version: the Kubernetes to make where none is named: FARHOLM_KUBERNETES, else the first row of `images/versions`.
default_version() {
  [[ -n "${FARHOLM_KUBERNETES:-}" ]] && printf '%s\n' "$FARHOLM_KUBERNETES" && return
  sed -n 's/^\(v[0-9.]*\).*/\1/p;T;q' "$(dirname "${BASH_SOURCE[0]}")/versions"
}

# load_versions KUBERNETES_VERSION: sets the *_version variables from the row of `images/versions`.
load_versions() {
  local file row
  file="$(dirname "${BASH_SOURCE[0]}")/versions"
  row="$(grep -E "^$1[[:space:]]" "$file")" ||
    fail "Kubernetes $1 is not in images/versions; known are: $(sed -n 's/^\(v[0-9.]*\).*/\1/p' "$file" | xargs)"
  # shellcheck disable=SC2034  # These are for the scripts that source this file.
  read -r kubernetes_version go_minimum go_toolchain etcd_version etcd_tag coredns_version pause_version cni_version <<<"$row"
}
