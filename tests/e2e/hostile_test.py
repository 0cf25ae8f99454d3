#!/usr/bin/env python3
"""Bad input to a hub and its hosts, and a hub that dies amid writes, with the real programs: what is refused, what is said
about it and to whom, and that nothing is lost that was acknowledged.

Needs root (for a network namespace of its own), and neither Docker nor Kubernetes. Prints `ok` or `not ok` and a name for
each test; names given as arguments choose among them.
"""
import base64
import datetime
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from between import LINK, Between, found_in  # noqa: E402
from hub_lib import GROUP, Agent, BareHost, Hub, digest_of, in_a_world_of_our_own, is_status, quickly  # noqa: E402
from informer import MAPS, Informer, Writer  # noqa: E402
from lib import Failed, expect, say  # noqa: E402

FOLDER = "/var/tmp/farholm-hostile"
CANARY = "canary-4f1d8a7c2b9e6035"
MARK = "seen-in-the-plan-17"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Story:
    """One hub for what leaves it whole; tests that do not make their own."""

    def __init__(self):
        self.port = 8442
        self.hubs, self.agents = [], []
        self.hub = self.another_hub("hub-1").start()

    def free_port(self):
        self.port += 1
        return self.port

    def another_hub(self, name):
        self.hubs.append(Hub(os.path.join(FOLDER, name), self.free_port()))
        return self.hubs[-1]

    def agent(self, machine):
        self.agents.append(Agent(os.path.join(FOLDER, machine), machine))
        return self.agents[-1]

    def paired(self, hub, namespace, address=None, content=()):
        """A namespace, and an agent that comes into it with a token."""
        hub.make_namespace(namespace)
        token = hub.make_token(namespace, "door", hostLabels={"store": namespace})
        agent = self.agent(f"machine-{namespace}").start(address or hub.address(), token, content)
        quickly("the host is paired", lambda: self.host(hub, namespace)["status"]["phase"] == "Connected")
        return agent

    @staticmethod
    def host(hub, namespace):
        return hub.must("GET", f"{GROUP}/namespaces/{namespace}/edgehosts")["items"][0]

    def end(self):
        for one in [*self.agents, *self.hubs]:
            one.end(signal.SIGKILL)


def layer(name, **data):
    return {"name": name, "type": "manifests", "content": {"inline": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}]}}


def make_site(hub, namespace, layers, variables=(), values=None):
    if hub.get(f"{GROUP}/namespaces/{namespace}/clusterprofiles/store").status == 404:
        hub.make(namespace, "ClusterProfile", "clusterprofiles", "store", {"variables": list(variables), "layers": layers})
    hub.make(namespace, "Site", "sites", "site", {
        "profile": {"name": "store"}, "hosts": {"selector": {"matchLabels": {"store": namespace}}},
        "nodes": {"controlPlane": 1, "workers": 0}, "variables": values or {}})


# --- tokens


