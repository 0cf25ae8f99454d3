#!/usr/bin/env python3
"""What is wrong with a host is said in one clear sentence, at the site and at the hub, and is over when it is over.

One real agent, paired with a real hub, meets one trouble after the other on its way to its first cluster, and a full
disk after it. Each has to be read on the agent's stderr, in `farholm-agent status` and in the conditions of the Site and
of the EdgeHost at the hub; each is then put right by the test, as a person at the site would, and the agent goes on by
itself to the next.
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
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import BIN, ROOT, Docker, Failed, Site, docker, eventually, expect, kubectl_program, run, say  # noqa: E402

FOLDER = os.environ.get("FARHOLM_E2E_FOLDER", "/var/tmp/farholm-e2e-trouble")
HUB = "127.0.0.1:8443"
SUBNET = "172.30.77.0/24"
SOON = 120  # what somebody who waits beside the box would call soon; generous, because machines are slow
TESTS = []

PROFILE = """apiVersion: farholm.dev/v1alpha1
kind: ClusterProfile
metadata: {name: small, namespace: retail}
spec:
  layers:
  - name: kubernetes
    type: kubernetes
    distribution: kubeadm
    version: VERSION
    podSubnet: 10.244.0.0/16
    listeners: [{name: app, port: 8080, nodePort: 30080}]
  - name: notice
    type: manifests
    content:
      inline:
      - {apiVersion: v1, kind: Namespace, metadata: {name: notice}}
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: notice, namespace: notice}, data: {text: "TEXT"}}
"""
SITE = f"""apiVersion: farholm.dev/v1alpha1
kind: Site
metadata: {{name: trouble, namespace: retail}}
spec:
  profile: {{name: small}}
  hosts: {{selector: {{matchLabels: {{store: trouble}}}}}}
  nodes: {{controlPlane: 1, workers: 0}}
  network: {{subnet: {SUBNET}}}
"""
TOKEN = """apiVersion: farholm.dev/v1alpha1
kind: RegistrationToken
metadata: {name: trouble, namespace: retail}
spec: {maxHosts: 1, hostLabels: {store: trouble}}
"""


def test(function):
    TESTS.append(function)
    return function


def listen_on(port, address="0.0.0.0"):
    """Another program that has a port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen()
    return listener


