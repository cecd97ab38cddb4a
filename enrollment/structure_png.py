"""The walk through a PNG file's chunks (W3C PNG, third edition), rebuilt without its metadata."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from enrollment.anatomy import MAX_PROFILE, Anatomy, check_size, check_trailing, damaged
from enrollment.exif import Exif, read_exif
from enrollment.inflation import inflated, inflated_size, inflates_exactly, raw_size
from enrollment.refusals import Refused

MAX_CHUNKS = 5_000
MAX_RATIO = 1_032  # what deflate packs at most to 1
MAX_TEXT = 16_000_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
SRGB_LIKE_PRIMARIES = (1, 12)
SRGB_LIKE_TRANSFERS = (1, 6, 13, 14)
SRGB_GAMMA = 0.45455
SRGB_POINTS = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)  # white, red, green, blue
MAX_POINT_SHIFT = 0.2  # farther than any screen's or camera's primaries: somebody swapped them
PALETTE = 3
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(slots=True)
class _Walk:
    """What has been seen so far."""

    kept: list[bytes] = field(default_factory=lambda: [SIGNATURE])
    stripped: dict[str, None] = field(default_factory=dict)
    profile: bytes | None = None
    exif: Exif | None = None
    gamma: float | None = None
    header: tuple[int, int, int, bool] | None = None
    colours: int = 0
    colour_chunks: set[bytes] = field(default_factory=set)
    palette: bool = False
    data: list[bytes] = field(default_factory=list)
    text: int = 0
    data_over: bool = False
    before: bytes = b""


def walk_png(data: bytes) -> Anatomy:
    """Anatomy of a complete PNG of at most 8 bits per colour.

    Refused with: damaged, animated, sixteen-bit, odd-colours, too-many-parts, trailing-data,
    and the refusals of size.
    """
    seen = _Walk()
    at, count, kind = len(SIGNATURE), 0, b""
    while kind != b"IEND":
        kind, body, at = _chunk(data, at)
        count += 1
        if count > MAX_CHUNKS:
            raise Refused("too-many-parts", {"parts": count, "limit": MAX_CHUNKS})
        _take(seen, kind, body)
    if not seen.header or not seen.data:
        raise damaged("it holds no picture data")
    if seen.colours == PALETTE and not seen.palette:
        raise damaged("its colours are missing")
    if check_trailing(data[at:]):
        seen.stripped["trailing-data"] = None
    width, height, bits, interlaced = seen.header
    _check_data(seen.data, raw_size(width, height, bits, interlaced))
    return Anatomy(
        format="PNG",
        width=width,
        height=height,
        essence=b"".join(seen.kept),
        orientation=seen.exif.orientation if seen.exif else 1,
        profile=seen.profile,
        gamma=None if seen.profile or b"sRGB" in seen.colour_chunks else seen.gamma,
        stripped=tuple(seen.stripped),
    )


def _chunk(data: bytes, at: int) -> tuple[bytes, bytes, int]:
    """Kind and body of the chunk at `at`, its check sum verified, and the position after it."""
    if at + 12 > len(data):
        raise damaged("the file ends too early")
    (length,) = struct.unpack_from(">I", data, at)
    end = at + 12 + length
    if end > len(data):
        raise damaged("the file ends too early")
    (expected,) = struct.unpack_from(">I", data, end - 4)
    if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != expected:
        raise damaged("a check sum is wrong")
    return data[at + 4 : at + 8], data[at + 8 : end - 4], end


def _take(seen: _Walk, kind: bytes, body: bytes) -> None:
    if (kind == b"IHDR") == (seen.header is not None):
        raise damaged("its size is missing or stated twice")
    if kind == b"IHDR":
        _header(seen, body)
    elif kind == b"IDAT":
        if seen.data_over:
            raise damaged("the picture data are interrupted")
        seen.data.append(body)
    elif kind == b"PLTE":
        _palette(seen, body)
    elif kind in (b"acTL", b"fcTL", b"fdAT"):
        raise Refused("animated")
    elif not kind[0] & 0x20 and kind != b"IEND":
        raise damaged("an unknown part")
    seen.data_over = seen.data_over or (seen.before == b"IDAT" and kind != b"IDAT")
    seen.before = kind
    if kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
        seen.kept.append(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )
    else:
        _ancillary(seen, kind, body)


def _header(seen: _Walk, body: bytes) -> None:
    if len(body) != 13:
        raise damaged("its size is missing")
    width, height, bits, colours, packing, filtering, interlace = struct.unpack(">IIBBBBB", body)
    check_size(width, height)
    if bits not in DEPTHS.get(colours, ()) or packing or filtering or interlace > 1:
        raise damaged("its colours are unclear")
    if bits == 16:
        raise Refused("sixteen-bit", {"bits": bits})
    seen.header = (width, height, bits * CHANNELS[colours], bool(interlace))
    seen.colours = colours


def _palette(seen: _Walk, body: bytes) -> None:
    if seen.palette or seen.data or len(body) % 3 or not 3 <= len(body) <= 768:
        raise damaged("its colours are unclear")
    seen.palette = True


def _check_data(parts: list[bytes], size: int) -> None:
    """The picture data must be all there, and hold nothing besides the picture."""
    if sum(map(len, parts)) * MAX_RATIO < size:
        raise damaged("most of the picture is missing")
    if not inflates_exactly(parts, size):
        raise damaged("the picture data are not what its size says")


def _ancillary(seen: _Walk, kind: bytes, body: bytes) -> None:
    if kind in _COLOURS:
        # As viewers do: the first of its kind counts, and only before the picture.
        if not seen.data and kind not in seen.colour_chunks:
            seen.colour_chunks.add(kind)
            _COLOURS[kind](seen, body)
    elif kind == b"eXIf" and seen.exif is None:
        seen.exif = read_exif(body)
        seen.stripped |= dict.fromkeys(seen.exif.stripped)
    elif kind in _TEXTS:
        _text(seen, kind, body)
    elif kind == b"tIME":
        seen.stripped["camera-details"] = None


def _take_profile(seen: _Walk, body: bytes) -> None:
    seen.profile = _inflated_profile(body)


def _take_gamma(seen: _Walk, body: bytes) -> None:
    if len(body) == 4:
        seen.gamma = _odd_gamma(struct.unpack(">I", body)[0])


def _take_points(_: _Walk, body: bytes) -> None:
    if len(body) == 32:
        points = [value / 100_000 for value in struct.unpack(">8I", body)]
        if max(abs(one - other) for one, other in zip(points, SRGB_POINTS, strict=True)) > MAX_POINT_SHIFT:
            raise Refused("odd-colours")


def _take_code_points(_: _Walk, body: bytes) -> None:
    if len(body) != 4 or body[0] not in SRGB_LIKE_PRIMARIES or body[1] not in SRGB_LIKE_TRANSFERS:
        raise Refused("odd-colours")


def _take_note(seen: _Walk, body: bytes) -> None:
    """That the chunk is there says it all."""


_COLOURS: dict[bytes, Callable[[_Walk, bytes], None]] = {
    b"iCCP": _take_profile,
    b"gAMA": _take_gamma,
    b"cHRM": _take_points,
    b"cICP": _take_code_points,
    b"sRGB": _take_note,
}


def _inflated_profile(body: bytes) -> bytes | None:
    """The profile, or None when it is unreadable; a bomb is refused."""
    _, _, packed = body.partition(b"\0")
    profile = inflated(packed[1:], MAX_PROFILE)
    if profile is not None and len(profile) > MAX_PROFILE:
        raise Refused("too-heavy")
    return profile or None


def _text(seen: _Walk, kind: bytes, body: bytes) -> None:
    """Texts are left out unread; only how large they would be is looked at, whole or broken."""
    seen.stripped["comment"] = None
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt" and rest[:1] == b"\1":
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif kind == b"zTXt":
        rest = rest[1:]
    else:
        return
    seen.text += inflated_size(rest, MAX_TEXT - seen.text)
    if seen.text > MAX_TEXT:
        raise Refused("too-heavy")


def _odd_gamma(value: int) -> float | None:
    """The declared gamma when it differs from that of sRGB; nonsense is refused."""
    gamma = value / 100_000
    if not 0.1 <= gamma <= 2.0:
        raise Refused("odd-colours")
    return None if abs(gamma - SRGB_GAMMA) < 0.02 else gamma
