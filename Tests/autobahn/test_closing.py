"""The closing handshake (case group 7)."""

import pytest

from peer import CLOSE, CONTINUATION, PING, TEXT, close_payload, frame


def test_after_an_exchange_the_connection_closes_cleanly(peer):
    peer.send(frame(TEXT, b"Hello World!"))
    assert peer.receive() == (TEXT, b"Hello World!")
    peer.close_cleanly()


@pytest.mark.parametrize("late", [frame(CLOSE, close_payload(1000)), frame(PING), frame(TEXT, b"late")])
def test_what_follows_a_close_frame_is_passed_over(peer, late):
    peer.send(frame(CLOSE, close_payload(1000)), late)
    assert peer.receive() == (CLOSE, close_payload(1000))
    peer.expect_end()


def test_a_message_left_open_by_a_close_frame_is_dropped(peer):
    peer.send(frame(TEXT, b"fragment1", fin=False), frame(CLOSE, close_payload(1000)), frame(CONTINUATION, b"2"))
    assert peer.receive() == (CLOSE, close_payload(1000))
    peer.expect_end()


def test_the_answer_to_a_long_message_leaves_before_the_close_frame(peer):
    payload = b"BAsd7&jh23" * 26214
    peer.send(frame(TEXT, payload), frame(CLOSE, close_payload(1000)), frame(PING))
    assert peer.receive() == (TEXT, payload)
    assert peer.receive() == (CLOSE, close_payload(1000))
    peer.expect_end()


def test_an_empty_close_frame_is_answered_with_one(peer):
    peer.send(frame(CLOSE))
    assert peer.receive() == (CLOSE, b"")
    peer.expect_end()


def test_a_close_frame_of_one_byte_fails(peer):
    peer.send(frame(CLOSE, b"a"))
    peer.expect_close(1002)


@pytest.mark.parametrize("reason", [b"", b"Hello World!", b"*" * 123])
def test_a_close_reason_of_up_to_123_bytes_is_taken(peer, reason):
    peer.send(frame(CLOSE, close_payload(1000, reason)))
    assert peer.receive() == (CLOSE, close_payload(1000))
    peer.expect_end()


def test_a_close_reason_of_124_bytes_fails(peer):
    peer.send(frame(CLOSE, close_payload(1000, b"*" * 124)))
    peer.expect_close(1002)


def test_a_close_reason_that_is_not_utf8_fails(peer):
    peer.send(frame(CLOSE, close_payload(1000, "κόσμε".encode() + b"\xed\xa0\x80edited")))
    peer.expect_close(1007)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
def test_a_valid_close_code_is_answered_in_kind(peer, code):
    peer.close_cleanly(code)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_a_close_code_that_may_not_be_sent_fails(peer, code):
    peer.send(frame(CLOSE, close_payload(code)))
    peer.expect_close(1002)