@test
def bad_tokens_are_refused_with_a_status_and_an_event_that_kubectl_shows(story):
    hub = story.hub
    hub.make_namespace("doors")
    once = hub.make_token("doors", "once")
    ends = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)).replace(microsecond=0)
    ended = hub.make_token("doors", "ended", expires=ends.strftime("%Y-%m-%dT%H:%M:%SZ"))
    revoked = hub.make_token("doors", "revoked", revoked=True)
    named = hub.make_token("doors", "named", machineIDs=["another-machine"])
    identity, secret, root = once.split(".")
    expect(BareHost(hub.folder, "box-first").register(hub, once).status == 200, "a right token was refused")
    # Not before: a use while it is good would use it up.
    quickly("the token ends", lambda: datetime.datetime.now(datetime.timezone.utc) > ends)
    time_is_up = BareHost(hub.folder, "box-late").register(hub, ended)
    wrong = {"no-token": "abc", "unknown": f"nobody.{secret}.{root}", "wrong-secret": f"{identity}.{secret[::-1]}.{root}"}
    for machine, token in wrong.items():
        message = is_status(BareHost(hub.folder, machine).register(hub, token), 401, "Unauthorized")
        expect("registration token" in message and secret not in message, f"{machine}: {message}")
    expect("expired" in is_status(time_is_up, 403, "Forbidden"), "not refused as expired")
    for machine, token, word in (("box-second", once, "none is left"), ("box-revoked", revoked, "revoked"),
                                 ("box-named", named, "not for this machine ID")):
        message = is_status(BareHost(hub.folder, machine).register(hub, token), 403, "Forbidden")
        expect(word in message, f"{machine}: {message}")

    def events():
        return {e["message"].split(" was refused")[0].rsplit(" ", 1)[1]: e for e in hub.events() if "refused" in e["message"]}
    told = quickly("an event tells of each refusal", lambda: (
        seen := events()) and {*wrong, "box-late", "box-second", "box-revoked", "box-named"} <= set(seen) and seen)
    for machine in wrong:
        expect((told[machine]["reason"], told[machine]["type"]) == ("WrongToken", "Warning"), f"{told[machine]}")
    expect(told["box-second"]["involvedObject"]["name"] == "once", f"the event is about {told['box-second']['involvedObject']}")
    expect("box-second" in hub.kubectl("get", "events", "-n", "doors"), "`kubectl get events` does not show it")
    expect("HostRefused" in hub.kubectl("describe", "registrationtoken", "once", "-n", "doors"), "describe does not show it")
    expect(not any(secret in json.dumps(event) for event in told.values()), "an event holds a token's secret")
    # The same again is counted, not told twice.
    again = BareHost(hub.folder, "box-third")
    for _ in range(3):
        is_status(again.register(hub, once), 403, "Forbidden")
    quickly("the count rises", lambda: events()["box-third"].get("count", 0) == 3)


@test
def a_flood_of_wrong_tokens_makes_few_events(story):
    hub = story.hub
    before = len(hub.events())
    flood = BareHost(hub.folder, "flood")
    for number in range(60):
        flood.machine = f"flood-{number}"
        is_status(flood.register(hub, "abc"), 401, "Unauthorized")
    made = len(hub.events()) - before
    expect(1 <= made <= 40, f"60 refusals made {made} events")


@test
def the_agent_says_on_the_command_line_what_is_wrong_with_its_token(story):
    hub = story.hub
    hub.make_namespace("said")
    once = hub.make_token("said", "once")
    identity, secret, root = once.split(".")
    BareHost(hub.folder, "said-first").register(hub, once)

    def says(token, words, and_ends=False):
        agent = story.agent(f"said-{len(story.agents)}").start(hub.address(), token)
        quickly(f"the agent says: {words}", lambda: words in agent.log())
        if and_ends:
            quickly("the agent ends, with an error", lambda: agent.process.poll() not in (None, 0))
        agent.end()
    says("abc", "this is not a registration token", and_ends=True)
    says(f"{identity}.{secret}.{root[::-1]}", "it is not the hub that the token is for", and_ends=True)
    says(once, "none is left. Ask an operator for another one.")
    says(f"{identity}.{secret[::-1]}.{root}", "does not know the registration token: ask an operator for one")


# --- plans


@test
def plans_of_a_restored_hub_that_are_older_or_equivocate_are_refused_and_the_site_says_so(story):
    hub = story.another_hub("hub-restored").start()
    agent = story.paired(hub, "past")
    make_site(hub, "past", [layer("one", text="${word}")], [{"name": "word", "type": "string"}], {"word": "first"})
    quickly("the agent has the first plan", lambda: agent.generation() == 1)
    hub.end()
    backup = os.path.join(hub.folder, "backup")
    shutil.copytree(hub.state, backup)
    hub.start()
    hub.edit("past", "sites", "site", {"spec": {"variables": {"word": "second"}}})
    quickly("the agent has the second plan", lambda: agent.generation() == 2, 40)
    kept = agent.plan_file()
    hub.end(signal.SIGKILL)
    shutil.rmtree(hub.state)
    shutil.copytree(backup, hub.state)
    hub.start()

    def told(word):
        condition = hub.condition("past")
        return condition.get("reason") == "PlanNotAccepted" and word in condition.get("message", "") and condition
    quickly("the hub's Site says that its plan is older", lambda: told("Older"), 40)
    expect("farholm resume" in hub.condition("past")["message"], "it does not say what to do")
    expect(agent.plan_file() == kept, "the older plan was kept")
    hub.edit("past", "sites", "site", {"spec": {"variables": {"word": "other"}}})
    quickly("the hub's Site says that its plan equivocates", lambda: told("Equivocation"), 40)
    expect(agent.plan_file() == kept, "the equivocating plan was kept")
    refused = hub.site("past")["status"]["plan"]["digest"]
    envelope = json.loads(kept)
    expect(digest_of(base64.b64decode(envelope["payload"])) != refused, "the test compares a plan with itself")
    expect(any("Equivocation" in problem for problem in agent.report()["problems"]), "`farholm-agent status` says nothing")
    expect(agent.generation() == 2, "the accepted plan is another")
    # What is newer again is taken, and the Site is content with it.
    hub.edit("past", "sites", "site", {"spec": {"variables": {"word": "third"}}})
    quickly("the agent has the third plan", lambda: agent.generation() == 3, 40)
    quickly("the Site's plan is accepted", lambda: hub.condition("past").get("reason") != "PlanNotAccepted")


