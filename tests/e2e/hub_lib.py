"""For tests of the hub against input that is bad: hubs and agents on ports of their own, and requests as they are on the wire.

Needs neither Docker nor Kubernetes: agents pair, are given plans and fetch content without them."""
import base64
import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time

from lib import BIN, Failed, expect, kubectl_program, run

GROUP = "/apis/farholm.dev/v1alpha1"


def in_a_world_of_our_own():
    """Starts this program again in network and process namespaces of its own: every port is free there (the site's registry
    has a fixed one), and whatever is started ends with the test."""
    if os.environ.get("FARHOLM_OWN_WORLD"):
        run(["ip", "link", "set", "lo", "up"])
        return
    os.environ["FARHOLM_OWN_WORLD"] = "1"
    os.execvp("unshare", ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, *sys.argv])


def openssl(*arguments, given=None):
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, timeout=30, check=False)
    expect(done.returncode == 0, f"openssl {arguments[0]}: {done.stderr.decode()}")
    return done.stdout


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    def json(self):
        return json.loads(self.text)


def is_status(answer, code, reason):
    """Expects a Kubernetes Status; gives its message."""
    body = answer.json()
    expect(answer.status == code and body.get("kind") == "Status" and body.get("apiVersion") == "v1"
           and body.get("status") == "Failure" and body.get("code") == code and body.get("reason") == reason
           and body.get("message"), f"not a Status {code} {reason}: {answer.status} {answer.text[:500]}")
    return body["message"]


class Hub:
    """A hub in a folder, with a root that was made apart from it."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.state = os.path.join(folder, "hub")
        self.keys = os.path.join(folder, "keys")
        self.process = None
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(self.keys):
            run([os.path.join(BIN, "farholm"), "root", "init", "--output", self.keys])

    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self, *extra):
        log = open(os.path.join(self.folder, "hub.log"), "a", encoding="utf-8")
        self.process = subprocess.Popen(
            [os.path.join(BIN, "farholm-hub"), "--state", self.state, "--listen", self.address(),
             "--root", f"{self.keys}/root.json", "--plan-key", f"{self.keys}/plan.key", "--pki-key", f"{self.keys}/pki.key",
             *extra], stdout=log, stderr=log)
        quickly("the hub answers", self.answers, 30)
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise Failed(f"the hub has ended: {self.log()[-1500:]}")
        return self.get("/readyz").status == 200

    def end(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)

    def log(self):
        with open(os.path.join(self.folder, "hub.log"), encoding="utf-8") as file:
            return file.read()

    # --- requests

    def kubeconfig(self):
        return os.path.join(self.state, "admin.kubeconfig")

    def context(self, admin=True):
        """TLS as an operator has it; the kubeconfig is a new one after every start."""
        with open(self.kubeconfig(), encoding="utf-8") as file:
            text = file.read()
        parts = {}
        for name in ("certificate-authority", "client-certificate", "client-key"):
            parts[name] = os.path.join(self.folder, f"admin-{threading.get_ident()}-{name}")
            with open(parts[name], "wb") as file:
                file.write(base64.b64decode(re.search(rf"\b{name}-data: (\S+)", text).group(1)))
        context = ssl.create_default_context(cafile=parts["certificate-authority"])
        if admin:
            context.load_cert_chain(parts["client-certificate"], parts["client-key"])
        return context

    def connect(self, admin=True, timeout=20):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context(admin), timeout=timeout)

    def ask(self, method, path, body=None, admin=True, kind="application/json"):
        connection = self.connect(admin)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": kind})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def get(self, path):
        return self.ask("GET", path)

    def upload(self, path, body):
        """Posts with curl, which (unlike http.client) hears an answer while it still sends."""
        self.context()
        parts = [os.path.join(self.folder, f"admin-{threading.get_ident()}-{name}")
                 for name in ("certificate-authority", "client-certificate", "client-key")]
        file = os.path.join(self.folder, "upload")
        with open(file, "w", encoding="utf-8") as out:
            json.dump(body, out)
        printed = run(["curl", "-sS", "--http1.1", "--cacert", parts[0], "--cert", parts[1], "--key", parts[2],
                       "-H", "Content-Type: application/json", "-H", "Expect:", "--data-binary", "@" + file,
                       "-w", "\n%{http_code}", f"https://{self.address()}{path}"]).stdout
        text, code = printed.rsplit("\n", 1)
        return Answer(int(code), {}, text)

    def must(self, method, path, body=None, **options):
        answer = self.ask(method, path, body, **options)
        expect(answer.status in (200, 201), f"{method} {path}: {answer.status} {answer.text[:800]}")
        return answer.json()

    def kubectl(self, *arguments, check=True):
        return run([kubectl_program(), "--kubeconfig", self.kubeconfig(), *arguments], check=check).stdout

    # --- objects

    def make_namespace(self, name):
        self.must("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def make(self, namespace, kind, plural, name, spec, **metadata):
        return self.must("POST", f"{GROUP}/namespaces/{namespace}/{plural}", {
            "apiVersion": "farholm.dev/v1alpha1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec})

    def make_token(self, namespace, name, **spec):
        """Gives the token's text."""
        self.make(namespace, "RegistrationToken", "registrationtokens", name, spec)
        secret = self.must("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}-token")
        return base64.b64decode(secret["data"]["token"]).decode()

    def edit(self, namespace, plural, name, patch):
        return self.must("PATCH", f"{GROUP}/namespaces/{namespace}/{plural}/{name}", patch, kind="application/merge-patch+json")

    def site(self, namespace, name="site"):
        return self.must("GET", f"{GROUP}/namespaces/{namespace}/sites/{name}")

    def condition(self, namespace, kind="Ready", name="site"):
        return next((c for c in self.site(namespace, name)["status"].get("conditions", []) if c["type"] == kind), {})

    def events(self):
        return self.must("GET", "/api/v1/events")["items"]

    def blob(self, digest):
        """The file of a blob in the hub's content folder."""
        hex_digits = digest.split(":")[1]
        for folder, _, names in os.walk(os.path.join(self.state, "content")):
            if hex_digits in names:
                return os.path.join(folder, hex_digits)
        raise Failed(f"the hub does not have {digest}")


