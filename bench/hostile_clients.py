"""Hostile clients against a real program: who they are, and what they cost it while they hold on."""
import ssl
import time

import hostile_bytes as say
import hostile_targets
import procfs
from hostile_targets import NotThere  # noqa: F401 — what attack_all raises

CLIENTS = 64
LIMIT_BYTES = 16 << 20
READ, QUIET = True, False
TLS, LINK = "tls", "tls link host"

# What they do, how they connect, what they send, whether they read what is said to them.
HTTP1 = [
    ("HTTP/1.1: a head without end", "", say.h1_head, QUIET),
    ("HTTP/1.1: a head that stops", "", say.h1_head_held, QUIET),
    ("HTTP/1.1: a head byte by byte", "", say.h1_slow, QUIET),
    ("HTTP/1.1: a body without end", "", say.h1_body, QUIET),
    ("HTTP/1.1: a body of 3 MB", "", say.h1_announced_body, QUIET),
    ("HTTP/1.1: large documents", "", say.h1_large_json, READ),
    ("HTTP/1.1: answers not read", "", say.h1_unread, QUIET),
]
HTTP2 = [
    ("HTTP/2: 100 bodies each, windows full", "h2", say.h2_body, READ),
    ("HTTP/2: 100 large heads each", "h2", say.h2_heads_held, READ),
    ("HTTP/2: a head without end", "h2", say.h2_head, READ),
    ("HTTP/2: streams opened and reset", "h2", say.h2_rapid_reset, READ),
    ("HTTP/2: settings, answers not read", "h2", say.h2_settings, QUIET),
    ("HTTP/2: pings, answers not read", "h2", say.h2_ping, QUIET),
    ("HTTP/2: a full compression table", "h2", say.h2_hpack_table, READ),
    ("HTTP/2: heads that cannot be decoded", "h2", say.h2_undecodable, READ),
    ("HTTP/2: 100 answers each, not read", "h2", say.h2_unread, QUIET),
]
PLAIN = [("garbage", "", say.garbage, QUIET), ("silence", "", say.silence, QUIET)]


def over(words, kinds):
    """The same kinds by another way to connect."""
    return [(name, f"{words} {how}".strip(), make, reads) for name, how, make, reads in kinds]


def titled(title, kinds):
    return [(f"{title}, {name}", how, make, reads) for name, how, make, reads in kinds]


HUB = (
    [("TLS: a handshake record without end", "", say.tls_unfinished, QUIET),
     ("TLS: handshakes never finished", "", say.tls_hello_only, QUIET),
     ("garbage instead of TLS", "", say.garbage, QUIET), ("silence", "", say.silence, QUIET)]
    + titled("anyone", over(TLS, PLAIN + HTTP1 + HTTP2))
    + titled("operator", over("tls admin", [kind for kind in HTTP1 + HTTP2 if kind[2] not in (say.h1_unread, say.h2_unread)]))
    + titled("host", over("tls host", [kind for kind in HTTP1 + HTTP2 if kind[2] in (say.h1_unread, say.h2_unread)]))
    + [("link: garbage, no certificate", "tls link", say.garbage, QUIET), ("link: silence, no certificate", "tls link", say.silence, QUIET)]
    + [(f"link: {name}", LINK, make, reads) for name, make, reads in [
        ("garbage", say.garbage, QUIET), ("silence", say.silence, QUIET),
        ("a frame of 2 GB", say.link_length, QUIET), ("a hello never finished", say.link_unfinished, QUIET),
        ("a hello never finished, one host", say.link_unfinished, QUIET),
        ("a frame never finished", say.link_unfinished_later, READ), ("a frame byte by byte", say.link_slow, READ),
        ("garbage behind the hello", say.link_garbage, READ), ("pings, pongs not read", say.link_pings, QUIET),
        ("frames of no known type", say.link_unknown, READ), ("hellos again and again", say.link_hellos, READ),
        ("reports that grow", say.link_reports, READ), ("reports of many values", say.link_large_json, READ)]])
HUB = [(name, how + (" same" if "one host" in name else ""), make, reads) for name, how, make, reads in HUB]


def pairing(kinds):
    """The kinds with a body, against the hub's pairing, which asks for no certificate."""
    return [(name.replace("anyone", "pairing"), how + " pairing", make, reads) for name, how, make, reads in kinds
            if name.startswith("anyone") and make in (say.h1_body, say.h1_announced_body, say.h1_large_json, say.h1_unread, say.h2_body, say.h2_unread)]


