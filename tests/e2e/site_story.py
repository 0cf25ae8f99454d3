"""The site of site_test.py, and what its tests know of it: its profile as it stands, its plans, what runs."""
import json
import os
import re

from lib import BIN, KUBERNETES, ROOT, Docker, Site, eventually, expect, http, run, say

FOLDER = os.environ.get("FARHOLM_E2E_FOLDER", "/var/tmp/farholm-e2e")
CANARY = "canary-9f3b1c77aa42e5"
SETTLE = 900  # generous: what is slow here is the machine


class Story:
    """The site and what the tests know of it."""

    def __init__(self):
        self.site = Site(FOLDER)
        self.docker = Docker()
        self.digests = {}
        self.generation = 0
        self.till = open(os.path.join(ROOT, "demo/profile/till/till.yaml"), encoding="utf-8").read()
        self.variables = {"storeNumber": "0042"}
        self.layers = ["kubernetes", "network", "storage", "monitoring", "till"]
        self.extra = ""
        self.second_listener = None  # a NodePort that port 8081 leads to
        self.till_seconds = None     # till's progressDeadlineSeconds
        self.plan_file = None

    def write(self, name, text):
        with open(self.site.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.site.path(name)

    def prepare(self):
        site = self.site
        say("making images (the first time takes 10 to 20 minutes, later a few seconds)")
        kubernetes = run([os.path.join(ROOT, "images/build"), "--version", KUBERNETES], timeout=3600).stdout.strip().splitlines()[-1]
        addons = site.path("addons")
        run([os.path.join(ROOT, "images/addons/build"), "--output", addons], timeout=3600)
        site.make_root()
        profile = os.path.join(ROOT, "demo/profile")
        say("signing bundles")
        self.digests = site.make_bundles({
            "kubernetes": (kubernetes, None),
            "flannel": (os.path.join(addons, "flannel"), os.path.join(profile, "network")),
            "local-path": (os.path.join(addons, "local-path"), os.path.join(profile, "storage")),
            "node-exporter": (os.path.join(addons, "node-exporter"), os.path.join(profile, "monitoring")),
            "till": (os.path.join(addons, "till"), None)})
        self.write("hosts.yaml", run([os.path.join(BIN, "farholm-agent"), "identity", "--state", site.path("state"),
                                      "--name", "edge-1", "--machine-id", site.machine_id]).stdout)
        self.write("card", CANARY)

    def profile(self):
        till = self.write("till.yaml", self.till)
        text = run([os.path.join(ROOT, "demo/profile/compose"), *(f"{n}={d}" for n, d in self.digests.items()
                                                                if n in ("flannel", "local-path", "node-exporter")),
                    "--till", till, "--kubernetes", KUBERNETES]).stdout
        if self.second_listener:
            text = text.replace("      nodePort: 30080\n",
                                f"      nodePort: 30080\n    - {{name: second, port: 8081, nodePort: {self.second_listener}}}\n", 1)
        if self.till_seconds:
            text = text.replace("\n  - name: till\n", f"\n  - name: till\n    progressDeadlineSeconds: {self.till_seconds}\n", 1)
        document = text + self.extra
        if "monitoring" not in self.layers:
            document = re.sub(r"  - name: monitoring\n(?:    .*\n|  {4,}.*\n)*", "", document)
        return self.write("profile.yaml", document)

    def site_file(self):
        text = open(os.path.join(ROOT, "demo/profile/site.yaml"), encoding="utf-8").read()
        return self.write("site.yaml", text.replace('storeNumber: "0042"', f'storeNumber: "{self.variables["storeNumber"]}"'))

    def next_plan(self):
        """Signs the next plan; gives its file."""
        output = self.site.path(f"plan-{self.generation + 1}.signed")
        self.site.plan(self.profile(), self.site_file(), output, previous=self.plan_file,
                       secrets=[f"store-0042/card={self.site.path('card')}"])
        return output

    def change(self):
        """Makes the next plan, has the agent follow it; gives what `farholm diff` had said before."""
        plan = self.next_plan()
        effects = self.site.diff(self.plan_file, plan)
        self.offer(plan)
        return effects

    def offer(self, plan):
        run([os.path.join(BIN, "farholm-agent"), "offer", plan, "--state", self.site.path("state")])
        self.plan_file = plan
        self.generation += 1
        self.site.wait_settled(SETTLE, self.generation)

    def snapshot(self):
        pods = self.site.pods()
        return {"containers": self.site.containers(),
                "network": {k: v for k, v in pods.items() if k.startswith("kube-flannel/")},
                "storage": {k: v for k, v in pods.items() if k.startswith("local-path-storage/")},
                "monitoring": {k: v for k, v in pods.items() if k.startswith("monitoring/")},
                "till": {k: v for k, v in pods.items() if k.startswith("till/")}}

    def unchanged(self, before, after, *parts):
        for part in parts:
            expect(before[part] == after[part], f"{part} should have stayed as it was: {before[part]} became {after[part]}")

    def sell(self, item):
        eventually(f"till takes the sale of {item}",
                   lambda: http("/sales", "POST", json.dumps({"item": item, "cents": 250}).encode()) is not None, 120)

    def sold(self):
        return {sale["item"] for sale in json.loads(http("/sales"))["sales"]} if "sales" in http("/sales") else set(
            re.findall(r'"item":\s*"([^"]+)"', http("/sales")))
