#!/usr/bin/env python3
"""The whole story through the hub, on the real parts, driven as an operator drives it: `make demo`, then kubectl.

The tests run in order on one site: each leaves it healthy for the next.
"""
import base64
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import (BIN, ROOT, Docker, Failed, Site, docker, effects_of, eventually, expect, http, kubectl_program,  # noqa: E402
                 run, say)

STATE = os.path.join(ROOT, "demo/state")
WAIT = 600
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Story:
    def __init__(self):
        self.docker = Docker()
        self.site = Site(STATE)

    def demo(self, script="run"):
        return run([os.path.join(ROOT, "demo", script)], timeout=3600, env=dict(os.environ, FARHOLM_BIN=BIN)).stdout

    def hub(self, *arguments, check=True, **options):
        return run([kubectl_program(), "--kubeconfig", os.path.join(ROOT, "demo/hub.kubeconfig"), *arguments],
                   check=check, **options)

    def get(self, *arguments):
        return json.loads(self.hub("get", *arguments, "-o", "json").stdout)

    def conditions(self):
        site = self.get("site", "store-0042", "-n", "retail")
        return {c["type"]: c["status"] for c in site["status"].get("conditions", [])}

    def ready(self):
        self.hub("wait", "--for=condition=Ready", "site/store-0042", "-n", "retail", f"--timeout={WAIT}s", timeout=WAIT + 30)

    def pods(self):
        pods = self.site.pods()
        return {part: {k: v for k, v in pods.items() if k.startswith(prefix)} for part, prefix in
                (("network", "kube-flannel/"), ("storage", "local-path-storage/"), ("monitoring", "monitoring/"),
                 ("till", "till/"))} | {"containers": self.site.containers()}

    def unchanged(self, before, after, *parts):
        for part in parts:
            expect(before[part] == after[part], f"{part} should have stayed as it was: {before[part]} became {after[part]}")

    def edit_till(self, change):
        profile = self.get("clusterprofile", "store", "-n", "retail")
        text = json.dumps(profile["spec"]["layers"])
        edited = change(text)
        expect(edited != text, "the edit changes nothing")
        patch = json.dumps({"spec": {"layers": json.loads(edited)}})
        return self.hub("patch", "clusterprofile", "store", "-n", "retail", "--type=merge", "-p", patch, check=False)

    def until_generation(self, generation):
        eventually(f"the site follows generation {generation}", lambda: (
            self.site.report()["plan"]["generation"] >= generation and self.site.settled()), WAIT)

    def generation(self):
        return self.site.report()["plan"]["generation"]


@test
def make_demo_ends_with_an_app_that_answers_and_a_hub_that_says_ready(story):
    printed = story.demo()
    expect("Done after" in printed, f"the demo did not end well: {printed[-1000:]}")
    expect("Store 0042" in http("/"), "the app's page is not the store's")
    hosts = story.get("edgehosts", "-n", "retail")["items"]
    expect(len(hosts) == 1 and any(c["type"] == "Ready" and c["status"] == "True" for c in hosts[0]["status"]["conditions"]),
           "the hub does not show one Ready host")
    expect(story.conditions().get("Ready") == "True", "the hub does not show a Ready site")
    expect(len(story.site.ready_nodes()) == 3, "there are not three Ready nodes")
    http("/sales", "POST", json.dumps({"item": "through-the-hub", "cents": 100}).encode())


@test
def make_demo_again_changes_nothing_that_is_right(story):
    before = story.pods()
    story.demo()
    story.unchanged(before, story.pods(), "containers", "network", "storage", "monitoring", "till")
    box = run([os.path.join(BIN, "farholm-agent"), "events", "--state", os.path.join(STATE, "agent"), "--last", "0"]).stdout
    expect("LayerHealthy" in box and "LayerRepaired" not in box, f"what Kubernetes itself fills in was taken for drift: {box}")


@test
def an_edit_with_kubectl_changes_that_layer_and_nothing_else(story):
    before, generation = story.pods(), story.generation()
    done = story.edit_till(lambda text: text.replace("farholm.dev/till:1.0.0", "farholm.dev/till:1.1.0"))
    expect(done.returncode == 0, f"the edit was refused: {done.stderr}")
    story.until_generation(generation + 1)
    after = story.pods()
    story.unchanged(before, after, "containers", "network", "storage", "monitoring")
    expect(not set(before["till"].values()) & set(after["till"].values()), "till's Pods are still the old ones")
    expect("through-the-hub" in http("/sales"), "the sale is lost")