class Agent:
    """An agent in a folder, on a machine without Docker."""

    def __init__(self, folder, machine):
        self.folder, self.machine = folder, machine
        self.state = os.path.join(folder, "agent")
        self.process = None
        os.makedirs(folder, exist_ok=True)

    def start(self, address=None, token=None, content=()):
        command = [os.path.join(BIN, "farholm-agent"), "run", "--state", self.state, "--machine-id", self.machine,
                   "--docker", "unix:/nonexistent/docker.sock"]
        if address:
            command += ["--hub", address]
        if token:
            file = os.path.join(self.folder, "token")
            with open(file, "w", encoding="utf-8") as out:
                out.write(token)
            command += ["--token-file", file]
        for folder in content:
            command += ["--content", folder]
        log = open(os.path.join(self.folder, "agent.log"), "a", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        return self

    def end(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)

    def log(self):
        with open(os.path.join(self.folder, "agent.log"), encoding="utf-8") as file:
            return file.read()

    def report(self):
        return json.loads(run([os.path.join(BIN, "farholm-agent"), "status", "--json", "--state", self.state]).stdout)

    def generation(self):
        return self.report().get("plan", {}).get("generation", 0)

    def plan_file(self):
        """The envelope, without the digest by which the agent tells that its disk has changed it."""
        with open(os.path.join(self.state, "plan.json"), "rb") as file:
            return file.read().split(b"\n# sha256:")[0]

    def files_with(self, needle, but=("agent.log",)):
        """The files that hold these bytes."""
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                if name in but or not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    if needle in file.read():
                        found.append(path)
        return found


def quickly(what, probe, seconds=20):
    """As eventually(), but looks often: what is waited for here takes milliseconds."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            last = probe()
            if last:
                return last
        except (OSError, ValueError, KeyError, IndexError, http.client.HTTPException) as error:
            last = error
        except Failed as error:
            if "has ended" in str(error):
                raise
            last = error
        time.sleep(0.05)
    raise Failed(f"{what} did not come true within {seconds} s; last: {last!r}")


# --- a host that is nothing but its requests


class BareHost:
    """The key of a host, and registrations made with it."""

    def __init__(self, folder, machine):
        self.machine = machine
        self.key = os.path.join(folder, f"{machine}.key")
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.key)
        self.request = openssl("req", "-new", "-key", self.key, "-subj", f"/CN={machine}").decode()
        sealing = os.urandom(32)
        message = os.path.join(folder, f"{machine}.message")
        with open(message, "wb") as file:
            file.write(b"farholm/v1/sealing-key\n" + sealing)
        self.sealing = base64.b64encode(sealing).decode()
        self.signature = base64.b64encode(
            openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in", message)).decode()

    def register(self, hub, token=None, **other):
        body = {"version": 1, "certificateRequest": self.request, "sealingKey": self.sealing, "sealingSignature": self.signature,
                "machineID": self.machine, **({"token": token} if token else {}), **other}
        return hub.ask("POST", "/pairing/v1/register", body, admin=False)


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()
