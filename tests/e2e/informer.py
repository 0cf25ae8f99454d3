"""Clients of the hub's API for tests in which it dies: one that writes and remembers what was acknowledged, and one that lists and
watches. Both use the ConfigMaps of the namespace `writes`."""
import http.client
import json
import threading

from hub_lib import quickly
from lib import Failed, expect

MAPS = "/api/v1/namespaces/writes/configmaps"


class Writer(threading.Thread):
    """Creates objects one after another, and counts one up; remembers what was acknowledged."""

    def __init__(self, hub, number):
        super().__init__(daemon=True)
        self.connection, self.number = hub.connect(), number
        self.created, self.counted = {}, (0, 0)  # name → revision; the last count and its revision

    def run(self):
        try:
            for turn in range(1, 100_000):
                name = f"w{self.number}-{turn}"
                self.created[name] = self.write("POST", MAPS, name, turn)
                method, where = ("POST", MAPS) if turn == 1 else ("PUT", f"{MAPS}/count-{self.number}")
                self.counted = turn, self.write(method, where, f"count-{self.number}", turn)
        except (OSError, http.client.HTTPException, ValueError, Failed):
            self.connection.close()

    def write(self, method, path, name, turn):
        body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"turn": str(turn)}})
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        expect(answer.status in (200, 201), f"{method} {path}: {answer.status} {text[:200]}")
        return int(json.loads(text)["metadata"]["resourceVersion"])


class Watch(threading.Thread):
    """Watches the ConfigMaps from a revision on, until the hub is gone; keeps what it was told."""

    def __init__(self, hub, revision):
        super().__init__(daemon=True)
        self.seen, self.error = [], None
        self.connection = hub.connect(timeout=10)
        self.connection.request("GET", f"{MAPS}?watch=true&resourceVersion={revision}")
        self.answer = self.connection.getresponse()
        self.start()

    def run(self):
        try:
            while line := self.answer.readline():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    self.error = event["object"]
                    return
                meta = event["object"]["metadata"]
                self.seen.append((int(meta["resourceVersion"]), event["type"], meta["name"]))
        except (OSError, http.client.HTTPException, ValueError):
            pass

    def tells_of(self, revision):
        return self.error or (self.seen and self.seen[-1][0] >= revision)


class Informer:
    """What a client knows that lists once and then watches, as client-go's reflector does: it goes on from the last revision,
    and lists again only where it is told that this one is too old."""

    def __init__(self, hub):
        self.state, self.revision, self.lists = {}, 0, 0
        self.list(hub)
        self.watch = Watch(hub, self.revision)

    def list(self, hub):
        listed = hub.must("GET", MAPS)
        self.state = {o["metadata"]["name"]: int(o["metadata"]["resourceVersion"]) for o in listed["items"]}
        self.revision = int(listed["metadata"]["resourceVersion"])
        self.lists += 1

    def take(self):
        """Takes over what the watch told, which has to be newer and newer."""
        for revision, kind, name in self.watch.seen:
            expect(revision > self.revision, f"the watch told of {name} at {revision} after {self.revision}")
            expect((kind == "ADDED") == (name not in self.state), f"{name} was {kind}, and the client knew {self.state.get(name)}")
            self.state[name] = self.revision = revision

    def resume(self, hub, mark):
        self.watch = Watch(hub, self.revision)
        quickly("the watch goes on, or says why not", lambda: self.watch.tells_of(mark))
        if self.watch.error:
            expect((self.watch.error.get("code"), self.watch.error.get("reason")) == (410, "Expired"), f"{self.watch.error}")
            self.list(hub)
            self.watch = Watch(hub, self.revision)
