"""The cases: what a person does with kubectl. Each is a function of a Session; what it runs is recorded."""
import datetime
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
STORE = os.path.join(HERE, "testdata", "store.yaml")


def _ready_status(session):
    site = json.loads(session.quiet("get", "site", "store-0042", "-n", "retail", "-o", "json"))
    site["status"] = {"conditions": [{"type": "Ready", "status": "True", "reason": "Healthy", "message": "All layers are healthy.",
                                      "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1}]}
    session.quiet("replace", "--raw", "/apis/farholm.dev/v1alpha1/namespaces/retail/sites/store-0042/status", "-f", "-",
                  stdin=json.dumps(site))


def discovery(s):
    s.run("api-resources")
    s.run("api-versions")
    s.run("get", "--raw", "/healthz")
    s.run("get", "crd")
    s.run("wait", "--for=condition=Established", "crd/sites.farholm.dev")


def explain(s):
    s.run("explain", "site")
    s.run("explain", "site.spec.profile")
    s.run("explain", "cprof.spec.layers.listeners")
    s.run("explain", "secret.data")
    s.run("explain", "site.spec.nothing")


def apply(s):
    s.run("apply", "-f", STORE)
    s.run("apply", "-f", STORE)
    s.run("apply", "-f", STORE, "--dry-run=server")
    s.run("diff", "-f", STORE)


def get(s):
    s.quiet("apply", "-f", STORE)
    s.run("get", "sites", "-n", "retail")
    s.run("get", "sites", "-A", "-o", "wide")
    s.run("get", "site/store-0042", "-n", "retail", "-o", "yaml")
    s.run("get", "site", "store-0042", "-n", "retail", "-o", "json")
    s.run("get", "cprof,site,edgehost,registrationtoken", "-n", "retail")
    s.run("get", "sites", "-A", "-l", "region=north", "-o", "name")
    s.run("get", "sites", "-A", "-l", "region!=north")
    s.run("get", "sites", "-A", "--field-selector", "metadata.name=store-0042", "-o", "name")
    s.run("get", "sites", "-A", "--field-selector", "spec.nothing=1")
    s.run("get", "sites", "-A", "-o", "jsonpath={.items[*].spec.nodes}")
    s.run("get", "ns", "--sort-by=.metadata.name")
    s.run("get", "site", "nothing", "-n", "retail")
    s.run("get", "widgets")


def describe(s):
    s.quiet("apply", "-f", STORE)
    site = json.loads(s.quiet("get", "site", "store-0042", "-n", "retail", "-o", "json"))
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    s.quiet("create", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "store-0042.1", "namespace": "retail"},
        "involvedObject": {"apiVersion": "farholm.dev/v1alpha1", "kind": "Site", "namespace": "retail", "name": "store-0042",
                           "uid": site["metadata"]["uid"]},
        "type": "Warning", "reason": "PlanRefused", "message": "The site refused the plan.",
        "source": {"component": "farholm-hub"}, "firstTimestamp": now, "lastTimestamp": now, "count": 1}))
    s.run("describe", "site", "store-0042", "-n", "retail")
    s.run("describe", "ns", "retail")
    s.run("get", "events", "-n", "retail")


def create(s):
    s.run("create", "namespace", "other")
    s.run("create", "namespace", "other")
    s.run("create", "secret", "generic", "card", "--from-literal=key=canary", "-n", "other")
    s.run("create", "configmap", "settings", "--from-literal=a=1", "-n", "other")
    s.run("create", "serviceaccount", "robot", "-n", "other")
    s.run("get", "secrets,cm,sa", "-n", "other")
    s.run("describe", "secret", "card", "-n", "other")
    s.run("create", "configmap", "settings", "-n", "nowhere")
    s.run("create", "-f", STORE, "--dry-run=client", "-o", "name")


def edit(s):
    s.quiet("apply", "-f", STORE)
    s.run("edit", "site", "store-0042", "-n", "retail", editor="sed -i 's/workers: 2/workers: 1/'")
    s.run("edit", "site", "store-0042", "-n", "retail", editor="true")
    s.run("get", "site", "store-0042", "-n", "retail", "-o", "jsonpath={.spec.nodes.workers} {.metadata.generation}")


