"""The walk through a JPEG file's segments (ITU-T T.81), rebuilt without its metadata."""

import re
import struct
from dataclasses import dataclass, field

from enrollment.anatomy import MAX_PROFILE, Anatomy, check_size, check_trailing, damaged
from enrollment.exif import Exif, read_exif
from enrollment.refusals import Refused

MAX_SCANS = 100
MAX_SEGMENTS = 1_000
MAX_METADATA = 150
MAX_WORK = 500_000_000  # pixels times progressive scans: what the decoder has to go through

SOI, EOI, SOS, DQT, DHT, DRI, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE
APP0, APP1, APP2, APP13, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
# The end of entropy-coded data: a marker other than a stuffed zero, a restart or a fill byte.
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


@dataclass(slots=True)
class _Walk:
    """What has been seen so far."""

    kept: list[bytes] = field(default_factory=lambda: [b"\xff\xd8"])
    stripped: dict[str, None] = field(default_factory=dict)
    profile: dict[int, bytes] = field(default_factory=dict)
    exif: Exif | None = None
    width: int = 0
    height: int = 0
    progressive: bool = False
    scans: int = 0
    segments: int = 0
    metadata: int = 0
    coded: int = 0
    first_scan_end: int = 0
    several: bool = False


def walk_jpeg(data: bytes) -> Anatomy:
    """Anatomy of a complete JPEG of 8 bits with one or three colours.

    Refused with: damaged, cmyk, sixteen-bit, too-many-parts, too-heavy, several-frames,
    trailing-data, and the refusals of size.
    """
    seen = _Walk()
    at = 2
    while True:
        marker, at = _marker(data, at)
        if marker == EOI:
            break
        at = _segment(seen, data, marker, at)
    _check_whole(seen)
    _check_rest(seen, data[at:])
    seen.kept.append(b"\xff\xd9")
    return Anatomy(
        format="JPEG",
        width=seen.width,
        height=seen.height,
        essence=b"".join(seen.kept),
        orientation=seen.exif.orientation if seen.exif else 1,
        profile=_joined_profile(seen.profile),
        stripped=tuple(seen.stripped),
        first_scan_end=seen.first_scan_end,
        progressive=seen.progressive,
    )


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at `at` (fill bytes before it skipped) and the position after it."""
    if data[at : at + 1] != b"\xff":
        if at < len(data):
            raise damaged("a part is missing")
        raise damaged("the file ends too early")
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data):
        raise damaged("the file ends too early")
    return data[at], at + 1


def _segment(seen: _Walk, data: bytes, marker: int, at: int) -> int:
    """Take in the segment whose length starts at `at`; the position after it."""
    if marker < 0xC0 or 0xD0 <= marker <= SOI:
        raise damaged("an unknown part")
    if at + 2 > len(data):
        raise damaged("the file ends too early")
    length = int.from_bytes(data[at : at + 2])
    end = at + length
    if length < 2 or end > len(data):
        raise damaged("the file ends too early")
    seen.segments += 1
    if seen.segments > MAX_SEGMENTS:
        raise Refused("too-many-parts", {"parts": seen.segments, "limit": MAX_SEGMENTS})
    body = data[at + 2 : end]
    if marker == SOS:
        end = _scan(seen, data, end)
        seen.kept.append(data[at - 2 : end])
        seen.first_scan_end = seen.first_scan_end or sum(map(len, seen.kept))
    elif marker in (BASELINE, EXTENDED, PROGRESSIVE):
        _frame(seen, marker, body)
        _keep(seen, marker, body)
    elif marker in (DQT, DHT, DRI):
        _keep(seen, marker, body)
    elif APP0 <= marker <= APP15 or marker == COM:
        _metadata(seen, marker, body)
    elif marker in OTHER_FRAMES:
        raise Refused("wrong-format", {"format": "rare kind of JPEG"})
    else:
        raise damaged("an unknown part")
    return end


def _keep(seen: _Walk, marker: int, body: bytes) -> None:
    seen.kept.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)


def _scan(seen: _Walk, data: bytes, start: int) -> int:
    """Check the scan whose coded data start at `start`; where they end."""
    if not seen.width:
        raise damaged("picture data before its size")
    seen.scans += 1
    if seen.scans > MAX_SCANS:
        raise Refused("too-many-parts", {"parts": seen.scans, "limit": MAX_SCANS})
    if seen.progressive and seen.scans * seen.width * seen.height > MAX_WORK:
        raise Refused("too-heavy")
    following = _NEXT_MARKER.search(data, start)
    if following is None:
        raise damaged("the file ends too early")
    end = following.start()
    seen.coded += end - start
    return end


def _frame(seen: _Walk, marker: int, body: bytes) -> None:
    if seen.width:
        raise damaged("it states its size twice")
    if len(body) < 6:
        raise damaged("its size is missing")
    bits, height, width, colours = struct.unpack_from(">BHHB", body)
    check_size(width, height)
    if colours == 4:
        raise Refused("cmyk")
    if bits != 8:
        raise Refused("sixteen-bit", {"bits": bits})
    if colours not in (1, 3) or len(body) != 6 + 3 * colours:
        raise damaged("its colours are unclear")
    seen.width, seen.height, seen.progressive = width, height, marker == PROGRESSIVE


def _metadata(seen: _Walk, marker: int, body: bytes) -> None:
    """Keep what tells the decoder about colours, read EXIF and profile, drop the rest."""
    seen.metadata += 1
    if seen.metadata > MAX_METADATA:
        raise Refused("too-many-parts", {"parts": seen.metadata, "limit": MAX_METADATA})
    if marker == APP0 and body.startswith(b"JFIF\0") and len(body) >= 14:
        _keep(seen, APP0, body[:12] + b"\0\0")  # without the thumbnail it may hold
        if len(body) > 14:
            seen.stripped["thumbnail"] = None
    elif marker == APP14 and body.startswith(b"Adobe") and len(body) >= 12:
        _keep(seen, APP14, body[:12])
    elif marker == APP1 and body.startswith(b"Exif\0\0"):
        exif = read_exif(body)
        seen.exif = seen.exif or exif
        seen.stripped |= dict.fromkeys(exif.stripped)
    elif marker == APP2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
        seen.profile.setdefault(body[12], body[14:])
    elif marker == APP2 and body.startswith(b"MPF\0"):
        seen.several = True
    else:
        seen.stripped[_name(marker, body)] = None


def _name(marker: int, body: bytes) -> str:
    if marker == COM:
        return "comment"
    if marker == APP0 and body.startswith(b"JFXX\0"):
        return "thumbnail"
    if marker in (APP1, APP13):
        return "editing-notes"
    return "other-details"


def _check_whole(seen: _Walk) -> None:
    if not seen.scans:
        raise damaged("it holds no picture data")
    # The thriftiest code spends at least one bit on each block of 8 x 8; anything less means
    # that most of the stated picture is not there.
    blocks = -(-seen.width // 8) * -(-seen.height // 8)
    if seen.coded * 8 < blocks:
        raise damaged("most of the picture is missing")


def _check_rest(seen: _Walk, rest: bytes) -> None:
    if seen.several and b"\xff\xd8\xff" in rest:
        raise Refused("several-frames")
    if check_trailing(rest):
        seen.stripped["trailing-data"] = None


def _joined_profile(parts: dict[int, bytes]) -> bytes | None:
    profile = b"".join(parts[number] for number in sorted(parts))
    return profile if 0 < len(profile) <= MAX_PROFILE else None
