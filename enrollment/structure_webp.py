"""The walk through a WebP file's RIFF chunks (RFC 9649), rebuilt without its metadata."""

import struct
from dataclasses import dataclass, field

from enrollment.anatomy import MAX_PROFILE, Anatomy, check_size, check_trailing, damaged
from enrollment.exif import Exif, read_exif
from enrollment.refusals import Refused

MAX_CHUNKS = 1_000
ALPHA_FLAG = 0x10


@dataclass(slots=True)
class _Walk:
    """What has been seen so far."""

    parts: dict[bytes, bytes] = field(default_factory=dict)
    stripped: dict[str, None] = field(default_factory=dict)
    exif: Exif = field(default_factory=Exif)
    profile: bytes | None = None
    canvas: tuple[int, int] | None = None


def walk_webp(data: bytes) -> Anatomy:
    """Anatomy of a complete, still WebP.

    Refused with: damaged, animated, too-many-parts, trailing-data, and the refusals of size.
    """
    (stated,) = struct.unpack_from("<I", data, 4)
    end = stated + 8
    if end > len(data) or stated < 4:
        raise damaged("the file ends too early")
    seen = _Walk()
    at, count = 12, 0
    while at + 8 <= end:
        kind, body, at = _chunk(data, at, end)
        count += 1
        if count > MAX_CHUNKS:
            raise Refused("too-many-parts", {"parts": count, "limit": MAX_CHUNKS})
        _take(seen, kind, body)
    width, height = _frame_size(seen.parts)
    if seen.canvas not in (None, (width, height)):
        raise damaged("it states two different sizes")
    if check_trailing(data[end:]):
        seen.stripped["trailing-data"] = None
    return Anatomy(
        format="WEBP",
        width=width,
        height=height,
        essence=_rebuilt(seen.parts, width, height),
        orientation=seen.exif.orientation,
        profile=seen.profile,
        stripped=tuple(seen.stripped),
    )


def _chunk(data: bytes, at: int, end: int) -> tuple[bytes, bytes, int]:
    """Kind and body of the chunk at `at`, and the position after its padding."""
    (length,) = struct.unpack_from("<I", data, at + 4)
    if at + 8 + length > end:
        raise damaged("the file ends too early")
    return data[at : at + 4], data[at + 8 : at + 8 + length], at + 8 + length + (length & 1)


def _take(seen: _Walk, kind: bytes, body: bytes) -> None:
    if kind in (b"ANIM", b"ANMF"):
        raise Refused("animated")
    if kind in (b"VP8 ", b"VP8L", b"ALPH"):
        if kind in seen.parts:
            raise damaged("it holds its picture twice")
        seen.parts[kind] = body
    elif kind == b"VP8X":
        if len(body) < 10 or seen.canvas:
            raise damaged("its size is missing or stated twice")
        seen.canvas = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
        check_size(*seen.canvas)
    elif kind == b"ICCP":
        seen.profile = body if 0 < len(body) <= MAX_PROFILE else None
    elif kind == b"EXIF":
        seen.exif = read_exif(body)
        seen.stripped |= dict.fromkeys(seen.exif.stripped)
    else:
        seen.stripped["editing-notes" if kind == b"XMP " else "other-details"] = None


def _frame_size(parts: dict[bytes, bytes]) -> tuple[int, int]:
    """Width and height of the one frame, from its own header."""
    lossy, lossless = parts.get(b"VP8 "), parts.get(b"VP8L")
    if (lossy is None) == (lossless is None):
        raise damaged("it holds no picture data")
    if lossy is not None:
        width, height = _lossy_size(lossy)
    else:
        width, height = _lossless_size(lossless or b"")
    check_size(width, height)
    return width, height


def _lossy_size(frame: bytes) -> tuple[int, int]:
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        raise damaged("its size is missing")
    first_partition = int.from_bytes(frame[:3], "little") >> 5
    if 10 + first_partition > len(frame):
        raise damaged("most of the picture is missing")
    width, height = struct.unpack_from("<HH", frame, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(frame: bytes) -> tuple[int, int]:
    if len(frame) < 5 or frame[0] != 0x2F or frame[4] >> 5:
        raise damaged("its size is missing")
    bits = int.from_bytes(frame[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _rebuilt(parts: dict[bytes, bytes], width: int, height: int) -> bytes:
    """A file of the frame alone (and its alpha plane, whose use is judged after decoding)."""
    chunks = []
    if b"ALPH" in parts and b"VP8 " in parts:
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunks += [_packed(b"VP8X", bytes([ALPHA_FLAG, 0, 0, 0]) + sides), _packed(b"ALPH", parts[b"ALPH"])]
    kind = b"VP8 " if b"VP8 " in parts else b"VP8L"
    chunks.append(_packed(kind, parts[kind]))
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _packed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + (b"\0" if len(body) & 1 else b"")