@test
def a_plan_for_another_site_is_refused_and_the_site_says_so(story):
    hub = story.hub
    agent = story.paired(hub, "twice")
    make_site(hub, "twice", [layer("one", text="a")])
    quickly("the agent has its plan", lambda: agent.generation() == 1)
    kept = agent.plan_file()
    hub.must("DELETE", f"{GROUP}/namespaces/twice/sites/site")
    quickly("the Site is gone", lambda: hub.get(f"{GROUP}/namespaces/twice/sites/site").status == 404)
    make_site(hub, "twice", [])  # of the same name, and another one
    quickly("the new Site says that the host is of another", lambda: "OtherSite" in hub.condition("twice").get("message", ""), 40)
    expect(agent.plan_file() == kept, "the other site's plan was kept")


@test
def a_plan_with_a_wrong_signature_over_the_link_is_refused_and_kept_nowhere(story):
    hub = story.hub
    between = Between(hub, None, story.free_port())
    hub.make_namespace("forged")
    agent = between.agent = story.agent("machine-forged")
    agent.start(between.address(), hub.make_token("forged", "door", hostLabels={"store": "forged"}))
    make_site(hub, "forged", [layer("one", text="a")])
    quickly("the agent has its plan", lambda: agent.generation() == 1)
    kept = agent.plan_file()
    envelope = json.loads(kept)
    payload = base64.b64decode(envelope["payload"]).replace(b'"generation":1', b'"generation":7')
    expect(b'"generation":7' in payload, "the forgery changes nothing")
    forged = json.dumps({**envelope, "payload": base64.b64encode(payload).decode()}).encode()
    between.blobs[digest_of(forged)] = forged
    between.wants = digest_of(forged)
    hub.edit("forged", "clusterprofiles", "store", {"spec": {"layers": [layer("one", text="b")]}})
    condition = quickly("the hub's Site says that a plan's signature is wrong", lambda: (
        found := hub.condition("forged")).get("reason") == "PlanNotAccepted" and "sign" in found["message"] and found, 40)
    expect("refused" in condition["message"], f"the condition says: {condition['message']}")
    expect(agent.plan_file() == kept and agent.generation() == 1, "the forged plan was kept")
    held = agent.files_with(base64.b64encode(payload)[:200]) + agent.files_with(payload)
    expect(not held, f"the forged plan lies in {held}")
    between.wants = None
    hub.edit("forged", "clusterprofiles", "store", {"spec": {"layers": [layer("one", text="c")]}})
    quickly("the hub's own plan is accepted", lambda: agent.generation() == 3, 40)


# --- content


@test
def a_damaged_blob_at_the_hub_is_fetched_from_the_next_source_and_reported(story):
    hub = story.hub
    layouts = os.path.join(FOLDER, "second-source")
    os.makedirs(layouts)
    agent = story.paired(hub, "damaged", content=[layouts])
    blob, rest = damage(story, hub, agent, "damaged", "text of the first layer " * 40, keep_in=layouts)
    quickly("the layer's content is at the site", lambda: os.path.exists(rest), 40)
    with open(rest, "rb") as file:
        expect(digest_of(file.read()) == blob, "what the agent keeps has another digest")
    problems = quickly("the agent tells which source was wrong", lambda: [
        p for p in agent.report().get("problems", []) if blob in p and "the hub" in p])
    expect(problems, f"the report says nothing of {blob}")


