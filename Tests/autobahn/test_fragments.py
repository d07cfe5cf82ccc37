"""Fragmentation (case group 5, and 10: one long message in many small frames)."""

import pytest

from peer import BINARY, CONTINUATION, PING, PONG, TEXT, frame


@pytest.mark.parametrize("opcode", [PING, PONG])
def test_a_fragmented_control_frame_fails(peer, opcode):
    peer.send(frame(opcode, b"fragment1", fin=False), frame(CONTINUATION, b"fragment2"))
    peer.expect_close(1002)


@pytest.mark.parametrize("chop", [None, 1])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_two_fragments_make_a_message(peer, opcode, chop):
    data = frame(opcode, b"fragment1", fin=False) + frame(CONTINUATION, b"fragment2")
    peer.send_chopped(data, chop or len(data))
    assert peer.receive() == (opcode, b"fragment1fragment2")
    peer.close_cleanly()


@pytest.mark.parametrize("chop", [None, 1])
def test_a_ping_between_fragments_is_answered_before_the_message(peer, chop):
    data = frame(TEXT, b"fragment1", fin=False) + frame(PING, b"ping") + frame(CONTINUATION, b"fragment2")
    peer.send_chopped(data, chop or len(data))
    assert peer.receive() == (PONG, b"ping")
    assert peer.receive() == (TEXT, b"fragment1fragment2")
    peer.close_cleanly()


@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("chop", [None, 1])
def test_a_continuation_of_nothing_fails(peer, fin, chop):
    data = frame(CONTINUATION, b"non-continuation payload", fin=fin) + frame(TEXT, b"Hello, world!")
    peer.send_chopped(data, chop or len(data))
    peer.expect_close(1002)


def test_a_continuation_behind_a_whole_message_fails(peer):
    peer.send(frame(TEXT, b"whole"), frame(CONTINUATION, b"what for?", fin=False))
    assert peer.receive() == (TEXT, b"whole")
    peer.expect_close(1002)


def test_a_message_inside_another_fails(peer):
    peer.send(frame(TEXT, b"fragment1", fin=False), frame(TEXT, b"fragment2"))
    peer.expect_close(1002)


def test_five_fragments_with_pings_between_them_make_a_message(peer):
    peer.send(
        frame(TEXT, b"1", fin=False),
        frame(CONTINUATION, b"2", fin=False),
        frame(PING, b"one"),
        frame(CONTINUATION, b"3", fin=False),
        frame(CONTINUATION, b"4", fin=False),
        frame(PING, b"two"),
        frame(CONTINUATION, b"5"),
    )
    assert [peer.receive() for _ in range(3)] == [(PONG, b"one"), (PONG, b"two"), (TEXT, b"12345")]
    peer.close_cleanly()


def test_empty_fragments_make_an_empty_message(peer):
    peer.send(frame(TEXT, fin=False), frame(CONTINUATION, fin=False), frame(CONTINUATION))
    assert peer.receive() == (TEXT, b"")
    peer.send(frame(TEXT, fin=False), frame(CONTINUATION, b"middle", fin=False), frame(CONTINUATION))
    assert peer.receive() == (TEXT, b"middle")
    peer.close_cleanly()


@pytest.mark.parametrize("size", [64, 256, 1024, 4096])
def test_64_kib_in_small_frames_make_a_message(peer, size):
    payload = b"*" * 65536
    parts = [payload[at : at + size] for at in range(0, len(payload), size)]
    frames = [frame(TEXT if i == 0 else CONTINUATION, p, fin=i == len(parts) - 1) for i, p in enumerate(parts)]
    peer.send(*frames)
    assert peer.receive() == (TEXT, payload)
    peer.close_cleanly()
