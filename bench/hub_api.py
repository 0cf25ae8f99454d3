"""How many creates and gets a second the hub's API does, over HTTPS with an operator's certificate.

The clients are processes of their own, so that Python's lock does not bound what is measured: each has its share
of the connections and keeps one request under way on each. What bounds the figure is told: the hub's share of a
processor is measured as well.
"""
import base64
import multiprocessing
import os
import re
import selectors
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import procfs

MAP = "/api/v1/namespaces/default/configmaps"


class Hub:
    """A hub of the bench's own, on a free port, with its state in a folder that goes with it."""

    def __init__(self, program):
        # Not in /tmp, which may be memory: an acknowledged write is on a disk.
        self.folder = tempfile.mkdtemp(prefix="farholm-bench-", dir="/var/tmp")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        begin = time.monotonic()
        with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([program, "--state", os.path.join(self.folder, "hub"), "--listen",
                                             f"127.0.0.1:{self.port}"], stdout=log, stderr=log)
        self.kubeconfig = os.path.join(self.folder, "hub/admin.kubeconfig")
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - begin > 30:
                with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
                    text = log.read()
                self.close()
                raise RuntimeError(f"the hub did not start: {text}")
            time.sleep(0.005)
        self.started_after = time.monotonic() - begin

    def answers(self):
        try:
            self.credentials()
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except (OSError, AttributeError):
            return False

    def credentials(self):
        """Writes what the kubeconfig holds into files that ssl can load."""
        with open(self.kubeconfig, encoding="utf-8") as file:
            text = file.read()
        for name in ("certificate-authority", "client-certificate", "client-key"):
            value = re.search(rf"\b{name}-data: (\S+)", text).group(1)
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(base64.b64decode(value))

    def connect(self):
        context = ssl.create_default_context(cafile=os.path.join(self.folder, "certificate-authority"))
        context.load_cert_chain(os.path.join(self.folder, "client-certificate"), os.path.join(self.folder, "client-key"))
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(raw, server_hostname="127.0.0.1")

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder)


def answer(connection):
    """Reads one whole answer; gives its status."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise OSError("the hub closed the connection")
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    missing = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1)) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536))
    return int(head.split(b" ", 2)[1])


def create(name):
    body = (f'{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}},'
            f'"data":{{"store":"0042","text":"{"x" * 200}"}}}}')
    return (f"POST {MAP} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def get(name):
    return f"GET {MAP}/{name} HTTP/1.1\r\nHost: hub\r\nAccept: application/json\r\n\r\n".encode()


def client(hub, number, count, make, expected, ready, seconds, results):
    """One client process with its share of the connections."""
    connections = [hub.connect() for _ in range(count)]
    done = failed = 0
    with selectors.DefaultSelector() as waiting:
        for connection in connections:
            waiting.register(connection, selectors.EVENT_READ)
        ready.wait()
        begin = time.monotonic()
        for connection in connections:
            connection.sendall(make(number, done))
            done += 1
        done, sent = 0, done
        while time.monotonic() - begin < seconds:
            for key, _ in waiting.select(1):
                # An answer is one record or a few, all under way: reading it whole does not wait for other work.
                if answer(key.fileobj) == expected:
                    done += 1
                else:
                    failed += 1
                key.fileobj.sendall(make(number, sent))
                sent += 1
        results.put((done, failed, time.monotonic() - begin))


class Peak:
    """Watches a process's PSS from a thread."""

    def __init__(self, pid):
        self.pid, self.most, self.ended = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.ended.wait(0.2):
            self.most = max(self.most, procfs.pss(self.pid))

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.most


def load(hub, connections, make, expected, seconds):
    """Requests a second, and the processors that the hub used meanwhile."""
    workers = min(connections, max(1, (os.cpu_count() or 2) - 1))
    shares = [connections // workers + (1 if i < connections % workers else 0) for i in range(workers)]
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(workers + 1), context.Queue()
    processes = [context.Process(target=client, daemon=True, args=(hub, i, share, make, expected, ready, seconds, results))
                 for i, share in enumerate(shares)]
    for process in processes:
        process.start()
    ready.wait(timeout=60)
    before, begin = procfs.cpu_seconds(hub.process.pid), time.monotonic()
    rate = 0.0
    for _ in processes:
        done, failed, took = results.get(timeout=seconds + 60)
        if failed:
            raise RuntimeError(f"{failed} of {failed + done} requests were answered with another status than {expected}")
        rate += done / took
    used = (procfs.cpu_seconds(hub.process.pid) - before) / (time.monotonic() - begin)
    for process in processes:
        process.join()
    return rate, used


def measure(program, seconds):
    """Rows of the table: name, figure, target."""
    hub = Hub(program)
    rows = [("hub: start to first answer, empty state", f"{hub.started_after * 1000:.0f} ms", "")]
    try:
        time.sleep(1)
        rows.append(("hub: PSS idle, nothing in it", procfs.mib(procfs.pss(hub.process.pid)), ""))
        peak = Peak(hub.process.pid)
        try:
            for connections in (1, 64):
                # Names of one length: what differs between the runs is only how many.
                rate, used = load(hub, connections, lambda n, i, c=connections: create(f"c{c:02}-{n}-{i:08}"), 201, seconds)
                rows.append((f"hub: creates/s, {connections} connection{'s' * (connections > 1)}",
                             f"{rate:.0f} ({used * 100:.0f} % of a processor)", ""))
            for connections in (1, 64):
                rate, used = load(hub, connections, lambda n, i: get("c64-0-00000000"), 200, seconds)
                rows.append((f"hub: gets/s, {connections} connection{'s' * (connections > 1)}",
                             f"{rate:.0f} ({used * 100:.0f} % of a processor)", ""))
        finally:
            most = peak.stop()
        database = sum(os.path.getsize(os.path.join(hub.folder, "hub", n)) for n in os.listdir(os.path.join(hub.folder, "hub"))
                       if n.startswith("hub.db"))
        rows.append(("hub: PSS at peak of the above", procfs.mib(most), ""))
        rows.append(("hub: database after the above", procfs.mib(database), ""))
        rows.append(("hub: the client of the above", f"{max(1, (os.cpu_count() or 2) - 1)} Python processes, HTTP/1.1 over TLS 1.3, "
                     "client certificate, one request under way a connection, ConfigMaps of 220 bytes", ""))
    finally:
        hub.close()
    return rows