@test
def content_that_was_changed_on_its_way_is_thrown_away_and_the_site_says_which_and_from_where(story):
    hub = story.hub
    between = Between(hub, None, story.free_port())
    hub.make_namespace("changed")
    agent = between.agent = story.agent("machine-changed")
    agent.start(between.address(), hub.make_token("changed", "door", hostLabels={"store": "changed"}))
    make_site(hub, "changed", [layer("one", text="a")])
    quickly("the agent has its plan", lambda: agent.generation() == 1)
    first = blob_of(hub, "changed", 1)
    quickly("the agent has its content", lambda: os.path.exists(kept_blob(agent, first)))
    # The next layer's bytes are known before: the same text makes the same blob, in another namespace.
    hub.make_namespace("twin")
    hub.make("twin", "ClusterProfile", "clusterprofiles", "store",
             {"layers": [layer("one", text="b")]})
    digest = blob_of(hub, "twin", 1)
    with open(hub.blob(digest), "rb") as file:
        right = file.read()
    wrong = right[:-2] + bytes([right[-2] ^ 1]) + right[-1:]
    between.blobs[digest] = wrong
    hub.edit("changed", "clusterprofiles", "store", {"spec": {"layers": [layer("one", text="b")]}})
    condition = quickly("the hub's Site says which content is wrong and where it came from", lambda: (
        found := hub.condition("changed")) and digest in found.get("message", "") and "; the hub: " in found["message"] and found, 40)
    expect("it was thrown away" in condition["message"], f"the condition does not say what became of it: {condition['message']}")
    expect(not agent.files_with(wrong), "the wrong content is kept")
    expect(any(digest in problem for problem in agent.report()["problems"]), "`farholm-agent status` says nothing")
    between.blobs.clear()
    quickly("the right content is fetched once it comes", lambda: os.path.exists(kept_blob(agent, digest)), 60)


def blob_of(hub, namespace, revision):
    """The digest of the first layer's blob in this revision of the profile."""
    found = hub.must("GET", f"{GROUP}/namespaces/{namespace}/clusterprofilerevisions/store-{revision}")
    return found["spec"]["layers"][0]["blob"]


def kept_blob(agent, digest):
    digits = digest.split(":")[1]
    return os.path.join(agent.state, "content/blobs/sha256", digits[:2], digits)


