"""Bricks for odd picture files: chunks, segments, headers that lie, profiles, EXIF blocks."""

import struct
import zlib
from collections.abc import Iterable
from functools import cache

import numpy as np
from drawing import Picture, cover, jpeg, natural, saved, webp
from PIL import Image, ImageCms

from enrollment.inflation import ADAM7

CANARY = b"canary-4f1d0c9b7a3e5f6d8c2b1a09"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def photo() -> Picture:
    """An uncovered picture."""
    return natural(7, 480, 360)


def covered() -> Picture:
    """The same, honestly covered."""
    return _covered().copy()


@cache
def _covered() -> Picture:
    return cover(photo())


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its check sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, bits: int = 8, colours: int = 2, interlace: int = 0) -> bytes:
    """A PNG's IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, interlace))


def png_of(*chunks: bytes) -> bytes:
    """A PNG file of the chunks and an end."""
    return PNG_SIGNATURE + b"".join(chunks) + chunk(b"IEND", b"")


def rows_of(rgb: Picture) -> bytes:
    """The unfiltered rows of a PNG."""
    height, width, _ = rgb.shape
    return np.concatenate([np.zeros((height, 1), np.uint8), rgb.reshape(height, width * 3)], axis=1).tobytes()


def interlaced(rgb: Picture) -> bytes:
    """The unfiltered rows of a PNG in the seven passes of Adam7."""
    passes = (rgb[top::down, left::across] for left, top, across, down in ADAM7)
    return b"".join(rows_of(np.ascontiguousarray(part)) for part in passes)


def png_with(*extra: bytes, rgb: Picture | None = None) -> bytes:
    """A PNG of the covered picture with chunks before its data."""
    rgb = covered() if rgb is None else rgb
    height, width, _ = rgb.shape
    return png_of(header(width, height), *extra, chunk(b"IDAT", zlib.compress(rows_of(rgb), 1)))


def zeros(megabytes: int) -> bytes:
    """A zlib stream of that many megabytes of zeros, made without inflating them."""
    packer = zlib.compressobj(9)
    start = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * (megabytes - 1) + packer.flush()


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(*segments: bytes, rgb: Picture | None = None, **options: object) -> bytes:
    """A JPEG of the covered picture with segments right after its start."""
    data = jpeg(covered() if rgb is None else rgb, **options)  # type: ignore[arg-type]
    return data[:2] + b"".join(segments) + data[2:]


def frame_start(data: bytes) -> int:
    """Where a JPEG's frame header begins."""
    return next(data.index(bytes([0xFF, m])) for m in (0xC0, 0xC2) if bytes([0xFF, m, 0, 17]) in data)


def resized_header(data: bytes, width: int, height: int) -> bytes:
    """A JPEG that claims another size."""
    at = frame_start(data) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def exif(entries: Iterable[tuple[int, int, int, int]], after: bytes = b"", following: int = 0) -> bytes:
    """A little-endian EXIF block: (tag, type, count, value) entries, the next directory, more bytes."""
    entries = sorted(entries)
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0" + b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", following) + after


def orientation(value: int) -> bytes:
    """An EXIF block with an orientation."""
    return exif([(0x0112, 3, 1, value)])


def thumbnail_exif() -> bytes:
    """EXIF with a second directory that holds a thumbnail of the uncovered photo."""
    small = saved(Image.fromarray(photo()).resize((160, 120)), "JPEG") + CANARY
    second = 8 + 2 + 4
    directory = struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, second + 30)
    directory += struct.pack("<HHII", 0x0202, 4, 1, len(small)) + struct.pack("<I", 0)
    return exif([], after=directory + small, following=second)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of the chunks."""
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(b)) + b + b"\0" * (len(b) & 1) for k, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def vp8x(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    """The extended header of a WebP."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes([flags, 0, 0, 0]) + sides


def vp8l_header(width: int, height: int) -> bytes:
    """The start of a lossless WebP frame of that size."""
    return b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)


def webp_frame(rgb: Picture, quality: int = 80) -> tuple[bytes, bytes]:
    """The frame chunk of a simple WebP."""
    data = webp(rgb, quality)
    return data[12:16], data[20 : 20 + struct.unpack_from("<I", data, 16)[0]]


def profile() -> bytes:
    """An sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _tag_at(icc: bytes, tag: bytes) -> int:
    """Where a profile's tag table lists a tag."""
    count = struct.unpack_from(">I", icc, 128)[0]
    return next(132 + 12 * n for n in range(count) if icc[132 + 12 * n : 136 + 12 * n] == tag)


def swapped_profile() -> bytes:
    """A profile whose red and green primaries are swapped."""
    icc = bytearray(profile())
    red, green = _tag_at(bytes(icc), b"rXYZ") + 4, _tag_at(bytes(icc), b"gXYZ") + 4
    icc[red : red + 8], icc[green : green + 8] = icc[green : green + 8], icc[red : red + 8]
    return bytes(icc)


def p3_profile() -> bytes:
    """Display P3: the primaries of a phone's screen with the curve of sRGB."""
    icc = bytearray(profile())
    primaries = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }
    for tag, xyz in primaries.items():
        at = struct.unpack_from(">I", icc, _tag_at(bytes(icc), tag) + 4)[0] + 8
        icc[at : at + 12] = struct.pack(">iii", *(round(v * 65536) for v in xyz))
    return bytes(icc)


def icc_segments(icc: bytes, parts: int = 1) -> bytes:
    """A profile in the given number of APP2 segments."""
    size = -(-len(icc) // parts)
    pieces = [icc[n * size : (n + 1) * size] for n in range(parts)]
    return b"".join(
        segment(0xE2, b"ICC_PROFILE\0" + bytes([n + 1, parts]) + piece) for n, piece in enumerate(pieces)
    )


def iccp(packed: bytes) -> bytes:
    """A PNG's profile chunk."""
    return chunk(b"iCCP", b"p\0\0" + packed)


def many_scans(count: int) -> bytes:
    """A progressive JPEG of one colour whose last, tiny scan is repeated."""
    data = jpeg(np.full((360, 480, 3), 90, np.uint8), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


MPF = segment(0xE2, b"MPF\0" + b"MM\0*" + bytes(40))


def noise(length: int) -> bytes:
    """Bytes that look like anything but padding."""
    return np.random.default_rng(5).integers(1, 255, length, dtype=np.uint8).tobytes()


def filled(data: bytes) -> bytes:
    """A JPEG with fill bytes before every marker up to its scan."""
    scan, at, parts = data.index(b"\xff\xda"), 2, [data[:2]]
    while at < scan:
        length = struct.unpack_from(">H", data, at + 2)[0]
        parts.append(b"\xff\xff" + data[at : at + 2 + length])
        at += 2 + length
    return b"".join(parts) + data[scan:]
