"""How the sandbox and its children talk: a JSON head and a run of bytes, each with its length."""

import json
import struct
from typing import Any

LENGTHS = struct.Struct("!II")
MAX_FRAME = 64_000_000

Head = dict[str, Any]


def packed(head: Head, body: bytes) -> bytes:
    """One frame as bytes."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def unpacked(frame: bytes) -> tuple[Head, bytes] | None:
    """Head and body of a whole frame; None when any of it is missing or does not parse."""
    if len(frame) < LENGTHS.size:
        return None
    text_length, body_length = LENGTHS.unpack_from(frame)
    body_start = LENGTHS.size + text_length
    if len(frame) != body_start + body_length:
        return None
    try:
        head = json.loads(frame[LENGTHS.size : body_start])
    except ValueError:
        return None
    return (head, frame[body_start:]) if isinstance(head, dict) else None
