"""What hostile clients send: generators of bytes, one function a kind of hostility, without any network."""
import json
import os
import ssl

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# The most that a frame of the control link may say that it is long (docs/formats/link.md).
LINK_FRAME_BYTES_MAX = 256 << 10
HELLO, STATUS, PING, UNKNOWN = 1, 4, 6, 99


def forever(first, rest):
    """first, then rest again and again."""
    if first:
        yield first
    while True:
        yield rest


def silence(_):
    yield b""


def garbage(_):
    block = os.urandom(1 << 16)
    return forever(block, block)


# --- HTTP/1.1 -------------------------------------------------------------------------------------------------

def h1_head(_):
    return forever(b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-Never: " + b"x" * 500 + b"\r\n")


def h1_head_held(_):
    """A head just short of its limit, held open."""
    yield b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"X-Never: " + b"x" * 500 + b"\r\n") * 126


def h1_slow(_):
    """A byte at a time, whenever the sender comes round to it."""
    for byte in b"GET / HTTP/1.1\r\nHost: a\r\nX-Never: ":
        yield bytes([byte])
    while True:
        yield b"x"


def h1_body(target):
    """A body without end, where the port takes bodies."""
    return forever(f"{target.post} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode(), b"8000\r\n" + b"x" * 0x8000 + b"\r\n")


def h1_announced_body(target):
    return forever(f"{target.post} HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n".encode(), b"x" * 16384)


def h1_large_json(target):
    """As large a document as the port reads, of as many small objects as fit, again and again."""
    body = b"[" + b",".join([b'{"a":{}}'] * (target.body_bytes // 9 - 1)) + b"]"
    return forever(b"", f"{target.post} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def h1_unread(target):
    """Requests for the largest thing that the port has, whose answers nobody reads."""
    return forever(b"", f"GET {target.large} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 100)


# --- HTTP/2 ---------------------------------------------------------------------------------------------------

def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name_index, value):
    """A header field with an indexed name and a plain value (RFC 7541 §6.2.2); both below 127."""
    return bytes([name_index, len(value)]) + value


METHOD_GET, METHOD_POST, SCHEME = b"\x82", b"\x83", b"\x84"
GET = METHOD_GET + b"\x86" + SCHEME + b"\x41\x01a"   # :method GET, :scheme http, :path /, :authority a
POST = METHOD_POST + b"\x86" + SCHEME + b"\x41\x01a"
SETTINGS = frame(4, 0, 0)
WIDE_WINDOW = frame(8, 0, 0, (0x7F000000).to_bytes(4, "big"))
OPENING = PREFACE + SETTINGS


def get_of(path):
    """The fields of GET path; its length takes one byte or two (RFC 7541 §5.1)."""
    raw = path.encode()
    length = bytes([len(raw)]) if len(raw) < 127 else bytes([127, len(raw) - 127])
    return METHOD_GET + b"\x87" + b"\x04" + length + raw + b"\x41\x01a"


def h2_body(target):
    """Bodies on all streams that are allowed: what the windows take, and no more."""
    method, path = target.post.split()
    post = (METHOD_POST if method == "POST" else b"\x02\x03PUT") + get_of(path)[1:]
    yield OPENING + frame(8, 0, 0, (0).to_bytes(3, "big") + b"\x01")
    for stream in range(1, 200, 2):
        yield frame(1, 4, stream, post)
    while True:
        for stream in range(1, 200, 2):
            yield frame(0, 0, stream, b"x" * 600)


def h2_heads_held(_):
    """As many large heads as are allowed, their requests never finished."""
    yield OPENING
    for stream in range(1, 200, 2):
        field = b"\x00\x01x\x7f" + bytes([((8000 - 127) & 0x7F) | 0x80, (8000 - 127) >> 7]) + b"y" * 8000
        yield frame(1, 4, stream, POST + field)


def h2_head(_):
    return forever(OPENING + frame(1, 0, 1, GET), frame(9, 0, 1, b"\x00\x01x\x01y" * 2000))


def h2_rapid_reset(_):
    yield OPENING
    for stream in range(1, 2**31, 2):
        yield frame(1, 5, stream, GET) + frame(3, 0, stream, b"\0\0\0\x08")


def h2_settings(_):
    return forever(OPENING, SETTINGS * 500)


def h2_ping(_):
    return forever(OPENING, frame(6, 0, 0, b"farholm!") * 500)


def h2_hpack_table(_):
    """Fields that go into the dynamic table, again and again."""
    yield OPENING
    for stream in range(1, 2**31, 2):
        yield frame(1, 5, stream, GET + b"\x40\x01z\x7f" + bytes([((4000 - 127) & 0x7F) | 0x80, (4000 - 127) >> 7]) + b"q" * 4000)


def h2_undecodable(_):
    """Heads that end in the middle of a field: each ends its connection, and much comes behind it."""
    return forever(OPENING, frame(1, 5, 1, GET + b"\x40\x01z\x7f\x81\x1e" + b"q" * 3000))


def h2_unread(target):
    """The largest thing on every stream, the windows wide open, and nobody who reads."""
    # SETTINGS_INITIAL_WINDOW_SIZE as large as it can be.
    yield PREFACE + frame(4, 0, 0, b"\x00\x04\x7f\xff\xff\xff") + WIDE_WINDOW
    fields = get_of(target.large)
    for stream in range(1, 200, 2):
        yield frame(1, 5, stream, fields)


# --- TLS ------------------------------------------------------------------------------------------------------

def tls_unfinished(_):
    """A handshake record that says it is long and does not end."""
    yield b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03" + os.urandom(8000)


def tls_hello_only(_):
    """A whole ClientHello, and nothing after it: the server has done its arithmetic and waits."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client = context.wrap_bio(incoming, outgoing)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    yield outgoing.read()


# --- the control link -----------------------------------------------------------------------------------------

def link_frame(kind, body):
    return (len(body) + 1).to_bytes(4, "big") + bytes([kind]) + body


def hello():
    return link_frame(HELLO, b'{"version":1,"agent":"0.1.0","status":""}')


def link_length(_):
    """A frame that says it is longer than any may be."""
    return forever(b"\x7f\xff\xff\xff\x01", b"x" * 16384)


def link_unfinished(_):
    """The largest frame that is allowed, but for its last byte, before any hello."""
    yield LINK_FRAME_BYTES_MAX.to_bytes(4, "big") + b"\x01" + b" " * (LINK_FRAME_BYTES_MAX - 2)


def link_unfinished_later(_):
    """The same behind an honest hello."""
    yield hello()
    yield LINK_FRAME_BYTES_MAX.to_bytes(4, "big") + bytes([STATUS]) + b" " * (LINK_FRAME_BYTES_MAX - 2)


def link_slow(_):
    yield hello()
    yield LINK_FRAME_BYTES_MAX.to_bytes(4, "big")
    while True:
        yield b" "


def link_garbage(_):
    return forever(hello(), os.urandom(1 << 16))


def link_pings(_):
    """Pings whose pongs nobody reads."""
    return forever(hello(), link_frame(PING, b"{}") * 1000)


def link_unknown(_):
    """Frames of a type that nobody knows, which are passed over."""
    return forever(hello(), link_frame(UNKNOWN, b'{"x":"' + b"y" * 200_000 + b'"}'))


def link_hellos(_):
    return forever(hello(), hello() * 1000)


def link_reports(_):
    """A report that grows with every frame, as far as it may."""
    yield hello()
    sequence = 0
    while True:
        sequence += 1
        body = {"sequence": sequence, "patch": {f"k{sequence:06}-{i}": {"a": {}} for i in range(4000)}}
        if sequence > 1:
            # No digest that the hub has: it is asked to take it as a whole again and again.
            body["patch"]["again"] = sequence
        yield link_frame(STATUS, json.dumps(body, separators=(",", ":")).encode())


def link_large_json(_):
    """The largest frames, of as many small values as fit."""
    body = b'{"sequence":1,"patch":{"a":[' + b",".join([b"{}"] * 19_900) + b"]}}"
    return forever(hello(), link_frame(STATUS, body))