def damage(story, hub, agent, namespace, text, keep_in):
    """Gives the site a layer whose blob is damaged at the hub, and right in the folder; gives the blob's digest and its place
    at the agent."""
    hub.make(namespace, "ClusterProfile", "clusterprofiles", "store", {"layers": [layer("one", text=text)]})
    digest = blob_of(hub, namespace, 1)
    source = hub.blob(digest)
    with open(source, "rb") as file:
        right = file.read()
    os.makedirs(os.path.join(keep_in, "blobs/sha256"), exist_ok=True)
    with open(os.path.join(keep_in, "blobs/sha256", digest.split(":")[1]), "wb") as file:
        file.write(right)
    with open(source, "r+b") as file:
        file.seek(len(right) // 2)
        file.write(bytes([right[len(right) // 2] ^ 1]))
    make_site(hub, namespace, [])
    quickly("the agent has its plan", lambda: agent.generation() == 1)
    return digest, kept_blob(agent, digest)


# --- a hub that dies


@test
def a_hub_killed_amid_writes_has_all_that_it_acknowledged_and_watches_miss_nothing(story):
    hub = story.another_hub("hub-killed").start()
    hub.make_namespace("writes")

    def mark(name):
        made = hub.must("POST", MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
        return int(made["metadata"]["resourceVersion"])
    created, counted = {}, {}
    informer = Informer(hub)
    for kill in range(4):
        writers = [Writer(hub, f"{kill}{number}") for number in range(8)]
        for writer in writers:
            writer.start()
        quickly("writes are under way", lambda: min(len(w.created) for w in writers) > 20 + 15 * kill, 60)
        hub.end(signal.SIGKILL)
        for writer in writers:
            writer.join(20)
            created.update(writer.created)
            counted[f"count-{writer.number}"] = writer.counted
        informer.watch.join(20)
        expect(informer.watch.error is None, f"the watch from {informer.revision} ended with {informer.watch.error}")
        informer.take()
        unseen = {n: r for n, r in created.items() if r <= informer.revision and informer.state.get(n) != r}
        expect(not unseen, f"the watch told of {informer.revision} and not of {list(unseen.items())[:5]}")
        hub.start()
        newest = mark(f"mark-{kill}")
        expect(newest > max(created.values()), f"a new object got revision {newest}, an older one has {max(created.values())}")
        informer.resume(hub, newest)
    listed = hub.must("GET", MAPS)
    there = {o["metadata"]["name"]: o for o in listed["items"]}
    revisions = {name: int(o["metadata"]["resourceVersion"]) for name, o in there.items()}
    lost = {n: r for n, r in created.items() if revisions.get(n) != r}
    expect(not lost, f"{len(lost)} of {len(created)} acknowledged objects are lost or have another revision: {list(lost.items())[:5]}")
    for name, (turn, revision) in counted.items():
        now = there[name]
        expect(int(now["data"]["turn"]) >= turn and revisions[name] >= revision,
               f"{name} was acknowledged as {turn} at {revision} and is {now['data']} at {revisions[name]}")
    expect(len(set(revisions.values())) == len(revisions), "two objects have one revision")
    expect(int(listed["metadata"]["resourceVersion"]) >= max(revisions.values()), "the list is older than what it holds")
    last = mark("last")
    quickly("the watch tells of the last object", lambda: informer.watch.tells_of(last))
    informer.take()
    differs = {n for n in {*informer.state, *revisions} - {"last"} if informer.state.get(n) != revisions.get(n)}
    expect(not differs, f"who lists and watches does not know the truth of {len(differs)} objects: {sorted(differs)[:5]}")
    say(f"{len(created)} creations and {sum(turn for turn, _ in counted.values())} counts were acknowledged; 4 kills; "
        f"{informer.lists} lists")


# --- secrets on the wire


@test
def a_sealed_secret_is_in_nothing_that_passes_between_a_host_and_its_hub(story):
    hub = story.hub
    between = Between(hub, None, story.free_port())
    hub.make_namespace("sealed")
    hub.must("POST", "/api/v1/namespaces/sealed/secrets", {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "card"}, "stringData": {"key": CANARY}})
    agent = between.agent = story.agent("machine-sealed")
    token = hub.make_token("sealed", "door", hostLabels={"store": "sealed"})
    agent.start(between.address(), token)
    make_site(hub, "sealed", [layer("one", card="${cardKey}", mark="${mark}")],
              [{"name": "cardKey", "type": "string", "sensitive": True, "required": True}, {"name": "mark", "type": "string"}],
              {"cardKey": {"secretRef": {"name": "card", "key": "key"}}, "mark": MARK})
    quickly("the agent has its plan", lambda: agent.generation() == 1)
    plan = json.loads(base64.b64decode(json.loads(agent.plan_file())["payload"]))
    envelopes = [d for sealed in plan["sealed"].values() for d in sealed["envelopes"].values()]
    expect(len(envelopes) == 1, f"one envelope was expected: {plan['sealed']}")
    quickly("the agent has the sealed value", lambda: os.path.exists(kept_blob(agent, envelopes[0])), 40)
    # The site's report, with the state of the layer that uses the value, has come to the hub.
    quickly("the hub has the report", lambda: hub.site("sealed")["status"]["plan"].get("accepted"), 40)
    link, all_streams = between.streams(LINK), between.streams()
    digest = digest_of(agent.plan_file())
    expect(found_in(link, digest), "the recording of the link does not have the plan's digest: it is no recording")
    expect(any(b'"sequence"' in stream for stream in link), "the recording of the link has no report")
    expect(found_in(all_streams, "BEGIN CERTIFICATE REQUEST"), "the recording does not have the pairing")
    with open(hub.blob(envelopes[0]), "rb") as file:
        sealed = file.read()
    expect(any(sealed in stream for stream in all_streams), "the recording does not have the sealed value")
    # What is not sealed is found by the same search: a value that is not sensitive travels in the plan.
    expect(found_in(all_streams, MARK), "the search does not find what was sent unsealed")
    expect(not found_in(all_streams, CANARY), "the secret was sent in the clear")
    expect(not found_in([agent.log().encode(), hub.log().encode()], CANARY), "a log holds the secret")

    # And the canary itself, in a variable that nobody said to seal.
    hub.edit("sealed", "sites", "site", {"spec": {"variables": {"mark": CANARY}}})
    quickly("the agent has the next plan", lambda: agent.generation() == 2, 40)
    expect(found_in(between.streams(), CANARY), "the search does not find the canary that was sent unsealed")


# --- requests


@test
def unknown_kinds_and_versions_are_404_as_kubernetes_says_it_and_large_bodies_413(story):
    hub = story.hub
    hub.make_namespace("asked")
    for path in ("/apis/farholm.dev/v1/namespaces/asked/sites", "/apis/example.com/v1/things", "/apis/farholm.dev/v2/sites"):
        answer = hub.get(path)
        expect((answer.status, answer.text) == (404, "404 page not found\n"), f"{path}: {answer.status} {answer.text}")
    for path in ("/api/v1/namespaces/asked/gadgets", f"{GROUP}/namespaces/asked/gadgets", f"{GROUP}/sites/one"):
        message = is_status(hub.get(path), 404, "NotFound")
        expect(message == "the server could not find the requested resource", f"{path}: {message}")
    wrong = {"apiVersion": "farholm.dev/v2", "kind": "Site", "metadata": {"name": "one"}, "spec": {}}
    is_status(hub.ask("POST", f"{GROUP}/namespaces/asked/sites", wrong), 400, "BadRequest")
    file = os.path.join(FOLDER, "unknown.yaml")
    with open(file, "w", encoding="utf-8") as out:
        json.dump(wrong, out)
    done = subprocess.run(["kubectl", "--kubeconfig", hub.kubeconfig(), "apply", "-f", file], capture_output=True, text=True, check=False)
    expect(done.returncode != 0 and "no matches for kind" in done.stderr, f"kubectl says: {done.stderr}")

    big = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"text": "x" * (4 << 20)}}
    is_status(hub.upload("/api/v1/namespaces/asked/configmaps", big), 413, "RequestEntityTooLarge")
    host = BareHost(hub.folder, "large")
    is_status(host.register(hub, inventory={"text": "x" * (300 << 10)}), 413, "RequestEntityTooLarge")
    # Declared and not sent: refused before a byte of it comes.
    connection = hub.connect()
    connection.putrequest("POST", "/api/v1/namespaces/asked/configmaps")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read()
    expect(answer.status == 413 and json.loads(text)["reason"] == "RequestEntityTooLarge", f"{answer.status} {text[:200]}")
    connection.close()
    expect(hub.get("/api/v1/namespaces/asked/configmaps/big").status == 404, "the large object was kept")


def main():
    in_a_world_of_our_own()
    wanted = [a for a in sys.argv[1:] if not a.startswith("-")]
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    failed = 0
    story = None
    try:
        story = Story()
        for function in TESTS:
            name = function.__name__.replace("_", " ")
            if wanted and not any(w in name for w in wanted):
                continue
            begin = time.monotonic()
            try:
                function(story)
                print(f"ok {name}", flush=True)
            except (Failed, OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError, ssl.SSLError) as failure:
                failed += 1
                print(f"not ok {name}: {str(failure) or repr(failure)}", flush=True)
            say(f"took {time.monotonic() - begin:.1f} s")
    except (Failed, OSError, subprocess.SubprocessError) as failure:
        failed += 1
        print(f"not ok getting ready: {failure}", flush=True)
    finally:
        if story:
            story.end()
        if not failed and "--keep" not in sys.argv:
            shutil.rmtree(FOLDER, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
