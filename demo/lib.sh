# shellcheck shell=bash
# What the demo with a real site (demo/run) and the one with a simulated site (demo/run-simulated) share: their steps
# up to the hub, progress, and waiting. Sourced, never run; expects `set -euo pipefail`, and `total`, the number of steps.
#
# Environment:
#   FARHOLM_BIN          a folder with the programs, instead of building them
#   FARHOLM_DEMO_HUB     where the hub listens (default 127.0.0.1:8443)
#   FARHOLM_DEMO_FOLDER  where state/ and the kubeconfigs are made (default demo)

here=$PWD
folder=${FARHOLM_DEMO_FOLDER:-demo}
state=$(realpath -m "$folder")/state
bin=${FARHOLM_BIN:-$here/build/release/src/cmd}
hub=${FARHOLM_DEMO_HUB:-127.0.0.1:8443}
cache=${FARHOLM_CACHE:-/var/cache/farholm}
begin=$SECONDS
number=0
kind=          # of the site: "simulated", or empty for a real one; said in every line
margin='      '
hint=          # what else could be done, when a step fails

step() {
  number=$((number + 1))
  printf '\n[%d/%d, %3ds%s] %s\n' "$number" "$total" $((SECONDS - begin)) "${kind:+, $kind}" "$1"
}
show() { sed "s/^/$margin/"; }
say() { printf '%s%s\n' "$margin" "$1"; }
stop_because() {
  printf '\nThe demo stopped: %s\n' "$1" >&2
  [ -z "$hint" ] || printf '\n%s\n' "$hint" >&2
  exit 1
}
# until_true SECONDS WHAT COMMAND…: waits, with a line every ten seconds.
until_true() {
  local limit=$1 what=$2 from=$SECONDS told=0
  shift 2
  until "$@" >/dev/null 2>&1; do
    local passed=$((SECONDS - from))
    [ "$passed" -lt "$limit" ] || stop_because "$what did not come true within ${limit}s; see the logs in $folder/state"
    if [ $((passed / 10)) -gt "$told" ]; then
      told=$((passed / 10))
      say "… ${passed}s: $("$bin/farholm-agent" status --state "$state/agent" 2>/dev/null | sed -n 's/^Doing now *//p')"
    fi
    sleep 0.5
  done
}
hubctl() { "$kubectl" --kubeconfig "$folder/hub.kubeconfig" "$@"; }
not() { ! "$@"; }
# runs hub|agent: whether the process in the file hub.pid or agent.pid does. A dead one that nobody has collected yet has no command line.
runs() { grep -qa "farholm-$1" "/proc/$(cat "$state/$1.pid" 2>/dev/null || echo none)/cmdline" 2>/dev/null; }

# start hub|agent COMMAND…: as a process of its own; its output goes to hub.log or agent.log.
start() {
  nohup setsid "${@:2}" >>"$state/$1.log" 2>&1 &
  echo $! >"$state/$1.pid"
  # Until it is that program, it looks like this script, and not like one that runs.
  while cmp -s "/proc/$!/cmdline" "/proc/$$/cmdline"; do sleep 0.02; done
}

# until_ended NAME COMMAND…: whether the command succeeds, or will not because the process has ended.
until_ended() { ! runs "$1" || "${@:2}"; }
still_runs() { runs "$1" || stop_because "the $1 has ended: $(tail -n 1 "$state/$1.log")"; }

# The state is a real site's or a simulated one's. Each would take what the other has left for its own.
refuse_other_site() {
  local wanted=$1 there=
  [ ! -d "$state" ] || [ -x "$state" ] || stop_because "$folder/state is another user's: make demo-clean first"
  [ ! -d "$state/keys" ] || there=real # of a demo that made no mark yet
  [ ! -e "$state/site" ] || there=$(cat "$state/site")
  [ -z "$there" ] || [ "$there" = "$wanted" ] ||
    stop_because "$folder/state holds a $there site, and SITE=$wanted asks for a $wanted one: make demo-clean first, which removes the $there one"
}

make_root() { [ -e "$state/keys/root.json" ] || "$bin/farholm" root init --output "$state/keys" | show; }

declare -A digest
# bundle NAME LAYOUT [MANIFESTS]: signs it as the publisher; its digest goes into digest[NAME].
bundle() {
  local name=$1 layout=$2 manifests=${3:-}
  # Made anew only when its content is another.
  local mark
  mark=$(cat "$layout/index.json" ${manifests:+"$manifests"/*.yaml} | sha256sum | cut -c1-64)
  if [ "$(cat "$state/bundles/$name.mark" 2>/dev/null)" != "$mark" ]; then
    rm -rf "${state:?}/bundles/$name"
    mkdir -p "$state/bundles"
    cp -a "$layout" "$state/bundles/$name"
    "$bin/farholm" bundle create --images "$state/bundles/$name" --name "$name" ${manifests:+--manifests "$manifests"} \
      --key "$state/keys/publisher.key" | tail -n 1 >"$state/bundles/$name.reference"
    echo "$mark" >"$state/bundles/$name.mark"
  fi
  digest[$name]=$(sed 's/.*@//' "$state/bundles/$name.reference")
  say "$(cat "$state/bundles/$name.reference")"
}

start_hub() {
  if runs hub; then
    say "it runs already"
  else
    start hub "$bin/farholm-hub" --state "$state/hub" --listen "$hub" --root "$state/keys/root.json" \
      --plan-key "$state/keys/plan.key" --pki-key "$state/keys/pki.key" --bundle "$state/bundles"
  fi
  until_true 120 "the hub's kubeconfig" until_ended hub test -s "$state/hub/admin.kubeconfig"
  still_runs hub
  install -m 0600 "$state/hub/admin.kubeconfig" "$folder/hub.kubeconfig"
  until_true 120 "the hub" until_ended hub hubctl get namespaces
  still_runs hub
}

# make_store PROFILE: what stores run, this store, and a token for its box, as an operator makes them.
make_store() {
  hubctl create namespace retail >/dev/null 2>&1 || hubctl get namespace retail >/dev/null
  hubctl get secret store-0042 -n retail >/dev/null 2>&1 ||
    hubctl create secret generic store-0042 -n retail --from-literal=card="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" | show
  hubctl get edgehosts -n retail -l store=0042 -o name 2>/dev/null | grep -q . || hubctl apply -f demo/profile/token.yaml | show
  # What you have edited since stays as you left it.
  if ! hubctl get clusterprofile store -n retail >/dev/null 2>&1; then hubctl apply -f "$1" | show; fi
  hubctl apply -f demo/profile/site.yaml | show
}

# pair ARGUMENT…: starts the agent with these arguments more, and waits until the hub knows it.
pair() {
  if runs agent; then
    say "its agent runs already"
  else
    local token=()
    if [ ! -e "$state/agent/hub.json" ]; then
      until_true 60 "the token" hubctl get secret store-0042-token -n retail
      (umask 077 && hubctl get secret store-0042-token -n retail -o 'jsonpath={.data.token}' | base64 -d >"$state/token")
      token=(--token-file "$state/token")
    fi
    start agent "$bin/farholm-agent" run --state "$state/agent" --hub "$hub" "${token[@]}" "$@"
  fi
  until_true 120 "the host's pairing" until_ended agent paired
  still_runs agent
  hubctl get edgehosts -n retail | show
}
paired() { hubctl get edgehosts -n retail -o name | grep -q .; }
site_is_ready() { hubctl wait --for=condition=Ready site/store-0042 -n retail --timeout=1s; }
