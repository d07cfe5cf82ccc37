"""UTF-8 in text messages (case group 6)."""

import pytest

from peer import CONTINUATION, TEXT, frame

KOSME = "κόσμε".encode()

VALID = [
    b"Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
    KOSME,
    b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80",
    b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf",
    b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd",
    b"\xef\xbf\xbe", b"\xf0\x9f\xbf\xbe", b"\xf0\xaf\xbf\xbf", b"\xf3\xbf\xbf\xbf",
]

INVALID = [
    KOSME + b"\xed\xa0\x80edited",
    b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xf7\xbf\xbf\xbf",
    b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf", b"\xf4\x90\x80\x80",
    b"\x80", b"\xbf", b"\x80\xbf", b"\x80\xbf\x80\xbf\x80\xbf", bytes(range(0x80, 0xC0)),
    b" ".join(bytes([lead]) for lead in range(0xC0, 0xE0)),
    b" ".join(bytes([lead]) for lead in range(0xE0, 0xF0)),
    b" ".join(bytes([lead]) for lead in range(0xF0, 0xF8)),
    b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xdf", b"\xef\xbf", b"\xf7\xbf\xbf",
    b"\xfe", b"\xff", b"\xfe\xfe\xff\xff",
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf", b"\xfc\x80\x80\x80\x80\xaf",
    b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xc0\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80",
    b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf", b"\xed\xb0\x80", b"\xed\xbe\x80",
    b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xed\xaf\xbf\xed\xbf\xbf",
]

# The longest beginnings of "κόσμε" that end inside a character, and those that do not.
CUT = [(KOSME[:count], KOSME[:count].decode(errors="ignore").encode() == KOSME[:count]) for count in range(1, 12)]


def ways(payload):
    """One frame; two fragments; a fragment a byte; one frame byte by byte."""
    middle = len(payload) // 2
    parts = [payload[at : at + 1] for at in range(len(payload))]
    last = len(parts) - 1
    return {
        "whole": [frame(TEXT, payload)],
        "halves": [frame(TEXT, payload[:middle], fin=False), frame(CONTINUATION, payload[middle:])],
        "bytes": [frame(TEXT if i == 0 else CONTINUATION, p, fin=i == last) for i, p in enumerate(parts)],
        "drip": [bytes([byte]) for byte in frame(TEXT, payload)],
    }


@pytest.mark.parametrize("way", ["whole", "halves", "bytes", "drip"])
@pytest.mark.parametrize("payload", VALID)
def test_valid_text_is_echoed_however_it_is_cut(peer, payload, way):
    for part in ways(payload)[way]:
        peer.send(part)
    assert peer.receive() == (TEXT, payload)
    peer.close_cleanly()


@pytest.mark.parametrize("way", ["whole", "halves", "bytes", "drip"])
@pytest.mark.parametrize("payload", INVALID)
def test_invalid_text_fails_however_it_is_cut(peer, payload, way):
    try:
        for part in ways(payload)[way]:
            peer.send(part)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it failed before the end was sent
    peer.expect_close(1007)


@pytest.mark.parametrize("payload, whole", CUT)
def test_text_may_end_only_between_characters(peer, payload, whole):
    peer.send(frame(TEXT, payload))
    if whole:
        assert peer.receive() == (TEXT, payload)
        peer.close_cleanly()
    else:
        peer.expect_close(1007)


def test_a_wrong_byte_fails_before_the_message_has_ended(peer):
    peer.send(frame(TEXT, KOSME + b"\xf4\x90", fin=False))
    peer.expect_close(1007)


def test_a_wrong_byte_fails_before_its_frame_has_ended(peer):
    data = frame(TEXT, KOSME + b"\xf4\x90\x80\x80" + b"edited")
    peer.send(data[:-8])
    peer.expect_close(1007)
