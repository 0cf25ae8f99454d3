#!/usr/bin/env python3
"""A site without a hub, on the real parts, from nothing to an app, and through everything that may happen to it.

The tests run in order on one site: each leaves it healthy for the next. One that fails is told, and the rest go
on where they can.
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
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import BIN, KUBERNETES, Failed, docker, eventually, expect, forget_as_after_a_power_cut, http, run, say  # noqa: E402
from site_story import CANARY, FOLDER, SETTLE, Story  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


@test
def a_signed_plan_brings_up_a_real_cluster_and_the_app_answers(story):
    begin = time.monotonic()
    plan = story.next_plan()
    story.site.start_agent(plan)
    story.plan_file = plan
    story.generation = 1
    eventually("the agent answers", story.site.report, 60)
    story.site.wait_settled(SETTLE, 1)
    say(f"from the agent's start to a healthy site: {time.monotonic() - begin:.0f} s")
    page = eventually("the app answers", lambda: http("/"), 60)
    expect("0042" in page, f"the page does not show the store's number: {page[:300]}")
    nodes = story.site.ready_nodes()
    expect(len(nodes) == 3, f"three nodes should be Ready, there are {nodes}")
    versions = {node["status"]["nodeInfo"]["kubeletVersion"] for node in story.site.objects("nodes")}
    server = json.loads(story.site.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    expect(versions | {server} == {KUBERNETES}, f"{KUBERNETES} was wanted, the nodes run {versions} and the API server {server}")
    story.sell("first")


@test
def the_registry_serves_on_sockets_that_it_was_handed(story):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    command = f"LISTEN_PID=$$ LISTEN_FDS=1 exec {BIN}/farholm-agent registry --state {story.site.path('state')} 3<&{listener.fileno()}"
    process = subprocess.Popen(["sh", "-c", command], pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v2/"
        expect(eventually("the registry answers", lambda: urllib.request.urlopen(address, timeout=5).status, 30) == 200,
               "the registry does not speak its protocol")
    finally:
        process.terminate()
        expect(process.wait(timeout=30) == 0, "the registry did not end cleanly")


@test
def an_edit_of_till_changes_till_and_nothing_else_as_diff_had_said(story):
    before = story.snapshot()
    story.till = story.till.replace("farholm.dev/till:1.0.0", "farholm.dev/till:1.1.0")
    effects = story.change()
    expect(effects == {"till": "Restart"}, f"diff said {effects}")
    after = story.snapshot()
    story.unchanged(before, after, "containers", "network", "storage", "monitoring")
    expect(not set(before["till"].values()) & set(after["till"].values()), "till's Pods are still the old ones")
    expect("first" in story.sold(), "the sale is lost")


@test
def a_variable_touches_only_what_uses_it(story):
    before = story.snapshot()
    story.variables["storeNumber"] = "0043"
    effects = story.change()
    expect(effects == {"till": "Restart"}, f"diff said {effects}")
    story.unchanged(before, story.snapshot(), "containers", "network", "storage", "monitoring")
    expect("0043" in eventually("the app answers", lambda: http("/"), 60), "the page does not show the new number")


@test
def metadata_alone_is_no_op(story):
    before = story.snapshot()
    story.till = story.till.replace("kind: Deployment\nmetadata:\n  name: till\n  namespace: till\n",
                                    "kind: Deployment\nmetadata:\n  name: till\n  namespace: till\n"
                                    "  annotations: {farholm.dev/note: seen}\n")
    effects = story.change()
    expect(effects == {"till": "NoOp"}, f"diff said {effects}")
    story.unchanged(before, story.snapshot(), "containers", "network", "storage", "monitoring", "till")


@test
def replicas_are_a_reload(story):
    before = story.snapshot()
    story.till = story.till.replace("replicas: 2", "replicas: 3")
    effects = story.change()
    expect(effects == {"till": "Reload"}, f"diff said {effects}")
    after = story.snapshot()
    story.unchanged(before, after, "containers", "network", "storage", "monitoring")
    expect(set(before["till"].values()) <= set(after["till"].values()), "till's old Pods did not stay")
    story.till = story.till.replace("replicas: 3", "replicas: 2")
    story.change()


@test
def what_haproxy_publishes_is_a_restart_of_it_and_a_node_port_a_reload(story):
    def edit(second_listener, effect):
        before = story.snapshot()
        story.second_listener = second_listener
        effects = story.change()
        expect(effects == {"kubernetes": effect}, f"diff said {effects}")
        after = story.snapshot()
        story.unchanged(before, after, "network", "storage", "monitoring", "till")
        others = [{n: c for n, c in side["containers"].items() if "-haproxy-" not in n} for side in (before, after)]
        expect(others[0] == others[1], f"other containers than HAProxy changed: {others}")
        same = before["containers"] == after["containers"]
        expect(same == (effect == "Reload"), f"the containers before and after: {before['containers']} {after['containers']}")

    def second():
        with urllib.request.urlopen("http://127.0.0.1:8081/", timeout=10) as answer:
            return answer.status

    edit(30080, "Restart")
    expect(eventually("the app answers on the new port", second, 60) == 200, "the second port serves something else")
    expect(any("0.0.0.0:8081 second" in line for line in story.site.report()["listeners"]), "status does not list the port")
    edit(30081, "Reload")
    edit(None, "Restart")
    eventually("the app answers", http, 60)


@test
def a_field_that_is_fixed_is_a_rebuild_and_the_data_stays(story):
    before = story.snapshot()
    uid = story.site.objects("deployments", "-n", "till")[0]["metadata"]["uid"]
    claim = story.site.objects("persistentvolumeclaims", "-n", "till")[0]["metadata"]["uid"]
    # A Deployment's selector cannot be changed in place; the template's labels have to go with it.
    edited = re.sub(r"(  selector:\n    matchLabels:\n)(      app.kubernetes.io/name: till\n  template:\n    metadata:\n      labels:\n)",
                    r"\1      generation: two\n\2        generation: two\n", story.till)
    expect(edited != story.till, "the edit changes nothing: has demo/profile/till/till.yaml another shape now?")
    story.till = edited
    effects = story.change()
    expect(effects == {"till": "Rebuild"}, f"diff said {effects}")
    story.unchanged(before, story.snapshot(), "containers", "network", "storage", "monitoring")
    expect(story.site.objects("deployments", "-n", "till")[0]["metadata"]["uid"] != uid, "the Deployment is still the old one")
    expect(story.site.objects("persistentvolumeclaims", "-n", "till")[0]["metadata"]["uid"] == claim, "the claim is another")
    eventually("the app answers with its data", lambda: "first" in story.sold(), 120)


@test
def an_object_that_leaves_a_layer_is_removed_and_a_layer_comes_and_goes(story):
    story.extra = """  - name: notice
    type: manifests
    content:
      inline:
      - {apiVersion: v1, kind: Namespace, metadata: {name: notice}}
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: keep, namespace: notice}, data: {a: "1"}}
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: leave, namespace: notice}, data: {a: "1"}}
"""
    story.change()
    names = {o["metadata"]["name"] for o in story.site.objects("configmaps", "-n", "notice")}
    expect({"keep", "leave"} <= names, f"the new layer's objects are not there: {names}")
    story.extra = re.sub(r".*name: leave.*\n", "", story.extra)
    story.change()
    names = {o["metadata"]["name"] for o in story.site.objects("configmaps", "-n", "notice")}
    expect("keep" in names and "leave" not in names, f"pruning left {names}")
    story.extra = ""
    story.change()
    eventually("the layer's namespace is gone",
               lambda: "notice" not in {o["metadata"]["name"] for o in story.site.objects("namespaces")}, 120)


@test
def a_deleted_deployment_comes_back(story):
    uid = story.site.objects("deployments", "-n", "till")[0]["metadata"]["uid"]
    story.site.kubectl("delete", "deployment", "till", "-n", "till")
    eventually("the Deployment is back", lambda: [
        d for d in story.site.objects("deployments", "-n", "till") if d["metadata"]["uid"] != uid], 120)
    story.site.wait_settled(SETTLE)
    eventually("the app answers", http, 60)


@test
def a_killed_node_comes_back_and_one_without_its_volume_is_replaced(story):
    site = story.site
    worker = next(name for name in site.containers() if "worker-1" in name)
    docker("kill", worker)
    eventually("the container runs again", lambda: docker("inspect", "-f", "{{.State.Running}}", worker) == "true", 120)
    eventually("three nodes are Ready", lambda: len(site.ready_nodes()) == 3, 300)
    site.wait_settled(SETTLE)
    docker("rm", "-f", "-v", worker)
    for volume in docker("volume", "ls", "--filter", "label=farholm.dev/site", "--format", "{{.Name}}").split():
        if worker in volume:
            docker("volume", "rm", "-f", volume)
    eventually("a new node has joined under another name, and the old one is gone",
               lambda: len(site.ready_nodes()) == 3 and worker not in {n["metadata"]["name"] for n in site.objects("nodes")},
               SETTLE)
    site.wait_settled(SETTLE)


@test
def the_worker_with_the_app_and_its_volume_is_lost_and_till_comes_back_with_its_data(story):
    site = story.site
    story.sell("before-the-loss")
    nodes = site.ready_nodes()
    node = next(p["spec"]["nodeName"] for p in site.objects("pods", "-n", "till")
                if "deletionTimestamp" not in p["metadata"] and p["spec"]["nodeName"] in nodes)
    docker("rm", "-f", "-v", node)
    for volume in docker("volume", "ls", "--filter", "label=farholm.dev/site", "--format", "{{.Name}}").split():
        if node in volume:
            docker("volume", "rm", "-f", volume)

    def replaced():
        ready = site.ready_nodes()
        return len(ready) == 3 and node not in ready
    eventually("another node is there instead", replaced, SETTLE)

    def pods_run_where_nodes_are():
        ready = site.ready_nodes()
        pods = [p for p in site.objects("pods", "-n", "till") if "deletionTimestamp" not in p["metadata"]]
        return len(pods) == 2 and all(
            p["spec"].get("nodeName") in ready and any(c["type"] == "Ready" and c["status"] == "True"
                                                       for c in p["status"].get("conditions", [])) for p in pods)
    eventually("both Pods of till run on nodes that exist", pods_run_where_nodes_are, SETTLE)
    expect("before-the-loss" in story.sold(), "a sale is lost")
    site.wait_settled(SETTLE)
    expect("first" in story.sold(), "an older sale is lost")


@test
def the_agent_killed_and_restarted_converges_and_touches_nothing(story):
    before = story.snapshot()
    story.site.kill_agent(signal.SIGKILL)
    story.site.start_agent()
    story.site.wait_settled(SETTLE, story.generation)
    story.unchanged(before, story.snapshot(), "containers", "network", "storage", "monitoring", "till")
    since = json.loads(run([os.path.join(BIN, "farholm-agent"), "events", "--state", story.site.path("state"), "--json", "--last", "0"]).stdout)
    since = since[max(n for n, e in enumerate(since) if e["reason"] == "AgentStarted"):]
    expect(not [e for e in since if e["reason"] in ("LayerApplied", "LayerRepaired")], f"the new agent changed something: {since}")


@test
def plans_that_must_not_be_accepted_are_refused_and_told(story):
    site = story.site
    good = json.load(open(story.plan_file, encoding="utf-8"))
    payload = json.loads(base64.b64decode(good["payload"]))

    def offered(envelope):
        file = story.write("bad-plan", json.dumps(envelope))
        done = run([os.path.join(BIN, "farholm-agent"), "offer", file, "--state", site.path("state")], check=False)
        expect(done.returncode != 0, "a bad plan was accepted")
        return done.stderr

    forged = dict(good, payload=base64.b64encode(json.dumps(dict(payload, generation=99)).encode()).decode())
    expect("sign" in offered(forged), "a forged plan was refused for another reason")
    older = json.load(open(site.path("plan-1.signed"), encoding="utf-8"))
    expect("Older" in offered(older), "an older plan was refused for another reason")
    # The same generation again, with another wish; and a plan of a site that is not this one.
    profile, other_wish = story.profile(), story.write("other-site.yaml", open(story.site_file(), encoding="utf-8").read().replace(
        f'storeNumber: "{story.variables["storeNumber"]}"', 'storeNumber: "6666"'))
    secrets = [f"store-0042/card={site.path('card')}"]
    for previous, reason in ((site.path(f"plan-{story.generation - 1}.signed"), "Equivocation"), (None, "OtherSite")):
        output = site.path(f"plan-{reason}.signed")
        site.plan(profile, other_wish, output, previous=previous, secrets=secrets)
        expect(reason in offered(json.load(open(output, encoding="utf-8"))), f"not refused as {reason}")
    report = site.report()
    expect(report["plan"]["generation"] == story.generation, "the accepted plan has changed")
    expect(any("refused" in problem for problem in report.get("problems", [])), "the refusal is not reported")


@test
def a_bad_layer_rolls_back_whole_by_itself_and_is_tried_again_only_when_asked(story):
    site = story.site

    def notice():
        return site.kubectl("get", "configmap", "notice", "-n", "default", "-o", "jsonpath={.data.a}", check=False)

    def rolled_back():
        conditions = {c["type"]: c for c in site.report()["status"]["conditions"]}
        return conditions["Ready"]["reason"] == "RolledBack" and conditions["Progressing"]["status"] == "False" and conditions["Ready"]["message"]

    def layer_before_till(value):
        return f"""  - name: notice
    type: manifests
    dependsOn: []
    content:
      inline:
      - {{apiVersion: v1, kind: ConfigMap, metadata: {{name: notice, namespace: default}}, data: {{a: "{value}"}}}}
