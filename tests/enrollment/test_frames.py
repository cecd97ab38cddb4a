"""What a child says is read whole or not at all, whatever it says."""

import socket
import time

import pytest

from enrollment.frames import LENGTHS, MAX_BODY, MAX_HEAD, receive, send


def said(data: bytes) -> object:
    """What is read of these bytes when nothing comes after them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        return receive(ours)


def frame(text: bytes, body: bytes = b"") -> bytes:
    return LENGTHS.pack(len(text), len(body)) + text + body


def test_what_is_sent_arrives() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(theirs, {"done": {"detail": 120}}, b"pixels")
        theirs.shutdown(socket.SHUT_WR)
        assert receive(ours, time.monotonic() + 5) == ({"done": {"detail": 120}}, bytearray(b"pixels"))


NO_ANSWERS = {
    "nothing": b"",
    "cut off": frame(b"{}", b"pixels")[:-1],
    "more": frame(b"{}", b"pixels") + b"x",
    "half a length": LENGTHS.pack(2, 0)[:-1],
    "long head": LENGTHS.pack(MAX_HEAD + 1, 0),
    "long body": LENGTHS.pack(2, MAX_BODY + 1) + b"{}",
    "list": frame(b"[]"),
    "torn": frame(b"{"),
    "no text": frame(b"\xff\xfe"),
    "deep": frame(b"[" * 100_000 + b"]" * 100_000),
}


@pytest.mark.parametrize("data", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_anything_else_is_no_answer(data: bytes) -> None:
    assert said(data) is None


def test_a_silent_child_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(LENGTHS.pack(2, 0))
        with pytest.raises(TimeoutError):
            receive(ours, time.monotonic() + 0.05)
