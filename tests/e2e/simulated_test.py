#!/usr/bin/env python3
"""`make demo SITE=simulated`: the whole story without containers, and that it says so in every place.

Everything but the site's drivers is real: hub, agent, pairing, link, signed plans, content, kubectl. Needs neither root nor
Docker, and uses a folder and a port of its own. The tests run in order on one demo.
"""
import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import BIN, ROOT, Failed, eventually, expect, run, say  # noqa: E402

# What a simulated site must not need: calling one of them is noted, and fails.
FORBIDDEN = ["docker", "dockerd", "containerd", "sudo", "go", "mmdebstrap", "kubelet", "kubeadm"]
WAIT = 60
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Story:
    def __init__(self, folder):
        self.folder = folder
        self.state = os.path.join(folder, "state")
        self.agent_state = os.path.join(self.state, "agent")
        self.called = os.path.join(folder, "called")
        traps = os.path.join(folder, "traps")
        os.makedirs(traps)
        for name in FORBIDDEN:
            with open(os.path.join(traps, name), "w", encoding="utf-8") as trap:
                trap.write(f'#!/bin/sh\necho "{name} $*" >>{self.called}\nexit 1\n')
                os.chmod(trap.name, 0o755)
        self.environment = dict(os.environ, FARHOLM_BIN=BIN, FARHOLM_DEMO_FOLDER=folder, FARHOLM_DEMO_HUB=f"127.0.0.1:{free_port()}",
                                SITE="simulated", HOME=folder, PATH=traps + ":" + os.environ["PATH"])
        self.environment.pop("FARHOLM_KUBERNETES", None)
        self.kubectl = None
        self.as_user = self.drop_root()

    def drop_root(self):
        """What to put in front of a command so that it does not run as root; nothing where that is not possible."""
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        reach = f"test -x {ROOT}/demo/run-simulated && test -r {ROOT}/images/versions && test -x {BIN}/farholm-agent"
        if os.geteuid() != 0:
            return []
        if run([*command, "sh", "-c", reach], check=False).returncode != 0:
            say("this clone is root's alone: the simulated demo runs as root")
            return []
        for place, _, names in os.walk(self.folder):
            for name in [place, *(os.path.join(place, name) for name in names)]:
                os.chown(name, 65534, 65534)
        return command

    def demo(self, script="run", check=True, **environment):
        as_user = [] if environment.get("SITE") == "real" else self.as_user
        return run([*as_user, os.path.join(ROOT, "demo", script)], check=check, timeout=600, env=self.environment | environment)

    def hub(self, *arguments, check=True):
        return run([self.kubectl, "--kubeconfig", os.path.join(self.folder, "hub.kubeconfig"), *arguments, "-n", "retail"], check=check).stdout

    def get(self, *arguments):
        return json.loads(self.hub("get", *arguments, "-o", "json"))

    def conditions(self, *which):
        return {c["type"]: c for c in self.get(*which)["status"]["conditions"]}

    def is_ready(self):
        return self.conditions("site", "store-0042")["Ready"]["status"] == "True"

    def layers(self):
        """name → fingerprint that is in place, as the hub has it."""
        return {layer["name"]: layer.get("applied") for layer in self.get("site", "store-0042")["status"]["layers"]}

    def record(self):
        with open(os.path.join(self.agent_state, "simulated.json"), encoding="utf-8") as file:
            return file.read()

    def edit(self, change):
        """Changes the profile as kubectl edit does; waits until the site has it."""
        layers = self.get("clusterprofile", "store")["spec"]["layers"]
        revision = self.get("site", "store-0042")["status"]["revision"]
        self.hub("patch", "clusterprofile", "store", "--type=merge", "-p", json.dumps({"spec": {"layers": change(layers)}}))
        eventually("the site follows the edit",
                   lambda: self.get("site", "store-0042")["status"]["revision"] > revision and self.is_ready(), WAIT)

    def process(self, name):
        with open(os.path.join(self.state, name + ".pid"), encoding="utf-8") as file:
            return int(file.read())

    def status(self):
        return run([os.path.join(BIN, "farholm-agent"), "status", "--state", self.agent_state]).stdout