"""

    story.extra = layer_before_till(1)
    story.change()
    before, good_till = story.snapshot(), story.till
    good = site.report()["status"]["plan"]
    story.extra, story.till_seconds = layer_before_till(2), 60
    # With that the program ends as soon as it has begun.
    story.till = story.till.replace("        env:\n", "        env:\n        - {name: DRAIN_SECONDS, value: forever}\n")
    expect(story.till != good_till, "the edit changes nothing: has demo/profile/till/till.yaml another shape now?")
    story.plan_file = story.next_plan()
    story.generation += 1
    run([os.path.join(BIN, "farholm-agent"), "offer", story.plan_file, "--state", site.path("state")])
    eventually("the other layer of the bad plan is there", lambda: notice() == "2", 120)
    message = eventually("the site has gone back", rolled_back, SETTLE)
    say(message)
    expect("layer till" in message and "Deployment" in message, f"the status does not name the layer and its object: {message}")
    expect("exit code 1" in message, f"the status does not say that the container ends: {message}")
    expect(notice() == "1", "the other layer of the bad plan has stayed")
    report = site.report()
    expect(report["status"]["plan"] == good and report["plan"]["generation"] == story.generation, f"status says {report}")
    eventually("the crashing Pods are gone", lambda: story.snapshot()["till"] == before["till"], 120)
    story.unchanged(before, story.snapshot(), "containers", "network", "storage", "monitoring", "till")
    expect("first" in story.sold(), "a sale is lost")

    site.kill_agent(signal.SIGKILL)
    site.start_agent()
    eventually("the agent answers", site.report, 60)
    eventually("the next agent knows", rolled_back, 300)
    expect(notice() == "1", "the next agent tried the bad plan again")

    run([os.path.join(BIN, "farholm-agent"), "retry", "--state", site.path("state")])
    eventually("the bad plan is tried again", lambda: notice() == "2", 120)
    eventually("it is given up again", rolled_back, SETTLE)
    refused = run([os.path.join(BIN, "farholm-agent"), "offer", story.plan_file, "--state", site.path("state")])
    expect("gave up" in refused.stdout, f"the same plan again: {refused.stdout}")
    expect(rolled_back(), "the same plan is tried because it was offered once more")

    story.till, story.till_seconds, story.extra = good_till, None, ""
    story.change()
    story.unchanged(before, story.snapshot(), "containers", "network", "storage", "monitoring", "till")


@test
def a_hold_keeps_a_change_waiting_and_what_is_lost_comes_back(story):
    site = story.site

    def ask(*arguments):
        return run([os.path.join(BIN, "farholm-agent"), *arguments, "--state", site.path("state")]).stdout

    def waits():
        conditions = {c["type"]: c for c in site.report()["status"]["conditions"]}
        return conditions["Ready"]["reason"] == "OnHold" and "OnHold" in conditions and conditions["Ready"]["message"]

    def deployment():
        return next(iter(site.objects("deployments", "-n", "till")), None)

    before, good_till = story.snapshot(), story.till
    ask("hold", "--reason", "stocktaking", "--for", "2h")
    story.till = good_till.replace("        env:\n", "        env:\n        - {name: SEASON, value: winter}\n")
    expect(story.till != good_till, "the edit changes nothing: has demo/profile/till/till.yaml another shape now?")
    story.plan_file = story.next_plan()
    story.generation += 1
    ask("offer", story.plan_file)
    message = eventually("the plan waits", waits, 120)
    say(message)
    expect("(stocktaking)" in message, f"the reason is not told: {message}")
    expect("On hold" in ask("status"), "the status on the box does not say so")
    uid = deployment()["metadata"]["uid"]
    site.kubectl("delete", "deployment", "till", "-n", "till")
    eventually("the Deployment is back", lambda: (deployment() or {"metadata": {"uid": uid}})["metadata"]["uid"] != uid, 120)
    expect("SEASON" not in json.dumps(deployment()), "it came back as the plan that waits says")
    eventually("the app answers", http, 120)
    site.kill_agent(signal.SIGKILL)
    site.start_agent()
    eventually("the agent answers", site.report, 60)
    eventually("the plan waits also with the next agent", waits, 120)
    expect("SEASON" not in json.dumps(deployment()), "the next agent did not heed the hold")
    story.unchanged(before, story.snapshot(), "containers", "network", "storage", "monitoring")

    ask("release")
    site.wait_settled(SETTLE, story.generation)
    expect("SEASON" in json.dumps(deployment()), "the plan did not begin after the hold")
    story.till = good_till
    story.change()


@test
def the_secret_value_is_in_no_file_of_the_agent_nor_in_etcd(story):
    site = story.site
    expect(site.kubectl("get", "secret", "till", "-n", "till", "-o", "jsonpath={.data.card-key}").strip()
           == base64.b64encode(CANARY.encode()).decode(), "the app did not get its secret")
    needles = [CANARY.encode(), base64.b64encode(CANARY.encode())]
    searched = 0
    places = [site.path("state"), site.path("content"), site.path("agent.log"), story.plan_file]
    etcd = next(name for name in site.containers() if "-etcd-" in name)
    volume = docker("inspect", "-f", "{{range .Mounts}}{{if .Name}}{{.Source}}{{end}}{{end}}", etcd)
    places.append(volume)
    for place in places:
        files = [place] if os.path.isfile(place) else [os.path.join(f, n) for f, _, names in os.walk(place) for n in names]
        for file in files:
            if not os.path.isfile(file) or os.path.islink(file):
                continue
            searched += 1
            with open(file, "rb") as content:
                tail = b""
                while piece := content.read(1 << 22):
                    for needle in needles:
                        expect(needle not in tail + piece, f"{file} holds the secret")
                    tail = piece[-64:]
    expect(searched > 20, f"only {searched} files were searched")


@test
def docker_engine_killed_with_everything_in_it_comes_back_also_without_the_agent(story):
    if story.docker.process is None:
        raise Failed("Docker Engine was running before the test, so it may not be killed: stop it and run again")
    site = story.site

    def addresses():
        return {name: docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
                for name in site.containers()}

    before = addresses()
    containers = docker("inspect", "-f", "{{.Id}} {{.State.Pid}}", *before).split()
    site.kill_agent(signal.SIGKILL)
    os.killpg(story.docker.process.pid, signal.SIGKILL)
    story.docker.process.wait()
    forget_as_after_a_power_cut(dict(zip(containers[::2], containers[1::2])))
    story.docker.start(FOLDER)
    eventually("the app answers again, without the agent", http, SETTLE)
    eventually("every container runs again", lambda: all(addresses().values()), SETTLE)
    eventually("three nodes are Ready", lambda: len(site.ready_nodes()) == 3, SETTLE)
    expect(addresses() == before, f"addresses have changed: {before} became {addresses()}")
    site.start_agent()
    site.wait_settled(SETTLE, story.generation)
    expect({"first", "before-the-loss"} <= story.sold(), "sales are lost")


def main():
    keep = "--keep" in sys.argv
    wanted = [a for a in sys.argv[1:] if not a.startswith("-")]
    os.makedirs(FOLDER, exist_ok=True)
    story = Story()
    failed = 0
    try:
        story.docker.ensure(FOLDER)
        if not keep:
            story.site.remove()
            shutil.rmtree(FOLDER, ignore_errors=True)
            os.makedirs(FOLDER)
        story.prepare()
        for function in TESTS:
            name = function.__name__.replace("_", " ")
            if wanted and not any(w in name for w in wanted):
                continue
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
        if not keep:
            story.site.remove()
            story.docker.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
