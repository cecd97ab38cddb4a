"""The walk through a PNG file's chunks (W3C PNG, third edition), rebuilt without its metadata."""

import struct
import zlib
from dataclasses import dataclass, field

from enrollment.anatomy import MAX_PROFILE, Anatomy, check_size, check_trailing, damaged
from enrollment.exif import Exif, read_exif
from enrollment.inflation import inflated, inflates_exactly, raw_size
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
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(slots=True)
class _Walk:
    """What has been seen so far."""

    kept: list[bytes] = field(default_factory=lambda: [SIGNATURE])
    stripped: dict[str, None] = field(default_factory=dict)
    profile: bytes | None = None
    exif: Exif = field(default_factory=Exif)
    gamma: float | None = None
    srgb: bool = False
    header: tuple[int, int, int, bool] | None = None
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
    if check_trailing(data[at:]):
        seen.stripped["trailing-data"] = None
    width, height, bits, interlaced = seen.header
    _check_data(seen.data, raw_size(width, height, bits, interlaced))
    return Anatomy(
        format="PNG",
        width=width,
        height=height,
        essence=b"".join(seen.kept),
        orientation=seen.exif.orientation,
        profile=seen.profile,
        gamma=None if seen.profile or seen.srgb else seen.gamma,
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
    elif kind in (b"acTL", b"fcTL", b"fdAT"):
        raise Refused("animated")
    elif not kind[0] & 0x20 and kind not in (b"PLTE", b"IEND"):
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


def _check_data(parts: list[bytes], size: int) -> None:
    """The picture data must be all there, and hold nothing besides the picture."""
    if sum(map(len, parts)) * MAX_RATIO < size:
        raise damaged("most of the picture is missing")
    if not inflates_exactly(parts, size):
        raise damaged("the picture data are not what its size says")


def _ancillary(seen: _Walk, kind: bytes, body: bytes) -> None:
    if kind == b"iCCP":
        seen.profile = _inflated_profile(body)
    elif kind == b"eXIf":
        seen.exif = read_exif(body)
        seen.stripped |= dict.fromkeys(seen.exif.stripped)
    elif kind == b"gAMA" and len(body) == 4:
        seen.gamma = _odd_gamma(struct.unpack(">I", body)[0])
    elif kind == b"sRGB":
        seen.srgb = True
    elif kind == b"cICP":
        if len(body) != 4 or body[0] not in SRGB_LIKE_PRIMARIES or body[1] not in SRGB_LIKE_TRANSFERS:
            raise Refused("odd-colours")
    elif kind in _TEXTS:
        _text(seen, kind, body)
    elif kind == b"tIME":
        seen.stripped["camera-details"] = None


def _inflated_profile(body: bytes) -> bytes | None:
    """The profile, or None when it is unreadable; a bomb is refused."""
    _, _, packed = body.partition(b"\0")
    profile = inflated(packed[1:], MAX_PROFILE)
    if profile is not None and len(profile) > MAX_PROFILE:
        raise Refused("too-heavy")
    return profile or None


def _text(seen: _Walk, kind: bytes, body: bytes) -> None:
    seen.stripped["comment"] = None
    if kind == b"zTXt":
        _, _, packed = body.partition(b"\0")
        seen.text += len(inflated(packed[1:], MAX_TEXT - seen.text) or b"")
        if seen.text > MAX_TEXT:
            raise Refused("too-heavy")


def _odd_gamma(value: int) -> float | None:
    """The declared gamma when it differs from that of sRGB; nonsense is refused."""
    gamma = value / 100_000
    if not 0.1 <= gamma <= 2.0:
        raise Refused("odd-colours")
    return None if abs(gamma - SRGB_GAMMA) < 0.02 else gamma
