"""The real programs that hostile clients attack: a hub with paired hosts, a site's registry, an agent's local door.

Each has ports of its own choice and a folder that goes with it. A target tells how to connect, what its largest
answer is, and whether honest clients are served.
"""
import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

import hostile_bytes

DIAL_SECONDS = 20
BLOB_BYTES = 64 << 20   # of the content that is served


class NotThere(Exception):
    """A target that does not start; the text says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise NotThere(f"openssl {' '.join(arguments)}: {done.stderr.decode()[-300:]}")
    return done.stdout


def put_blob(content):
    """A large blob in a content store; its digest."""
    block = os.urandom(1 << 16)
    digest = hashlib.sha256()
    os.makedirs(content, exist_ok=True)
    with open(os.path.join(content, "writing"), "wb") as file:
        for _ in range(BLOB_BYTES // len(block)):
            file.write(block)
            digest.update(block)
    name = digest.hexdigest()
    os.makedirs(os.path.join(content, "blobs/sha256", name[:2]), exist_ok=True)
    os.rename(os.path.join(content, "writing"), os.path.join(content, "blobs/sha256", name[:2], name))
    return name


class Target:
    """A process and its folder."""
    post = "POST /"
    large = "/"
    body_bytes = 3 << 20   # the largest document that it reads

    def __init__(self, programs):
        self.programs = programs
        # Not in /tmp, which may be memory.
        self.folder = tempfile.mkdtemp(prefix="farholm-hostile-", dir="/var/tmp")
        self.process = None
        try:
            self.prepare()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self):
        return self.process.pid

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def prepare(self):
        """Makes what outlives a restart."""

    def run(self, *command):
        with open(self.path("log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def start(self):
        """A fresh process over the same folder, which answers when this returns."""
        self.stop()
        self.launch()
        end = time.monotonic() + 30
        while (problem := self.problem()) is not None:
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.path("log"), encoding="utf-8") as log:
                    raise NotThere(f"{type(self).__name__} does not serve: {problem}; {log.read()[-500:]}")
            time.sleep(0.02)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def launch(self):
        raise NotImplementedError

    def connect(self, how, index):
        """A connection as the kind of client wants it: how is a set of words."""
        raise NotImplementedError

    def problem(self):
        """Why an honest client is not served; None when it is."""
        raise NotImplementedError


def status_of(connection, path):
    """The status of a GET on a connected socket."""
    client = http.client.HTTPConnection("localhost")
    client.sock = connection
    client.request("GET", path, headers={"Connection": "close"})
    answer = client.getresponse()
    answer.read()
    return answer.status


class Hub(Target):
    """farholm-hub with as many paired hosts as there may be hostile ones, and one that is honest."""
    HOSTS = 64
    post = "POST /api/v1/namespaces/default/configmaps"
    HONEST = HOSTS

    def prepare(self):
        self.port = free_port()
        self.large = "/content/v1/blobs/sha256:" + put_blob(self.path("hub/content"))
        os.chmod(self.path("hub"), 0o700)
        self.launch()
        end = time.monotonic() + 30
        while True:
            try:
                self.read_kubeconfig()
                self.connect({"tls"}, 0).close()
                break
            except (OSError, AttributeError) as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    with open(self.path("log"), encoding="utf-8") as log:
                        raise NotThere(f"the hub did not start: {log.read()[-500:]}") from error
                time.sleep(0.02)
        self.pair_hosts()

    def launch(self):
        self.run(os.path.join(self.programs, "farholm-hub"), "--state", self.path("hub"), "--listen", f"127.0.0.1:{self.port}")

    def read_kubeconfig(self):
        with open(self.path("hub/admin.kubeconfig"), encoding="utf-8") as file:
            text = file.read()
        for name, file_name in (("client-certificate", "admin.crt"), ("client-key", "admin.key")):
            value = re.search(rf"\b{name}-data: (\S+)", text).group(1)
            with open(self.path(file_name), "wb") as file:
                file.write(base64.b64decode(value))

    def request(self, method, path, body=None, identity="admin"):
        connection = self.connect({"tls", identity}, self.HONEST)
        client = http.client.HTTPConnection("localhost")
        client.sock = connection
        client.request(method, path, body=None if body is None else json.dumps(body),
                       headers={"Connection": "close", "Content-Type": "application/json"})
        answer = client.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise NotThere(f"{method} {path}: {answer.status} {text[-300:]!r}")
        return json.loads(text) if text else None

    def registration(self, index, token=""):
        """What a host says to pair (docs/formats/pairing.md); its key and request are made once."""
        key, request = self.path(f"host{index}.key"), self.path(f"host{index}.csr")
        if not os.path.exists(key):
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
            openssl("req", "-new", "-key", key, "-subj", "/CN=host", "-out", request)
        sealing = hashlib.sha256(str(index).encode()).digest()
        signature = openssl("dgst", "-sha256", "-sign", key, data=b"farholm/v1/sealing-key\n" + sealing)
        with open(request, encoding="ascii") as file:
            return {"version": 1, "certificateRequest": file.read(), "sealingKey": base64.b64encode(sealing).decode(),
                    "sealingSignature": base64.b64encode(signature).decode(), "machineID": f"machine-{index}",
                    "agentVersion": "0.1.0", "token": token, "inventory": {}}

    def pair_hosts(self):
        self.request("POST", "/apis/farholm.dev/v1alpha1/namespaces/default/registrationtokens",
                     {"apiVersion": "farholm.dev/v1alpha1", "kind": "RegistrationToken", "metadata": {"name": "many"},
                      "spec": {"maxHosts": self.HOSTS + 1}})
        secret = self.request("GET", "/api/v1/namespaces/default/secrets/many-token")
        token = base64.b64decode(secret["data"]["token"]).decode()
        for index in range(self.HOSTS + 1):
            paired = self.request("POST", "/pairing/v1/register", self.registration(index, token), identity="")
            with open(self.path(f"host{index}.crt"), "w", encoding="ascii") as file:
                file.write(paired["certificate"])

    def connect(self, how, index):
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=DIAL_SECONDS)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if "tls" not in how:
            return raw
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if "admin" in how:
            context.load_cert_chain(self.path("admin.crt"), self.path("admin.key"))
        if "host" in how:
            index = 0 if "same" in how else index
            context.load_cert_chain(self.path(f"host{index}.crt"), self.path(f"host{index}.key"))
        if "h2" in how:
            context.set_alpn_protocols(["h2"])
        if "link" in how:
            context.set_alpn_protocols(["farholm-link/1"])
        return context.wrap_socket(raw)

    def problem(self):
        try:
            self.request("GET", "/api/v1/namespaces/default/configmaps")
            self.request("GET", "/pairing/v1/root", identity="")
            status = status_of(self.connect({"tls", "host"}, self.HONEST), "/content/v1/blobs/sha256:" + "0" * 64)
            if status != 404:
                return f"content that is not there: {status}"
            link = self.connect({"tls", "host", "link"}, self.HONEST)
            link.sendall(hostile_bytes.hello())
            said = link.recv(5)
            link.close()
            return None if said[4:5] == b"\x02" else f"the link says {said!r} instead of a welcome"
        except (OSError, ValueError, NotThere, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"


class Registry(Target):
    """The site's registry, as `farholm-agent registry`."""

    def prepare(self):
        self.port = free_port()
        digest = "sha256:" + put_blob(self.path("agent/content"))
        with open(self.path("agent/images.json"), "w", encoding="utf-8") as file:
            json.dump({"images": {"example.com/large:1": digest}, "blobs": [digest]}, file)
        self.large = "/v2/example.com/large/blobs/" + digest

    def launch(self):
        self.run(os.path.join(self.programs, "farholm-agent"), "registry", "--state", self.path("agent"), "--listen", f"127.0.0.1:{self.port}")

    def connect(self, how, index):
        return socket.create_connection(("127.0.0.1", self.port), timeout=DIAL_SECONDS)

    def problem(self):
        try:
            with self.connect(set(), 0) as connection:
                status = status_of(connection, "/v2/")
                return None if status == 200 else f"GET /v2/: {status}"
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"


class Control(Target):
    """An agent's local door; the agent has no plan, no hub and no Docker Engine."""
    post = "PUT /plan"
    large = "/status"
    body_bytes = 4 << 20

    def prepare(self):
        done = subprocess.run([os.path.join(self.programs, "farholm"), "root", "init", "--output", self.path("root")],
                              text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise NotThere(f"farholm root init: {done.stdout}{done.stderr}")
        os.makedirs(self.path("agent"), mode=0o700)

    def launch(self):
        self.run(os.path.join(self.programs, "farholm-agent"), "run", "--state", self.path("agent"), "--root", self.path("root/root.json"),
                 "--docker", "unix:" + self.path("no-docker.sock"))

    def connect(self, how, index):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(DIAL_SECONDS)
        connection.connect(self.path("agent/agent.sock"))
        return connection

    def problem(self):
        try:
            with self.connect(set(), 0) as connection:
                status = status_of(connection, "/status")
                return None if status == 200 else f"GET /status: {status}"
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