class Pairing:
    """The hub as its pairing's clients see it."""
    post, large, body_bytes = "POST /pairing/v1/register", "/pairing/v1/root", 256 << 10


KINDS = {
    hostile_targets.Hub: HUB + pairing(HUB),
    hostile_targets.Registry: PLAIN + HTTP1 + HTTP2,
    hostile_targets.Control: PLAIN + HTTP1 + HTTP2,
}


class Client:
    """One hostile client; sends whenever the server takes something, and dials again when it is thrown out."""

    def __init__(self, target, kind, index):
        self.target, self.index = target, index
        _, self.how, self.make, self.reads = kind
        self.how = set(self.how.split())
        self.asks = Pairing if "pairing" in self.how else target
        self.connection, self.sent, self.dialled, self.heard = None, 0, 0, b""
        self.bytes, self.left = iter(()), b""
        self.dial()

    def dial(self):
        self.close()
        self.dialled += 1
        try:
            self.connection = self.target.connect(self.how, self.index)
            self.connection.setblocking(False)
            self.bytes, self.left = self.make(self.asks), b""
        except OSError:
            self.connection = None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def step(self, again=True):
        """True when it could do something. Thrown out, it dials again, or not."""
        if self.connection is None:
            if again:
                self.dial()
            return False
        moved = False
        try:
            if self.reads:
                try:
                    piece = self.connection.recv(65536)
                    if not piece:
                        self.close()
                        return False
                    self.heard = (self.heard + piece)[:4096]
                    moved = True
                except (BlockingIOError, ssl.SSLWantReadError):
                    pass
            if not self.left:
                self.left = next(self.bytes, b"")
            if self.left:
                count = self.connection.send(self.left)
                self.left = self.left[count:]
                self.sent += count
                moved = True
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self.close()
        return moved


class Outcome:
    """What an attack did."""

    def __init__(self, name):
        self.name, self.before, self.peak, self.after, self.sent, self.dialled = name, 0, 0, 0, 0, 0
        self.problem = ""

    @property
    def growth(self):
        return self.peak - self.before

    def verdict(self):
        return self.problem or ("TOO MUCH" if self.growth > LIMIT_BYTES else "")


def attack(target, kind, clients=CLIENTS, seconds=1.0):
    """A fresh process, its hostile clients for so long, and whether honest ones are served meanwhile."""
    outcome = Outcome(kind[0])
    target.start()
    target.problem()
    outcome.before = outcome.peak = procfs.pss(target.pid)
    hostile = [Client(target, kind, index) for index in range(clients)]
    end, measured = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        moved = [client.step() for client in hostile]
        if time.monotonic() - measured > 0.05:
            measured = time.monotonic()
            if target.process.poll() is not None:
                outcome.problem = f"ENDED with status {target.process.returncode}"
                return outcome
            outcome.peak = max(outcome.peak, procfs.pss(target.pid))
        if not any(moved):
            time.sleep(0.005)
    # Before they are asked: an honest client takes a while, in which nobody feeds the hostile ones.
    outcome.peak = max(outcome.peak, procfs.pss(target.pid))
    problem = target.problem()
    outcome.peak = max(outcome.peak, procfs.pss(target.pid))
    outcome.problem = "" if problem is None else f"NOT SERVED: {problem}"
    outcome.sent, outcome.dialled = sum(client.sent for client in hostile), sum(client.dialled for client in hostile)
    for client in hostile:
        client.close()
    time.sleep(0.3)
    outcome.after = procfs.pss(target.pid)
    return outcome


def attack_all(programs, clients=CLIENTS, seconds=1.0, target="", only="", tell=None):
    """Every kind against every program: pairs of the program's name and the outcomes."""
    for kind_of_target, kinds in KINDS.items():
        name = kind_of_target.__name__.lower()
        chosen = [kind for kind in kinds if only in kind[0]]
        if target not in name or not chosen:
            continue
        there = kind_of_target(programs)
        try:
            outcomes = []
            for kind in chosen:
                outcomes.append(attack(there, kind, clients, seconds))
                if tell:
                    tell(name, outcomes[-1])
            yield name, outcomes
        finally:
            there.close()