def patch(s):
    s.quiet("apply", "-f", STORE)
    s.run("patch", "site", "store-0042", "-n", "retail", "--type=merge", "-p", '{"spec":{"nodes":{"workers":1}}}')
    s.run("patch", "site", "store-0042", "-n", "retail", "--type=merge", "-p", '{"spec":{"nodes":{"workers":1}}}')
    s.run("patch", "site", "store-0042", "-n", "retail", "--type=json", "-p", '[{"op":"replace","path":"/spec/paused","value":true}]')
    s.run("patch", "site", "store-0042", "-n", "retail", "--type=json", "-p", '[{"op":"test","path":"/spec/paused","value":false}]')
    s.run("patch", "site", "store-0042", "-n", "retail", "-p", '{"spec":{"paused":false}}')
    s.run("patch", "site", "store-0042", "-n", "retail", "--type=merge", "-p", '{"spec":{"nodes":{"workers":"many"}}}')
    s.quiet("create", "configmap", "settings", "-n", "retail", "--from-literal=a=1")
    s.run("patch", "configmap", "settings", "-n", "retail", "-p", '{"data":{"b":"2","a":null}}')
    s.run("get", "configmap", "settings", "-n", "retail", "-o", "jsonpath={.data}")


def label(s):
    s.quiet("apply", "-f", STORE)
    s.run("label", "site", "store-0042", "-n", "retail", "size=small")
    s.run("label", "site", "store-0042", "-n", "retail", "size=large")
    s.run("label", "site", "store-0042", "-n", "retail", "size=large", "--overwrite")
    s.run("label", "site", "store-0042", "-n", "retail", "size-")
    s.run("annotate", "site", "store-0042", "-n", "retail", "note=hello")
    s.run("label", "site", "store-0042", "-n", "retail", "bad=-")
    s.run("get", "sites", "-n", "retail", "--show-labels")


def invalid(s):
    s.quiet("create", "namespace", "retail")
    for name in ("invalid_type", "invalid_many", "unknown_field", "unknown_kind", "unknown_version", "missing_required"):
        s.run("apply", "-f", os.path.join(HERE, "testdata", name + ".yaml"))
    s.run("apply", "--validate=false", "-f", os.path.join(HERE, "testdata", "invalid_many.yaml"))
    s.run("apply", "--validate=false", "-f", os.path.join(HERE, "testdata", "unknown_field.yaml"))


def watch(s):
    s.quiet("apply", "-f", STORE)
    with s.background("get", "sites", "-n", "retail", "-w") as watching:
        watching.wait_for_line("store-0042")
        _ready_status(s)
        watching.wait_for_line("True")
        s.quiet("delete", "site", "store-0042", "-n", "retail")
        watching.wait_for_lines(4)


def wait(s):
    s.quiet("apply", "-f", STORE)
    with s.background("wait", "--for=condition=Ready", "site/store-0042", "-n", "retail", "--timeout=60s") as waiting:
        _ready_status(s)
        waiting.finish()
    s.run("wait", "--for=condition=Ready", "site/store-0042", "-n", "retail", "--timeout=60s")
    s.run("get", "sites", "-n", "retail")


def replace(s):
    s.quiet("apply", "-f", STORE)
    stale = s.quiet("get", "site", "store-0042", "-n", "retail", "-o", "json")
    s.quiet("label", "site", "store-0042", "-n", "retail", "a=b")
    s.run("replace", "-f", "-", stdin=stale, shown="replace -f <stale>")


def delete(s):
    s.quiet("apply", "-f", STORE)
    s.run("delete", "site", "store-0042", "-n", "retail", "--dry-run=server")
    s.run("delete", "site", "store-0042", "-n", "retail")
    s.run("delete", "site", "store-0042", "-n", "retail")
    s.run("delete", "site", "store-0042", "-n", "retail", "--ignore-not-found")
    s.run("delete", "cprof", "--all", "-n", "retail")
    s.run("delete", "namespace", "retail")
    s.run("get", "namespace", "retail")
    s.run("delete", "namespace", "default")


def access(s):
    s.run("auth", "can-i", "create", "sites")
    s.run("auth", "can-i", "create", "sites", config="nobody.kubeconfig")
    s.run("get", "sites", "-n", "retail", config="nobody.kubeconfig")
    s.run("get", "sites", "-A", config="nobody.kubeconfig")
    s.run("get", "sites", "--token=wrong", config="nobody.kubeconfig")


ALL = [discovery, explain, apply, get, describe, create, edit, patch, label, invalid, watch, wait, replace, delete, access]
