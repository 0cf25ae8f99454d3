"""What the end-to-end tests share: running programs, waiting for conditions, and a site on this machine."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.environ.get("FARHOLM_CACHE", "/var/cache/farholm")
BIN = os.environ.get("FARHOLM_BIN", os.path.join(ROOT, "build/release/src/cmd"))
APP = "http://127.0.0.1:8080"


def default_kubernetes():
    """The first row of images/versions."""
    with open(os.path.join(ROOT, "images/versions"), encoding="utf-8") as file:
        return next(line.split()[0] for line in file if line.startswith("v"))


# Which Kubernetes is tested. images/build and demo/profile/compose read the same variable.
KUBERNETES = os.environ.get("FARHOLM_KUBERNETES") or default_kubernetes()


class Failed(Exception):
    """A test's expectation that did not hold; the text says which."""


def say(text):
    print(f"  {time.strftime('%H:%M:%S')} {text}", flush=True)


def run(command, check=True, timeout=600, **options):
    """Runs a command; with check, a failure is a Failed that shows what it printed."""
    done = subprocess.run(command, text=True, capture_output=True, timeout=timeout, check=False, **options)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-1500:]}{done.stderr[-3000:]}")
    return done


def expect(condition, why):
    if not condition:
        raise Failed(why)


def eventually(what, probe, seconds):
    """Asks until probe() gives something true; what it last gave or raised is in the failure."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            last = probe()
            if last:
                return last
        except (Failed, OSError, ValueError, KeyError, IndexError, subprocess.SubprocessError) as error:
            last = error
        time.sleep(1)
    raise Failed(f"{what} did not come true within {seconds} s; last: {last!r}")


def http(path="/", method="GET", body=None):
    request = urllib.request.Request(APP + path, data=body, method=method,
                                     headers={"Content-Type": "application/json"} if body else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def docker(*arguments, check=True):
    return run(["docker", *arguments], check=check).stdout.strip()


class Docker:
    """Docker Engine: the one that runs, or one that this test starts (and may kill)."""

    def __init__(self):
        self.process = None

    def ensure(self, folder):
        if run(["docker", "info"], check=False).returncode == 0:
            return
        self.start(folder)

    def start(self, folder, prefix=(), options=()):
        """`prefix`: what takes something away from it first; `options`: its own."""
        say("starting Docker Engine")
        log = open(os.path.join(folder, "dockerd.log"), "a", encoding="utf-8")
        self.process = subprocess.Popen([*prefix, "dockerd", *options], stdout=log, stderr=log, start_new_session=True)
        eventually("Docker Engine answers", lambda: run(["docker", "info"], check=False).returncode == 0, 90)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None


def effects_of(done):
    """layer → effect, for those that change, of a `farholm diff` that has run."""
    expect(done.returncode in (0, 1), f"farholm diff ended with {done.returncode}: {done.stderr}")
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[0]: row[2] for row in rows if len(row) == 3 and row[1] in ("Changed", "Added", "Removed")}


def forget_as_after_a_power_cut(containers):
    """Kills the containers (ID → process) and what Docker Engine, which was killed before, had started for them, and
    takes away what a machine that lost its power has not either: notes in /run, control groups. They would get in
    the way of Docker, which tries each container once."""
    run(["pkill", "-9", "-f", "/var/run/docker/containerd/"], check=False)
    run(["kill", "-9", *containers.values()], check=False)
    for name in ("/run/docker.pid", "/var/run/docker/containerd", "/var/run/docker/runtime-runc"):
        run(["rm", "-rf", "--one-file-system", name])

    def groups():
        # Of both versions, as Docker makes them with and without systemd.
        return [folder for container in containers
                for name in (f"docker/{container}", f"system.slice/docker-{container}.scope")
                for folder in glob.glob(f"/sys/fs/cgroup/{name}") + glob.glob(f"/sys/fs/cgroup/*/{name}")]

    def gone():
        for group in groups():
            for folder, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass  # a process in it is not dead yet
        return not groups()
    eventually("the containers' control groups are gone", gone, 60)


class Site:
    """Keys, bundles, plans and an agent in one folder."""

    def __init__(self, folder, name="store-0042"):
        self.folder = folder
        self.name = name
        self.agent = None
        self.machine_id = "e2e-machine-1"
        os.makedirs(folder, exist_ok=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # --- keys, bundles, plans

    def farholm(self, *arguments, check=True):
        return run([os.path.join(BIN, "farholm"), *arguments], check=check)

    def make_root(self):
        if not os.path.exists(self.path("keys/root.json")):
            self.farholm("root", "init", "--output", self.path("keys"))

    def make_bundles(self, layouts):
        """layouts: name → (OCI layout, folder of manifests or None). Gives name → digest."""
        digests = {}
        os.makedirs(self.path("bundles"), exist_ok=True)
        for name, (layout, manifests) in layouts.items():
            bundle = self.path("bundles", name)
            if not os.path.exists(bundle):
                run(["cp", "-al" if os.stat(layout).st_dev == os.stat(self.folder).st_dev else "-a", layout, bundle])
                # The index is rewritten in place: it must not be the cache's.
                for file in ("index.json",):
                    shutil.copy(os.path.join(layout, file), bundle + ".index")
                    os.replace(bundle + ".index", os.path.join(bundle, file))
            arguments = ["bundle", "create", "--images", bundle, "--name", name, "--key", self.path("keys/publisher.key")]
            if manifests:
                arguments += ["--manifests", manifests]
            printed = self.farholm(*arguments).stdout.strip().splitlines()[-1]
            digests[name] = printed.split("@", 1)[1]
        return digests

    def plan(self, profile, site, output, previous=None, secrets=()):
        arguments = ["plan", "--profile", profile, "--site", site, "--hosts", self.path("hosts.yaml"),
                     "--key", self.path("keys/plan.key"), "--root", self.path("keys/root.json"),
                     "--bundle", self.path("bundles"), "--content", self.path("content"), "--output", output]
        if previous:
            arguments += ["--previous", previous]
        for secret in secrets:
            arguments += ["--secret", secret]
        return self.farholm(*arguments).stdout

    def diff(self, before, after):
        """layer → effect, for those that change."""
        done = self.farholm("diff", "--before", before, "--after", after, "--content", self.path("content"), check=False)
        return effects_of(done)

    # --- the agent

    def start_agent(self, plan=None, extra=()):
        arguments = [os.path.join(BIN, "farholm-agent"), "run", "--state", self.path("state"),
                     "--root", self.path("keys/root.json"), "--content", self.path("bundles"),
                     "--content", self.path("content"), "--machine-id", self.machine_id, "--kubeconfig", self.path("site.kubeconfig"), *extra]
        if plan:
            arguments += ["--plan", plan]
        log = open(self.path("agent.log"), "a", encoding="utf-8")
        self.agent = subprocess.Popen(arguments, stdout=log, stderr=log, start_new_session=True)

    def kill_agent(self, how=signal.SIGKILL):
        if self.agent:
            self.agent.send_signal(how)
            self.agent.wait(timeout=30)
            self.agent = None

    def report(self):
        return json.loads(run([os.path.join(BIN, "farholm-agent"), "status", "--json", "--state", self.path("state")]).stdout)

    def settled(self, generation=None):
        report = self.report()
        if generation is not None and report.get("plan", {}).get("generation") != generation:
            return False
        # The status may still be that of the plan before.
        if report.get("status", {}).get("plan") != report.get("plan", {}).get("digest"):
            return False
        conditions = report.get("status", {}).get("conditions", [])
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def wait_settled(self, seconds, generation=None):
        if self.agent and self.agent.poll() is not None:
            raise Failed(f"the agent has ended with {self.agent.returncode}: {self.agent_log()}")
        try:
            eventually("the site is as its plan says", lambda: self.settled(generation), seconds)
        except Failed as failure:
            text = run([os.path.join(BIN, "farholm-agent"), "status", "--state", self.path("state")], check=False).stdout
            raise Failed(f"{failure}\n{text}\n{self.agent_log()}") from failure

    def agent_log(self, lines=25):
        with open(self.path("agent.log"), encoding="utf-8") as file:
            return "".join(file.readlines()[-lines:])

    # --- the cluster

    def kubectl(self, *arguments, check=True):
        return run([kubectl_program(), "--kubeconfig", self.path("site.kubeconfig"), *arguments], check=check).stdout

    def objects(self, what, *arguments):
        return json.loads(self.kubectl("get", what, "-o", "json", *arguments))["items"]

    def ready_nodes(self):
        return sorted(node["metadata"]["name"] for node in self.objects("nodes")
                      if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"]))

    def pods(self, namespace=None):
        """namespace/name → (uid, start time) of the Pods that are not on their way out."""
        where = ["-n", namespace] if namespace else ["-A"]
        return {f"{p['metadata']['namespace']}/{p['metadata']['name']}": (p["metadata"]["uid"], p["status"].get("startTime"))
                for p in self.objects("pods", *where) if "deletionTimestamp" not in p["metadata"]}

    def containers(self):
        """name → (ID, started) of the site's containers."""
        names = docker("ps", "-a", "--filter", "label=farholm.dev/site", "--format", "{{.Names}}").split()
        return {name: tuple(docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}}", name).split()) for name in names}

    def remove(self):
        """What this site has made on the machine; the folder stays for those who want to look."""
        self.kill_agent()
        run(["pkill", "-f", f"farholm-agent registry --state {self.path('state')}"], check=False)
        if run(["docker", "info"], check=False).returncode != 0:
            return
        for kind, remove in (("ps -a", "rm -f"), ("volume ls", "volume rm -f"), ("network ls", "network rm")):
            template = "{{.Names}}" if kind == "ps -a" else "{{.Name}}"
            for name in docker(*kind.split(), "--filter", "label=farholm.dev/site", "--format", template).split():
                docker(*remove.split(), name, check=False)


def kubectl_program():
    """The kubectl of the site's Kubernetes, which the node image was built with."""
    for folder, _, files in os.walk(os.path.join(CACHE, "kubernetes")):
        if "kubectl" in files and KUBERNETES in folder:
            return os.path.join(folder, "kubectl")
    return shutil.which("kubectl") or sys.exit("there is no kubectl: run images/build")
