"""Somebody who stands between a host and its hub, has the keys of both, reads what passes and may change it; and the search for
a text in what has passed."""
import base64
import json
import os
import re
import select
import socket
import ssl
import struct
import threading

from hub_lib import openssl

LINK = "farholm-link/1"
WANT = 3  # the type of the frame that names a plan (docs/formats/link.md)


class Between:
    """Takes the hub's place for a host, with a certificate that the hub's own authority issued, and the host's place for the
    hub, with the host's key: so it reads, and may change, everything that passes. What passes is kept in `passed`."""

    def __init__(self, hub, agent, port):
        self.hub, self.agent, self.port = hub, agent, port
        self.passed = []  # [who sent it, what is spoken, bytes], one entry a direction of a connection
        self.blobs = {}  # digest → the bytes that are handed to the host in the place of the hub's
        self.wants = None  # the digest of the plan that the host is told to take, whatever the hub says
        self.lock = threading.Lock()
        folder = os.path.join(hub.folder, f"between-{port}")
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*self.certificate())
        self.context.load_verify_locations(os.path.join(hub.state, "ca.pem"))
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.set_alpn_protocols([LINK, "http/1.1"])
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def address(self):
        return f"127.0.0.1:{self.port}"

    def certificate(self):
        key, request, chain, names = (os.path.join(self.folder, n) for n in ("key", "request", "chain", "names"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-out", request, "-subj", "/CN=farholm-hub")
        with open(names, "w", encoding="utf-8") as file:
            file.write("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n")
        ca = os.path.join(self.hub.state, "ca")
        openssl("x509", "-req", "-in", request, "-CA", ca + ".pem", "-CAkey", ca + ".key", "-set_serial",
                str(int.from_bytes(os.urandom(8), "big") | 1), "-days", "2", "-extfile", names, "-out", chain)
        with open(ca + ".pem", encoding="utf-8") as file, open(chain, "a", encoding="utf-8") as out:
            out.write(file.read())
        return chain, key

    def close(self):
        self.listener.close()

    def serve(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.stand_between, args=(raw,), daemon=True).start()

    def stand_between(self, raw):
        try:
            host = self.context.wrap_socket(raw, server_side=True)
            hub = self.dial(host)
        except (OSError, ValueError, KeyError):
            raw.close()
            return
        try:
            self.relay(host, hub, host.selected_alpn_protocol() or "http/1.1")
        except (OSError, ValueError):
            pass
        host.close()
        hub.close()

    def dial(self, host):
        context = ssl.create_default_context(cafile=os.path.join(self.hub.state, "ca.pem"))
        context.set_alpn_protocols([host.selected_alpn_protocol() or "http/1.1"])
        der = host.getpeercert(binary_form=True)
        if der:
            with open(os.path.join(self.agent.state, "identity.json"), encoding="utf-8") as file:
                key = json.loads(file.read().split("\n# sha256:")[0])["key"]
            with self.lock:
                path = os.path.join(self.folder, "host.pem")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(ssl.DER_cert_to_PEM_cert(der) + key)
                context.load_cert_chain(path)
        raw = socket.create_connection(("127.0.0.1", self.hub.port), timeout=20)
        raw.settimeout(None)
        return context.wrap_socket(raw, server_hostname="127.0.0.1")

    def relay(self, host, hub, spoken):
        """One thread a connection: two may not use one TLS connection at once."""
        change = self.change_wants() if spoken == LINK else bytes
        sides = {host: (hub, "host", bytearray()), hub: (host, "hub", bytearray())}
        for side, (_, sender, record) in sides.items():
            self.passed.append((sender, spoken, record))
            side.setblocking(False)
        while True:
            for source in select.select(list(sides), [], [])[0]:
                sink, sender, record = sides[source]
                while True:
                    try:
                        piece = source.recv(65536)
                    except ssl.SSLWantReadError:
                        break
                    if not piece:
                        return
                    answer = self.answer_of_our_own(piece) if sender == "host" and spoken != LINK else None
                    if answer is None:
                        piece = change(piece) if sender == "hub" else piece
                        record += piece
                        self.send(sink, piece)
                    else:
                        self.send(source, answer)

    @staticmethod
    def send(sink, piece):
        sink.setblocking(True)
        sink.sendall(piece)
        sink.setblocking(False)

    def answer_of_our_own(self, request):
        """The agent sends a request whole and waits for its answer, so a piece is a request."""
        found = re.match(rb"GET /content/v1/blobs/(\S+) ", request)
        content = self.blobs.get(found.group(1).decode()) if found else None
        if content is None:
            return None
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % len(content) + content

    def change_wants(self):
        """Of one connection: passes frames on, with another plan in those that name one."""
        rest = bytearray()

        def change(piece):
            nonlocal rest
            rest += piece
            out = bytearray()
            while len(rest) >= 4 and len(rest) >= 4 + (size := struct.unpack(">I", rest[:4])[0]):
                kind, body, rest = rest[4], rest[5:4 + size], rest[4 + size:]
                if kind == WANT and self.wants:
                    body = json.dumps({**json.loads(body), "plan": self.wants}).encode()
                out += struct.pack(">IB", len(body) + 1, kind) + body
            return bytes(out)
        return change

    def streams(self, spoken=None):
        return [bytes(record) for _, what, record in list(self.passed) if spoken in (None, what)]


def forms(text):
    """How a text may stand in what passes: as it is, in base64 (at each of the three places in a group), in hexadecimal, and
    each of these once more in base64, since payloads travel in envelopes."""
    def in_base64(plain):
        for shift in range(3):
            letters = base64.b64encode(bytes(shift) + plain)
            # The first and last groups depend on what is beside.
            yield letters[(shift * 8 + 5) // 6:(shift + len(plain)) * 8 // 6]
    plain = text.encode()
    once = [plain, plain.hex().encode(), *in_base64(plain), base64.urlsafe_b64encode(plain).rstrip(b"=")[:-1]]
    return set(once) | {letters for form in once for letters in in_base64(form)}


def found_in(streams, text):
    return any(form in stream for stream in streams for form in forms(text))
