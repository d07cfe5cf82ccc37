"""Framing, pings and pongs, reserved bits, reserved opcodes (case groups 1 to 4)."""

import pytest

from peer import BINARY, PING, PONG, TEXT, frame

SIZES = [0, 125, 126, 127, 128, 65535, 65536]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_of_any_length_form_is_echoed(peer, opcode, size):
    payload = b"*" * size if opcode == TEXT else b"\xfe" * size
    peer.send(frame(opcode, payload))
    assert peer.receive() == (opcode, payload)
    peer.close_cleanly()


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_that_comes_in_packets_of_997_bytes_is_echoed(peer, opcode):
    payload = b"*" * 65536
    peer.send_chopped(frame(opcode, payload), 997)
    assert peer.receive() == (opcode, payload)
    peer.close_cleanly()


@pytest.mark.parametrize("payload", [b"", b"Hello, world!", bytes([0, 255, 254, 253, 252, 251, 0, 255]), b"\xfe" * 125])
def test_a_ping_is_answered_with_its_payload(peer, payload):
    peer.send(frame(PING, payload))
    assert peer.receive() == (PONG, payload)
    peer.close_cleanly()


def test_a_ping_that_comes_byte_by_byte_is_answered(peer):
    peer.send_chopped(frame(PING, b"\xfe" * 125), 1)
    assert peer.receive() == (PONG, b"\xfe" * 125)


def test_a_ping_of_126_bytes_fails(peer):
    peer.send(frame(PING, b"\xfe" * 126))
    peer.expect_close(1002)


@pytest.mark.parametrize("payload", [b"", b"unsolicited pong payload"])
def test_an_unsolicited_pong_is_passed_over(peer, payload):
    peer.send(frame(PONG, payload), frame(PING, b"ping payload"))
    assert peer.receive() == (PONG, b"ping payload")
    peer.close_cleanly()


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_ten_pings_have_ten_pongs_in_order(peer, size):
    pings = [frame(PING, b"payload-%d" % number) for number in range(10)]
    if size:
        peer.send_chopped(b"".join(pings), size)
    else:
        peer.send(*pings)
    assert [peer.receive() for _ in range(10)] == [(PONG, b"payload-%d" % number) for number in range(10)]
    peer.close_cleanly()


@pytest.mark.parametrize("rsv", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING])
def test_reserved_bits_without_meaning_fail(peer, opcode, rsv):
    peer.send(frame(TEXT, b"first"), frame(opcode, b"Hello", rsv=rsv), frame(PING))
    assert peer.receive() == (TEXT, b"first")
    peer.expect_close(1002)


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", [b"", b"reserved opcode payload"])
def test_reserved_opcodes_fail_before_anything_behind_them(peer, opcode, payload):
    peer.send(frame(TEXT, b"first"), frame(opcode, payload), frame(PING))
    assert peer.receive() == (TEXT, b"first")
    peer.expect_close(1002)


def test_an_unmasked_frame_fails(peer):
    peer.send(frame(TEXT, b"Hello", masked=False))
    peer.expect_close(1002)
