#!/usr/bin/env python3
"""Every port of the real programs, against clients that mean harm: a hub's one TLS port with each of its protocols, a
site's registry, an agent's local door.

What is garbage is answered with an error or ends the connection. 64 clients that hold on, of each kind in KINDS, add at
most 16 MiB to the program's memory (PSS), and honest clients are served meanwhile. All kinds and their figures:
bench/hostile_clients_run. Free ports, no Docker, no root.
Prints `ok` or `not ok` and a name for each test.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "../../bench"))
import hostile_clients  # noqa: E402
import hostile_targets  # noqa: E402
from hostile_targets import Control, Hub, Registry  # noqa: E402
from lib import BIN, Failed, expect  # noqa: E402

CLIENTS = 64
HOLD_SECONDS = 0.7     # long enough for 64 clients to fill what they can; nothing is asserted about time
GIVE_UP_SECONDS = 60   # a connection that is still open then is not closed at all
GARBAGE = b"\x00\xff farholm \x80\x81\r\n\r\n" * 64

# Of every port the kinds that have cost most, or kept others out, before there were limits.
KINDS = {
    Hub: ["TLS: handshakes never finished", "anyone, HTTP/1.1: a head that stops", "anyone, HTTP/2: 100 large heads each",
          "anyone, HTTP/2: pings, answers not read", "anyone, HTTP/2: streams opened and reset",
          "operator, HTTP/1.1: large documents", "operator, HTTP/2: 100 bodies each, windows full",
          "pairing, HTTP/1.1: a body without end", "pairing, HTTP/1.1: large documents",
          "host, HTTP/1.1: answers not read", "host, HTTP/2: 100 answers each, not read",
          "link: garbage, no certificate", "link: garbage", "link: a hello never finished", "link: a hello never finished, one host",
          "link: a frame never finished", "link: a frame byte by byte", "link: garbage behind the hello", "link: pings, pongs not read",
          "link: frames of no known type", "link: hellos again and again", "link: reports that grow", "link: reports of many values"],
    Registry: ["garbage", "HTTP/1.1: a head byte by byte", "HTTP/1.1: answers not read", "HTTP/2: 100 bodies each, windows full",
               "HTTP/2: 100 answers each, not read"],
    Control: ["silence", "HTTP/1.1: a body of 3 MB", "HTTP/1.1: large documents", "HTTP/2: 100 bodies each, windows full",
              "HTTP/2: a full compression table", "HTTP/2: heads that cannot be decoded"],
}
# How garbage comes to the port.
WAYS = {
    Hub: {"as it is": "", "as HTTP/1.1": "tls", "as HTTP/2": "tls h2", "on the link without a certificate": "tls link",
          "on the link with a certificate": "tls link host"},
    Registry: {"as it is": ""},
    Control: {"as it is": ""},
}


def answer_to_garbage(target, how):
    """What is said to it until the connection ends."""
    said = b""
    try:
        with target.connect(set(how.split()), 0) as connection:
            connection.settimeout(GIVE_UP_SECONDS)
            connection.sendall(GARBAGE)
            while piece := connection.recv(65536):
                said += piece
    except TimeoutError as error:
        raise Failed(f"it was neither answered nor closed; it said {said[:200]!r}") from error
    except OSError:
        pass  # the connection was ended, not politely
    return said


def garbage_ends_the_connection(target, how):
    said = answer_to_garbage(target, how)
    if said.startswith(b"HTTP/"):
        expect(said.split(b" ")[1].startswith(b"4"), f"the answer is {said[:100]!r}")
    expect(target.problem() is None, f"afterwards an honest client is not served: {target.problem()}")


def costs_little(target, kind):
    outcome = hostile_clients.attack(target, kind, CLIENTS, HOLD_SECONDS)
    expect(not outcome.verdict(), f"{outcome.verdict()}: {outcome.growth / (1 << 20):.1f} MiB more than {outcome.before / (1 << 20):.1f} MiB")


def main():
    chosen, failed = sys.argv[1:], 0
    chosen = [word for word in chosen if not word.startswith("--")]

    def test(name, function, *arguments):
        nonlocal failed
        if chosen and not any(word in name for word in chosen):
            return
        try:
            function(*arguments)
            print(f"ok {name}", flush=True)
        except (Failed, OSError, hostile_targets.NotThere) as failure:
            failed += 1
            print(f"not ok {name}: {failure}", flush=True)

    for kind_of_target, names in KINDS.items():
        port = kind_of_target.__name__.lower()
        try:
            target = kind_of_target(BIN)
        except (OSError, hostile_targets.NotThere) as error:
            failed += 1
            print(f"not ok {port} starts: {error}", flush=True)
            continue
        try:
            target.start()
            for way, how in WAYS[kind_of_target].items():
                test(f"{port} ends who sends garbage {way}", garbage_ends_the_connection, target, how)
            kinds = {kind[0]: kind for kind in hostile_clients.KINDS[kind_of_target]}
            for name in names:
                # A verdict's line has one colon, behind the name.
                test(f"{port} bears 64 clients, {name.replace(': ', ', ')}", costs_little, target, kinds[name])
        except hostile_targets.NotThere as error:
            failed += 1
            print(f"not ok {port} starts: {error}", flush=True)
        finally:
            target.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
