"""How the sandbox and its children talk: a JSON head and a run of bytes, each with its length."""

import json
import socket
import struct
import time
from typing import Any

LENGTHS = struct.Struct("!II")
MAX_HEAD, MAX_BODY = 1_000_000, 64_000_000

Head = dict[str, Any]
# A picture is megabytes: it is read into its place at once and not copied on the way.
Body = bytes | bytearray


def send(connection: socket.socket, head: Head, body: Body) -> None:
    """Send one frame. Raises OSError."""
    text = json.dumps(head, separators=(",", ":")).encode()
    connection.sendall(LENGTHS.pack(len(text), len(body)) + text)
    connection.sendall(body)


def receive(connection: socket.socket, until: float | None = None) -> tuple[Head, bytearray] | None:
    """Head and body of the one frame that the other side sends before it closes.

    None when any of it is missing, more follows, or it does not parse. Raises TimeoutError when it takes
    until after that moment of the monotonic clock, OSError when the connection breaks.
    """
    lengths = _read(connection, LENGTHS.size, until)
    if lengths is None:
        return None
    text_length, body_length = LENGTHS.unpack(lengths)
    if text_length > MAX_HEAD or body_length > MAX_BODY:
        return None
    text, body = _read(connection, text_length, until), _read(connection, body_length, until)
    if text is None or body is None or _read(connection, 1, until) is not None:
        return None
    try:
        head = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return (head, body) if isinstance(head, dict) else None


def _read(connection: socket.socket, size: int, until: float | None) -> bytearray | None:
    """So many bytes, or None when the other side closes before."""
    data = bytearray(size)
    view, filled = memoryview(data), 0
    while filled < size:
        if until is not None:
            connection.settimeout(max(until - time.monotonic(), 0.01))
        got = connection.recv_into(view[filled:])
        if not got:
            return None
        filled += got
    return data