@test
def the_demo_needs_no_docker_no_root_and_no_kubernetes(story):
    printed = story.demo().stdout
    expect("Done after" in printed, f"it did not end well: {printed[-1500:]}")
    expect(not os.path.exists(story.called), f"it called what it must not need: {os.path.exists(story.called) and open(story.called).read()}")
    story.kubectl = re.search(r"kubectl is (\S+)", printed).group(1)
    expect(story.is_ready(), "the hub does not say Ready")
    print_lines = [line for line in printed.splitlines() if line.startswith(("[", " ")) and "kubectl --kubeconfig" not in line]
    silent = [line for line in print_lines if "simulated" not in line and not line.startswith("  export") and "make demo-clean" not in line]
    expect(not silent, f"these lines do not say that it is simulated: {silent}")
    expect("no app at http://127.0.0.1:8080/" in printed, "it does not say that there is no app")
    changed = [line.split()[1] for line in printed.splitlines() if line.endswith(" changed")]
    same = [line.split()[1] for line in printed.splitlines() if line.endswith(" as it was")]
    expect(changed == ["till"] and len(same) == 4, f"the edit of till changed {changed} and left {same}")


@test
def the_demo_again_is_quick_and_changes_nothing(story):
    before = (story.record(), story.process("agent"), story.layers(), story.get("clusterprofile", "store")["metadata"]["generation"])
    printed = story.demo().stdout
    expect("edited already" in printed, "it edited the profile a second time")
    after = (story.record(), story.process("agent"), story.layers(), story.get("clusterprofile", "store")["metadata"]["generation"])
    expect(before == after, f"{before} became {after}")


@test
def hub_and_agent_say_everywhere_that_the_site_is_simulated(story):
    site = story.get("site", "store-0042")["status"]
    conditions = story.conditions("site", "store-0042")
    expect(conditions.get("Simulated", {}).get("status") == "True", f"the Site has no condition Simulated: {sorted(conditions)}")
    expect("simulated" in conditions["Ready"]["message"], f"Ready says: {conditions['Ready']['message']}")
    silent = [layer["name"] for layer in site["layers"] if "simulated" not in layer.get("message", "")]
    expect(not silent, f"these layers do not say it: {silent}")
    host = story.get("edgehosts")["items"][0]["metadata"]["name"]
    expect(story.conditions("edgehost", host).get("Simulated", {}).get("status") == "True", "the EdgeHost has no condition Simulated")
    expect("simulated" in story.hub("get", "sites", "-o", "wide"), "kubectl get sites -o wide does not say it")
    status = story.status()
    expect("Simulated    yes" in status and "as it should be, simulated" in status, f"status says: {status}")
    bundles = [bundle for bundle in os.listdir(os.path.join(story.state, "bundles")) if "." not in bundle]
    expect(bundles and all(name.endswith("-simulated") for name in bundles), f"bundles that do not name themselves simulated: {bundles}")


