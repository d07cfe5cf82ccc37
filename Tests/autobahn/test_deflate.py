"""permessage-deflate (case groups 12 and 13)."""

import json
import random

import pytest

from peer import BINARY, CONTINUATION, PING, PONG, TEXT, deflate, frame

BOTH = "server_no_context_takeover; client_no_context_takeover"

OFFERS = [
    ("permessage-deflate", 15),
    ("permessage-deflate; client_max_window_bits", 15),
    ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", 15),
    ("permessage-deflate; server_max_window_bits=9", 9),
    ("permessage-deflate; server_max_window_bits=15", 15),
    ("permessage-deflate; server_no_context_takeover; server_max_window_bits=9", 9),
    ("permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=12", 12),
]


def contents(kind, size):
    """Text that compresses, JSON of sets, or noise."""
    source = random.Random(f"{kind} {size}")
    if kind == "prose":
        words = ["squat", "bench", "press", "row", "Übung", "κόσμε", "repeat", "rest", "and", "then"]
        text = " ".join(source.choice(words) for _ in range(size // 4 + 1)).encode()
        return TEXT, text[:size].decode(errors="ignore").encode()
    if kind == "json":
        sets = [{"id": i, "weightKg": source.randrange(400) / 2, "reps": source.randrange(20)} for i in range(size // 40)]
        return TEXT, json.dumps(sets).encode()
    return BINARY, source.randbytes(size)


@pytest.mark.parametrize("offer, bits", OFFERS)
@pytest.mark.parametrize("kind", ["prose", "json", "noise"])
@pytest.mark.parametrize("size", [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072])
def test_compressed_messages_are_echoed(connect, offer, bits, kind, size):
    peer = connect(offer)
    window = "" if "server_max_window_bits" not in offer else f"; server_max_window_bits={bits}"
    assert peer.extensions == f"permessage-deflate; {BOTH}{window}"
    opcode, payload = contents(kind, size)
    for _ in range(20):
        peer.send(frame(opcode, deflate(payload), rsv=4))
        assert peer.receive() == (opcode, payload)
    peer.close_cleanly()


@pytest.mark.parametrize("size", [1, 100, 5000])
def test_compressed_fragments_with_pings_between_them_are_echoed(connect, size):
    peer = connect("permessage-deflate")
    opcode, payload = contents("prose", 65536)
    data = deflate(payload)
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        peer.send(frame(opcode if index == 0 else CONTINUATION, part, fin=last, rsv=0 if index else 4))
        if index == 2:
            peer.send(frame(PING, b"between"))
            assert peer.receive() == (PONG, b"between")
    assert peer.receive() == (opcode, payload)
    peer.close_cleanly()


def test_uncompressed_messages_are_echoed_where_compression_is_agreed(connect):
    peer = connect("permessage-deflate")
    for payload in [b"", b"short", b"x" * 70000]:
        peer.send(frame(TEXT, payload))
        assert peer.receive() == (TEXT, payload)
    peer.close_cleanly()


@pytest.mark.parametrize("bits", range(9, 16))
@pytest.mark.parametrize("level", [0, 1, 9])
def test_any_window_and_level_of_the_client_is_read(connect, bits, level):
    peer = connect("permessage-deflate; client_max_window_bits")
    opcode, payload = contents("prose", 50000)
    peer.send(frame(opcode, deflate(payload, bits, level), rsv=4))
    assert peer.receive() == (opcode, payload)
    peer.close_cleanly()


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; nonsense",
        "permessage-snappy",
    ],
)
def test_an_offer_that_makes_no_sense_is_passed_over(connect, offer):
    peer = connect(offer)
    assert peer.extensions is None
    peer.send(frame(TEXT, b"plain"))
    assert peer.receive() == (TEXT, b"plain")
    peer.close_cleanly()


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\xf2\x48\xcd", b"", b"\x07" + b"\xff" * 50])
def test_bad_compressed_data_fails(connect, data):
    peer = connect("permessage-deflate")
    peer.send(frame(TEXT, data, rsv=4))
    peer.expect_close(1007)


def test_text_that_is_not_utf8_after_inflation_fails(connect):
    peer = connect("permessage-deflate")
    peer.send(frame(TEXT, deflate(b"fine so far \xed\xa0\x80"), rsv=4))
    peer.expect_close(1007)


def test_a_bomb_fails(connect):
    peer = connect("permessage-deflate")
    peer.send(frame(TEXT, deflate(b"x" * (64 << 20)), rsv=4))
    peer.expect_close(1009)
