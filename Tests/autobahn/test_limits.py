"""Long messages (case group 9), up to the 16 MiB that the echo target takes."""

import pytest

from peer import BINARY, CONTINUATION, TEXT, frame

MIB = 1 << 20


def contents(opcode, size):
    return b"*" * size if opcode == TEXT else b"\x00\xfe" * (size // 2)


@pytest.mark.parametrize("size", [MIB // 16, MIB // 4, MIB, 4 * MIB, 8 * MIB, 16 * MIB])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_long_message_in_one_frame_is_echoed(peer, opcode, size):
    payload = contents(opcode, size)
    peer.send(frame(opcode, payload))
    assert peer.receive() == (opcode, payload)
    peer.close_cleanly()


@pytest.mark.parametrize("size", [64, 1024, 16384, MIB])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_mebibyte_in_fragments_is_echoed(peer, opcode, size):
    payload = contents(opcode, MIB)
    parts = [payload[at : at + size] for at in range(0, MIB, size)]
    last = len(parts) - 1
    data = b"".join(frame(opcode if i == 0 else CONTINUATION, p, fin=i == last) for i, p in enumerate(parts))
    peer.send(data)
    assert peer.receive() == (opcode, payload)
    peer.close_cleanly()


@pytest.mark.parametrize("chop", [64, 256, 1024])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_mebibyte_in_small_packets_is_echoed(peer, opcode, chop):
    payload = contents(opcode, MIB)
    peer.send_chopped(frame(opcode, payload), chop)
    assert peer.receive() == (opcode, payload)
    peer.close_cleanly()


@pytest.mark.parametrize("size", [0, 16, 64, 256, 1024])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_thousand_messages_one_after_another_are_echoed(peer, opcode, size):
    payload = contents(opcode, size)
    for _ in range(1000):
        peer.send(frame(opcode, payload))
        assert peer.receive() == (opcode, payload)
    peer.close_cleanly()