@test
def an_edit_changes_its_layer_and_no_other_and_a_layer_comes_and_goes(story):
    before = story.layers()
    story.edit(lambda layers: json.loads(json.dumps(layers).replace("farholm.dev/till:1.0.0", "farholm.dev/till:1.1.0")))
    after = story.layers()
    expect({name for name in before if before[name] != after[name]} == {"till"}, f"{before} became {after}")
    extra = {"name": "extra", "type": "manifests", "content": {"inline": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra", "namespace": "default"}, "data": {"a": "b"}}]}}
    story.edit(lambda layers: layers + [extra])
    expect(story.layers() == after | {"extra": story.layers()["extra"]} and '"extra"' in story.record(), "the new layer is not the only change")
    story.edit(lambda layers: layers[:-1])
    eventually("the layer is gone", lambda: '"extra"' not in story.record(), WAIT)
    expect(story.layers() == after, "removing the layer changed others")


@test
def an_image_that_no_bundle_has_is_refused_by_name(story):
    layers = json.dumps(story.get("clusterprofile", "store")["spec"]["layers"]).replace("farholm.dev/till:1.1.0", "farholm.dev/till:9.9.9")
    try:
        story.hub("patch", "clusterprofile", "store", "--type=merge", "-p", f'{{"spec":{{"layers":{layers}}}}}')
    except Failed as refused:
        expect("till:9.9.9" in str(refused), f"it does not name the image: {refused}")
        return
    raise Failed("an image that is in no bundle was accepted")


@test
def an_agent_that_was_killed_finds_everything_as_it_was(story):
    before = (story.record(), os.stat(os.path.join(story.agent_state, "simulated.json")).st_mtime_ns, story.layers())
    os.kill(story.process("agent"), signal.SIGKILL)
    story.demo()
    eventually("the site is Ready", story.is_ready, WAIT)
    after = (story.record(), os.stat(os.path.join(story.agent_state, "simulated.json")).st_mtime_ns, story.layers())
    expect(before == after, f"{before} became {after}")


@test
def with_the_hub_killed_the_simulated_site_goes_on(story):
    os.kill(story.process("hub"), signal.SIGKILL)
    expect("as it should be, simulated" in story.status(), "the agent does not go on")
    story.demo()
    eventually("the site is Ready and connected", lambda: story.is_ready() and
               story.conditions("site", "store-0042")["Connected"]["status"] == "True", WAIT)


@test
def the_secret_is_in_no_file_of_hub_and_agent(story):
    value = story.get("secret", "store-0042")["data"]["card"]
    needles = [value.encode(), base64.b64decode(value)]
    searched = 0
    for place, _, names in os.walk(story.state):
        for name in names:
            path = os.path.join(place, name)
            if not os.path.isfile(path):
                continue
            searched += 1
            with open(path, "rb") as file:
                content = file.read()
            expect(not any(needle in content for needle in needles), f"{path} holds the secret")
    expect(searched > 50, f"only {searched} files were searched")


@test
def a_real_agent_refuses_the_state_of_a_simulated_one_and_the_other_way_round(story):
    copy = os.path.join(story.folder, "copy")
    shutil.copytree(story.agent_state, copy, ignore=lambda *_: ["agent.sock", "lock"])
    agent = [os.path.join(BIN, "farholm-agent"), "run", "--state", copy]
    real = run(agent, check=False, timeout=60)
    expect(real.returncode != 0 and "is a simulated agent's" in real.stderr, f"a real agent said: {real.stderr}")
    os.remove(os.path.join(copy, "simulated.json"))
    simulated = run([*agent, "--simulated"], check=False, timeout=60)
    expect(simulated.returncode != 0 and "is a real agent's" in simulated.stderr, f"a simulated agent said: {simulated.stderr}")


@test
def a_switch_between_real_and_simulated_is_refused(story):
    # As root: a real demo would ask for that first.
    if os.geteuid() == 0:
        real = story.demo(check=False, SITE="real")
        expect(real.returncode != 0 and "make demo-clean" in real.stderr, f"SITE=real on it: {real.stdout}{real.stderr}")
    mark = os.path.join(story.state, "site")
    with open(mark, "w", encoding="utf-8") as file:
        file.write("real\n")
    simulated = story.demo(check=False)
    with open(mark, "w", encoding="utf-8") as file:
        file.write("simulated\n")
    expect(simulated.returncode != 0 and "make demo-clean" in simulated.stderr, f"SITE=simulated on a real one: {simulated.stderr}")
    expect(story.is_ready(), "being refused has changed something")


@test
def demo_clean_leaves_nothing_and_calls_no_docker(story):
    processes = [story.process("hub"), story.process("agent")]
    story.demo("clean")
    expect(not os.path.exists(story.state) and not os.path.exists(os.path.join(story.folder, "hub.kubeconfig")), "something is left")
    expect(not [p for p in processes if os.path.exists(f"/proc/{p}")], "a process is left")
    expect(not os.path.exists(story.called), "it called what a simulated site must not need")


@test
def where_no_kubernetes_can_be_had_the_real_demo_offers_the_simulated_one(story):
    if os.geteuid() != 0:
        print("skip where no kubernetes can be had: the real demo asks for root before it gets there; call this with sudo", flush=True)
        return
    environment = {"SITE": "real", "GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOMODCACHE": os.path.join(story.folder, "modules"),
                   "FARHOLM_CACHE": os.path.join(story.folder, "cache"), "FARHOLM_KUBERNETES_RELEASES": "http://127.0.0.1:1", "FARHOLM_DEBIAN_MIRROR": "http://127.0.0.1:1",
                   "PATH": os.environ["PATH"]}
    refused = story.demo(check=False, **environment)
    said = refused.stdout + refused.stderr
    expect(refused.returncode != 0, "a demo without Kubernetes did not stop")
    expect("cannot be had on this machine" in said and "make demo SITE=simulated" in said, f"it does not offer the simulated site: {said[-3000:]}")
    expect(not os.path.exists(story.state), "it left a state that the simulated demo would stumble over")


def main():
    failed = 0
    folder = tempfile.mkdtemp(prefix="farholm-simulated-", dir="/var/tmp")
    story = Story(folder)
    try:
        for function in TESTS:
            name = function.__name__.replace("_", " ")
            begin = time.monotonic()
            try:
                function(story)
                print(f"ok {name}", flush=True)
            except (Failed, OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError, AttributeError) as failure:
                failed += 1
                print(f"not ok {name}: {str(failure) or repr(failure)}", flush=True)
                if function is TESTS[0]:
                    break
            say(f"took {time.monotonic() - begin:.0f} s")
    finally:
        story.demo("clean", check=False)
        if "--keep" not in sys.argv:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