@test
def a_second_apply_is_unchanged_and_bad_profiles_are_refused_by_name(story):
    for expected in ("", "unchanged"):
        printed = story.hub("apply", "-f", os.path.join(ROOT, "demo/profile/site.yaml")).stdout
        expect(expected in printed, f"the second apply said: {printed}")
    generation = story.generation()
    unknown = story.edit_till(lambda text: text.replace("farholm.dev/till:1.1.0", "farholm.dev/till:9.9.9"))
    expect(unknown.returncode != 0 and "till:9.9.9" in unknown.stderr, f"an unknown image: {unknown.stderr}")
    wrong = story.edit_till(lambda text: text.replace('"nodePort": 30080', '"nodePort": "often"'))
    expect(wrong.returncode != 0 and "nodePort" in wrong.stderr, f"a wrong port: {wrong.stderr}")
    expect(story.generation() == generation, "a refused edit made a plan")


@test
def farholm_diff_says_what_kubectl_apply_then_does_and_stores_nothing(story):
    file = os.path.join(STATE, "edited.json")

    def deployment():
        return next(d for d in story.site.objects("deployments", "-n", "till") if d["metadata"]["name"] == "till")

    def stored():
        kinds = "clusterprofiles,clusterprofilerevisions,sites,edgehosts"
        return {i["metadata"]["uid"]: i["metadata"]["resourceVersion"] for i in story.get(kinds, "-A")["items"]}

    def diff(kubeconfig="demo/hub.kubeconfig"):
        return run([os.path.join(BIN, "farholm"), "diff", "--kubeconfig", os.path.join(ROOT, kubeconfig),
                    "-n", "retail", "-f", file], check=False)

    def write(change):
        profile = story.get("clusterprofile", "store", "-n", "retail")
        layers = profile["spec"]["layers"]
        till = next(layer for layer in layers if layer["name"] == "till")["content"]["inline"]
        change(next(o for o in till if o["kind"] == "Deployment"))
        document = {key: profile[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": "store"}}
        with open(file, "w", encoding="utf-8") as out:
            json.dump(document, out)

    def edit(change, effect):
        """What was said, and what was observed before and after."""
        before, was, kept, generation = story.pods(), deployment(), stored(), story.generation()
        write(change)
        said = diff()
        expect(effects_of(said) == {"till": effect} and said.returncode == 1, f"diff said {said.stdout}{said.stderr}")
        expect("Site retail/store-0042" in said.stdout, f"diff names no site: {said.stdout}")
        expect(stored() == kept and story.generation() == generation, "asking has changed something at the hub")
        story.hub("apply", "-n", "retail", "-f", file)
        story.until_generation(generation + 1)
        after = story.pods()
        story.unchanged(before, after, "containers", "network", "storage", "monitoring")
        again = diff()
        expect(effects_of(again) == {} and again.returncode == 0, f"applied, it still differs: {again.stdout}")
        return before["till"], after["till"], was, deployment()

    # What the operator's own file does not say any more must not be taken for a removal by the first apply.
    write(lambda deployment: None)
    story.hub("apply", "-n", "retail", "-f", file)
    expect(diff().returncode == 0, "an edit of nothing differs")

    before, after, was, now = edit(lambda d: d["metadata"].setdefault("labels", {}).update(seen="yes"), "NoOp")
    expect(before == after and now["metadata"]["labels"]["seen"] == "yes", f"NoOp: {before} became {after}")
    before, after, was, now = edit(lambda d: d["spec"].update(replicas=3), "Reload")
    expect(set(before.values()) < set(after.values()) and now["spec"]["replicas"] == 3, f"Reload: {before} became {after}")
    edit(lambda d: d["spec"].update(replicas=2), "Reload")
    before, after, was, now = edit(
        lambda d: d["spec"]["template"]["metadata"].setdefault("annotations", {}).update(seen="yes"), "Restart")
    expect(not set(before.values()) & set(after.values()), f"Restart: {before} became {after}")
    expect(was["metadata"]["uid"] == now["metadata"]["uid"], "Restart: the Deployment is another one")

    def immutable(d):
        for labels in (d["spec"]["selector"]["matchLabels"], d["spec"]["template"]["metadata"]["labels"]):
            labels["generation"] = "two"

    before, after, was, now = edit(immutable, "Rebuild")
    expect(was["metadata"]["uid"] != now["metadata"]["uid"], "Rebuild: the Deployment is still the old one")
    eventually("the app answers with its data", lambda: "through-the-hub" in http("/sales"), 120)

    # Refused as an apply would be; and kubectl can ask as well.
    write(lambda d: d["spec"]["template"]["spec"]["containers"][0].update(image="farholm.dev/till:9.9.9"))
    refused = diff()
    expect(refused.returncode > 1 and "till:9.9.9" in refused.stderr and "spec.layers[4]" in refused.stderr,
           f"an unknown image: {refused.returncode} {refused.stderr}")
    write(lambda d: d["spec"].update(replicas=5))
    asked = {"apiVersion": "farholm.dev/v1alpha1", "kind": "PlanPreview",
             "spec": {"objects": [json.load(open(file, encoding="utf-8"))]}}
    answer = json.loads(story.hub("create", "-n", "retail", "-o", "json", "-f", "-", input=json.dumps(asked)).stdout)
    expect(answer["status"]["groups"][0]["effect"] == "Reload", f"kubectl was told {answer['status']}")
    expect(story.hub("get", "planpreviews", "-n", "retail", check=False).returncode != 0, "previews can be listed")
    elsewhere = diff("demo/site.kubeconfig")
    expect(elsewhere.returncode > 1 and "is it a Farholm hub" in elsewhere.stderr, f"a site was asked: {elsewhere.stderr}")


@test
def without_the_hub_the_site_mends_itself_and_with_it_back_status_is_true(story):
    process = int(open(os.path.join(STATE, "hub.pid"), encoding="utf-8").read())
    os.kill(process, signal.SIGKILL)
    uid = story.site.objects("deployments", "-n", "till")[0]["metadata"]["uid"]
    story.site.kubectl("delete", "deployment", "till", "-n", "till")
    eventually("the Deployment is back", lambda: [
        d for d in story.site.objects("deployments", "-n", "till") if d["metadata"]["uid"] != uid], 120)
    eventually("the site is as its plan says", story.site.settled, WAIT)
    before = story.pods()
    run(["pkill", "-x", "farholm-hub"], check=False)
    story.demo()
    story.ready()
    eventually("the hub says that the site is connected", lambda: story.conditions().get("Connected", "True") == "True", 120)
    story.unchanged(before, story.pods(), "containers", "network", "storage", "monitoring", "till")
    expect("through-the-hub" in http("/sales"), "the sale is lost")


@test
def what_happened_meanwhile_is_told_to_the_hub_once_and_on_the_box(story):
    def told():
        events = story.get("events", "-n", "retail", "--field-selector", "involvedObject.kind=Site")["items"]
        return [e for e in events if e.get("reportingComponent") == "farholm-agent"]
    eventually("the hub knows of the repair", lambda: [e for e in told() if e["reason"] == "LayerRepaired"
               and e["involvedObject"].get("fieldPath") == "spec.layers{till}" and "Deployment till/till is gone" in e["message"]], 60)
    ids = [e["metadata"]["annotations"]["farholm.dev/event"] for e in told()]
    expect(len(ids) == len(set(ids)), f"an event was told twice: {ids}")
    box = run([os.path.join(BIN, "farholm-agent"), "events", "--state", os.path.join(STATE, "agent"), "--json", "--last", "0"])
    here = {str(e["sequence"]) for e in json.loads(box.stdout)}
    expect({i.rsplit("/", 1)[1] for i in ids} <= here and len(here) > 10, f"at the hub {ids}, here {here}")
    expect("LayerRepaired" in story.hub("describe", "site", "store-0042", "-n", "retail").stdout, "describe does not show it")


@test
def a_support_bundle_tells_a_stranger_what_is_here_and_no_key(story):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "support.tar")
        run([os.path.join(BIN, "farholm-agent"), "support-bundle", "--state", os.path.join(STATE, "agent"), "--output", path])
        expect(os.stat(path).st_mode & 0o077 == 0, "others can read it")
        with tarfile.open(path) as archive:
            files = {m.name.split("/", 1)[1]: archive.extractfile(m).read().decode(errors="replace") for m in archive if m.isfile()}
    expect("as it should be" in files["status.txt"] and "LayerRepaired" in files["events.txt"], f"{sorted(files)}")
    expect(any("till-" in text for name, text in files.items() if name.endswith("/cluster.txt")), "no node tells of the Pods")
    expect(any("kubelet" in text for name, text in files.items() if name.endswith("/journal.txt")), "no node gives its journal")
    keys = []

    def collect(value):
        if isinstance(value, dict):
            for name, one in value.items():
                if isinstance(one, str) and "key" in name.lower() and "public" not in name.lower():
                    keys.extend(line for line in one.splitlines() if len(line) > 30 and not line.startswith("---"))
                collect(one)
        elif isinstance(value, list):
            for one in value:
                collect(one)
    for name in ("identity.json", "cluster.json"):
        with open(os.path.join(STATE, "agent", name), encoding="utf-8") as file:
            collect(json.loads(file.read().split("\n# sha256:")[0]))
    expect(len(keys) > 10, f"only {len(keys)} lines of keys were found")
    for key in keys:
        expect(all(key not in text for text in files.values()), "a key is in the bundle")


@test
def the_secret_value_is_in_no_file_of_hub_and_agent_and_in_no_answer_but_its_own(story):
    secret = story.get("secret", "store-0042", "-n", "retail")["data"]["card"]
    needles = [base64.b64decode(secret), secret.encode()]
    places = [os.path.join(STATE, name) for name in ("hub", "agent", "hub.log", "agent.log", "profile.yaml")]
    searched = 0
    for place in places:
        files = [place] if os.path.isfile(place) else [os.path.join(f, n) for f, _, names in os.walk(place) for n in names]
        for file in files:
            if not os.path.isfile(file) or os.path.islink(file) or "/agent/volumes/" in file:
                continue
            searched += 1
            with open(file, "rb") as content:
                tail = b""
                while piece := content.read(1 << 22):
                    for needle in needles:
                        expect(needle not in tail + piece, f"{file} holds the secret")
                    tail = piece[-128:]
    expect(searched > 30, f"only {searched} files were searched")
    for kind in ("edgehosts", "registrationtokens", "clusterprofiles", "clusterprofilerevisions", "sites", "events", "configmaps"):
        answer = story.hub("get", kind, "-A", "-o", "yaml").stdout.encode()
        for needle in needles:
            expect(needle not in answer, f"the API's answer to {kind} holds the secret")


@test
def demo_clean_leaves_nothing_of_the_demo(story):
    story.demo("clean")
    expect(not story.site.containers(), "containers are left")
    expect(not os.path.exists(STATE), "demo/state is left")
    expect(not docker("volume", "ls", "-q", "--filter", "label=farholm.dev/site"), "volumes are left")


def main():
    story = Story()
    story.site.path = lambda *parts: os.path.join(ROOT, "demo", *parts) if parts[0].endswith("kubeconfig") else os.path.join(
        STATE, *("agent" if part == "state" else part for part in parts))
    failed = 0
    os.makedirs("/var/tmp/farholm-e2e", exist_ok=True)
    try:
        # First what an earlier run may have left, with the engine that it may have started.
        run([os.path.join(ROOT, "demo/clean")], check=False, env=dict(os.environ, FARHOLM_BIN=BIN))
        story.docker.ensure("/var/tmp/farholm-e2e")
        for function in TESTS:
            name = function.__name__.replace("_", " ")
            begin = time.monotonic()
            say(f"… {name}")
            try:
                function(story)
                print(f"ok {name}", flush=True)
            except (Failed, OSError, subprocess.SubprocessError, ValueError, KeyError, StopIteration) as failure:
                failed += 1
                print(f"not ok {name}: {str(failure) or repr(failure)}", flush=True)
                if function is TESTS[0]:
                    break
            say(f"took {time.monotonic() - begin:.0f} s")
    except (Failed, OSError, subprocess.SubprocessError) as failure:
        failed += 1
        print(f"not ok getting ready: {failure}", flush=True)
    finally:
        run([os.path.join(ROOT, "demo/clean")], check=False, env=dict(os.environ, FARHOLM_BIN=BIN))
        story.docker.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