class Story:
    def __init__(self):
        self.site = Site(FOLDER, "trouble")
        self.docker = Docker()
        self.hub_process = None
        self.web = None
        self.text = "first"
        self.host_uid = None
        self.marks = {}

    # --- the hub

    def hub(self, *arguments, check=True, **options):
        return run([kubectl_program(), "--kubeconfig", self.site.path("hub/admin.kubeconfig"), *arguments], check=check, **options)

    def apply(self, text):
        self.hub("apply", "-f", "-", input=text)

    def get(self, *arguments):
        return json.loads(self.hub("get", *arguments, "-o", "json").stdout)

    def conditions(self):
        """type → (status, message) of the Site at the hub."""
        return {c["type"]: (c["status"], c["message"]) for c in self.get("site", "trouble", "-n", "retail")["status"]["conditions"]}

    def host_is_degraded(self, pattern):
        """Whether the EdgeHost at the hub says it too."""
        hosts = self.get("edgehosts", "-n", "retail")["items"]
        return any(c["type"] == "Degraded" and c["status"] == "True" and pattern.search(c["message"])
                   for host in hosts for c in host["status"]["conditions"])

    def start_hub(self):
        log = open(self.site.path("hub.log"), "a", encoding="utf-8")
        self.hub_process = subprocess.Popen(
            [os.path.join(BIN, "farholm-hub"), "--state", self.site.path("hub"), "--listen", HUB, "--root",
             self.site.path("keys/root.json"), "--plan-key", self.site.path("keys/plan.key"), "--pki-key",
             self.site.path("keys/pki.key"), "--bundle", self.site.path("bundles")], stdout=log, stderr=log, start_new_session=True)
        eventually("the hub answers", lambda: self.hub("get", "namespaces").returncode == 0, 120)

    def profile(self):
        return PROFILE.replace("VERSION", os.environ.get("FARHOLM_KUBERNETES", "v1.34.4")).replace("TEXT", self.text)

    # --- the site

    def start_agent(self):
        token = base64.b64decode(eventually("the token is made", lambda: self.get("secret", "trouble-token", "-n", "retail"), 60)
                                 ["data"]["token"]).decode()
        with open(self.site.path("token"), "w", encoding="utf-8") as file:
            file.write(token)
        log = open(self.site.path("agent.log"), "a", encoding="utf-8")
        self.site.agent = subprocess.Popen(
            [os.path.join(BIN, "farholm-agent"), "run", "--state", self.site.path("state"), "--hub", HUB, "--token-file",
             self.site.path("token"), "--machine-id", self.site.machine_id, "--kubeconfig", self.site.path("site.kubeconfig")],
            stdout=log, stderr=log, start_new_session=True)

    def status(self):
        return run([os.path.join(BIN, "farholm-agent"), "status", "--state", self.site.path("state")]).stdout

    def mark(self):
        """From here on in the agent's log."""
        return os.path.getsize(self.site.path("agent.log"))

    def log_since(self, mark):
        with open(self.site.path("agent.log"), encoding="utf-8") as file:
            file.seek(mark)
            return file.read()

    def told(self, sentence, since, seconds=SOON):
        """The sentence (a pattern) is on stderr, in the status at the site, and in a condition at the hub."""
        pattern = re.compile(sentence)
        seen = {}

        def everywhere():
            expect(self.site.agent.poll() is None, "the agent has ended")
            seen["stderr"] = self.log_since(since)
            expect(pattern.search(seen["stderr"]), "stderr does not say it")
            seen["status"] = self.status()
            expect(pattern.search(seen["status"]), f"status does not say it:\n{seen['status']}")
            seen["hub"] = self.conditions()
            told = [kind for kind, (state, message) in seen["hub"].items()
                    if pattern.search(message) and state == ("True" if kind == "Degraded" else "False")]
            expect("Degraded" in told, f"the Site's condition Degraded does not say it: {seen['hub']}")
            expect(self.host_is_degraded(pattern), "the EdgeHost's condition Degraded does not say it")
            return True

        try:
            eventually(f"“{sentence}” is said", everywhere, seconds)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.site.agent_log()}") from failure
        say(f"the hub: {seen['hub']['Degraded'][1]}")

    def over(self, sentence, seconds=SOON):
        """No condition at the hub says it any more."""
        pattern = re.compile(sentence)
        eventually(f"“{sentence}” is over", lambda: not any(pattern.search(m) for _, m in self.conditions().values()), seconds)

    # --- before and after

    def prepare(self):
        say("making images (the first time takes 10 to 20 minutes, later a few seconds)")
        kubernetes = run([os.path.join(ROOT, "images/build")], timeout=3600).stdout.strip().splitlines()[-1]
        self.site.make_root()
        self.site.make_bundles({"kubernetes": (kubernetes, None)})
        # Six MiB are room for what an agent keeps, and not for a node image.
        os.makedirs(self.site.path("state"), exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", self.site.path("state")])
        self.start_hub()
        self.hub("create", "namespace", "retail")
        for text in (TOKEN, self.profile(), SITE):
            self.apply(text)

    def clean(self):
        self.site.remove()
        if self.hub_process:
            self.hub_process.terminate()
            self.hub_process.wait(timeout=60)
        for command in (["ip", "link", "del", "fh-lan0"], ["docker", "network", "rm", "fh-other"],
                        ["umount", "-l", self.site.path("state")], ["umount", "-l", self.site.path("tiny")]):
            run(command, check=False)
        self.docker.stop()
        if self.web:
            self.web.close()


@test
def port_5000_is_another_program_s(story):
    # A web server, which answers what it is asked, but not with the registry's mark.
    server = subprocess.Popen([sys.executable, "-m", "http.server", "5000", "--bind", "127.0.0.1", "--directory", story.site.path("keys")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually("the other program listens", lambda: socket.create_connection(("127.0.0.1", 5000), 1), 30)
        story.start_agent()
        eventually("the agent answers", story.site.report, 60)
        story.told("Port 5000 of this host is taken by another program", 0)
        expect(not any("registry" in line for line in story.site.report().get("listeners", [])), "status lists a registry that is not ours")
    finally:
        server.terminate()
        server.wait(timeout=30)
    story.over("Port 5000")
    eventually("the registry serves", lambda: "127.0.0.1:5000 site registry" in story.site.report()["listeners"], 60)
    story.host_uid = story.get("edgehosts", "-n", "retail")["items"][0]["metadata"]["uid"]


@test
def the_disk_of_the_state_is_full(story):
    story.told(r"No space left on device; free some space, the work goes on by itself", 0)
    run(["mount", "-o", "remount,size=3g", story.site.path("state")])


@test
def docker_engine_is_absent(story):
    expect(run(["docker", "info"], check=False).returncode != 0, "Docker Engine runs already, so it cannot be absent: stop it and run again")
    story.told(r"Docker Engine does not answer at unix:/var/run/docker.sock: is it installed and running\? Try `systemctl start docker`", 0, 300)


@test
def the_disk_of_docker_engine_is_full(story):
    since = story.mark()
    tiny = story.site.path("tiny")
    os.makedirs(tiny, exist_ok=True)
    run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", tiny])
    story.docker.start(FOLDER, options=["--data-root", tiny])
    story.told("The disk of Docker Engine is full: free some space where its data is", since)
    story.docker.stop()
    run(["umount", "-l", tiny])
    for link in json.loads(run(["ip", "-j", "link"]).stdout):
        if re.fullmatch("fh-[0-9a-f]{8}", link["ifname"]):  # the site's bridge, which that engine left behind
            run(["ip", "link", "del", link["ifname"]], check=False)


@test
def docker_engine_may_not_give_a_capability(story):
    since = story.mark()
    story.docker.start(FOLDER, ["setpriv", "--bounding-set=-sys_ptrace"])
    story.told("Docker Engine may not give the capability SYS_PTRACE. Start it where it may", since)
    # For the next one: a network that Docker Engine knows, where the site's is to be.
    docker("network", "create", "--subnet", "172.30.76.0/23", "fh-other")
    story.docker.stop()


@test
def the_subnet_is_another_docker_network_s(story):
    since = story.mark()
    story.docker.start(FOLDER)
    story.told(f"The site's subnet {SUBNET} is taken: this host reaches 172.30.76.0/23 through .*Choose another subnet", since)
    # For the next one: the shop's own LAN.
    run(["ip", "link", "add", "fh-lan0", "type", "veth", "peer", "name", "fh-lan1"])
    run(["ip", "address", "add", "172.30.77.129/25", "dev", "fh-lan0"])
    run(["ip", "link", "set", "fh-lan0", "up"])
    docker("network", "rm", "fh-other")


@test
def the_subnet_is_the_lan_s(story):
    story.told(f"The site's subnet {SUBNET} is taken: this host reaches 172.30.77.128/25 through fh-lan0", story.mark())
    story.web = listen_on(8080)
    run(["ip", "link", "del", "fh-lan0"])


@test
def a_port_of_the_plan_is_another_program_s(story):
    story.told("Port 8080 of this host is taken by another program: stop it .* or choose another port in the plan", story.mark())
    expect(not story.site.containers(), f"containers were made although it could not work: {story.site.containers()}")
    story.web.close()
    story.web = None


@test
def with_all_of_it_mended_the_site_is_as_its_plan_says_and_nothing_was_lost(story):
    story.hub("wait", "--for=condition=Ready", "site/trouble", "-n", "retail", "--timeout=600s", timeout=630)
    expect(story.conditions()["Degraded"][0] == "False", f"something is still said to be wrong: {story.conditions()}")
    report = story.site.report()
    expect(report["plan"]["generation"] == 1, f"troubles made plans: {report['plan']}")
    expect(story.get("edgehosts", "-n", "retail")["items"][0]["metadata"]["uid"] == story.host_uid, "the host is another one")
    for line in ("127.0.0.1:5000 site registry", "172.30.77.1:5000 site registry", "127.0.0.1:6443 Kubernetes API", "0.0.0.0:8080 app"):
        expect(line in report["listeners"], f"{line} is not among what the site listens on: {report['listeners']}")
    expect(report["hubConnected"] is True, "status does not say that the hub is connected")
    expect("connected" in story.status(), "status does not show the hub")
    expect(story.site.objects("configmaps", "-n", "notice"), "the layer's ConfigMap is not there")
    story.marks = {"containers": story.site.containers(), "node": story.site.objects("nodes")[0]["metadata"]["uid"]}


@test
def the_disk_is_full_while_the_site_runs_and_the_site_goes_on(story):
    since = story.mark()
    space = os.statvfs(story.site.path("state"))
    used = (space.f_blocks - space.f_bfree) * space.f_frsize
    run(["mount", "-o", f"remount,size={used + (1 << 20)}", story.site.path("state")])
    filler = story.site.path("state/filler")
    run(["sh", "-c", f"cat /dev/zero >{filler}"], check=False)
    story.text = "second"
    story.apply(story.profile())
    story.told("a plan cannot be kept: .*No space left on device; free some space", since)
    uid = story.site.objects("configmaps", "-n", "notice", "--field-selector", "metadata.name=notice")[0]["metadata"]["uid"]
    story.site.kubectl("delete", "configmap", "notice", "-n", "notice")

    def notice():
        found = story.site.objects("configmaps", "-n", "notice", "--field-selector", "metadata.name=notice")
        return found[0] if found and found[0]["metadata"]["uid"] != uid else None

    expect(eventually("the site mends itself on a full disk", notice, SOON)["data"]["text"] == "first", "it is not what the last plan says")
    # An agent that starts now has the plan that it had.
    story.site.kill_agent(signal.SIGKILL)
    story.start_agent()
    eventually("the agent answers", story.site.report, 60)
    expect(story.site.report()["plan"]["generation"] == 1, "the accepted plan is lost")
    os.remove(filler)
    run(["mount", "-o", "remount,size=3g", story.site.path("state")])
    eventually("the new plan is followed", lambda: notice()["data"]["text"] == "second", 330)
    eventually("the hub says Ready", lambda: story.conditions()["Ready"][0] == "True", SOON)
    story.over("cannot be kept")
    now = {"containers": story.site.containers(), "node": story.site.objects("nodes")[0]["metadata"]["uid"]}
    expect(now == story.marks, f"the cluster was touched: {story.marks} became {now}")


def main():
    keep = "--keep" in sys.argv
    story = Story()
    failed = 0
    try:
        story.clean()
        shutil.rmtree(FOLDER, ignore_errors=True)
        os.makedirs(FOLDER)
        story.prepare()
        for function in TESTS:
            name = "trouble: " + function.__name__.replace("_", " ")
            begin = time.monotonic()
            say(f"… {name}")
            try:
                function(story)
                print(f"ok {name}", flush=True)
            except (Failed, OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError, TypeError) as failure:
                failed += 1
                print(f"not ok {name}: {str(failure) or repr(failure)}", flush=True)
                break  # each begins where the one before ends
            say(f"took {time.monotonic() - begin:.0f} s")
    except (Failed, OSError, subprocess.SubprocessError) as failure:
        failed += 1
        print(f"not ok trouble: getting ready: {failure}", flush=True)
    finally:
        if not keep:
            story.clean()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
