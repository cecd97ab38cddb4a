"""Further hostile files, as a reviewer with time would try them: lies inside each format's own rules."""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from bricks import (
    chunk,
    covered,
    exif,
    frame_start,
    header,
    icc_segments,
    iccp,
    interlaced,
    jpeg_with,
    noise,
    orientation,
    p3_profile,
    photo,
    png_of,
    png_with,
    profile,
    resized_header,
    riff,
    rows_of,
    segment,
    swapped_profile,
    vp8l_header,
    vp8x,
    webp_frame,
    zeros,
)
from drawing import ARC, Picture, blend, jpeg, natural, png, saved, webp
from PIL import Image

Verdicts = Iterator[tuple[str, Callable[[], bytes], str]]
ACCEPTED = "accepted"
GAIN_MAP_NOTE = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta hdrgm:Version="1.0"/>'
DEPTH_NOTE = b"http://ns.adobe.com/xmp/extension/\0"


def more() -> Verdicts:
    """Name, maker and verdict of each."""
    yield from _jpegs()
    yield from _pngs()
    yield from _webps()
    yield from _profiles()
    yield from _covers()


def _frame(marker: int = 0xC0, bits: int = 8, sampling: int = 0x22) -> bytes:
    """A JPEG whose frame header says something else than its data."""
    data = bytearray(jpeg(covered()))
    at = frame_start(bytes(data))
    data[at + 1], data[at + 4], data[at + 11] = marker, bits, sampling
    return bytes(data)


def _with_lines(height: int, stated: int) -> bytes:
    """A JPEG that states its height in a DNL marker after the scan."""
    lines = b"\xff\xdc\0\4" + struct.pack(">H", stated)
    return resized_header(jpeg(covered()), 480, height)[:-2] + lines + b"\xff\xd9"


def _cut(share: float) -> bytes:
    """A JPEG whose coded data stop, with a proper end."""
    data = jpeg(covered())
    return data[: int(len(data) * share)] + b"\xff\xd9"


def _cut_progressive() -> bytes:
    """The same in the first of many scans, which alone tells how bright the picture is."""
    data = jpeg(covered(), progressive=True)
    scan = data.index(b"\xff\xda")
    return data[: scan + 600] + data[data.index(b"\xff\xc4", scan + 600) :]


def _grey_corner() -> bytes:
    """A whole JPEG that ends in the very grey of missing data."""
    rgb = covered()
    rgb[-40:, -60:] = 128
    return jpeg(rgb)


def _jpegs() -> Verdicts:
    small = jpeg(photo()[::2, ::2], 30)
    yield "jpeg two starts", lambda: b"\xff\xd8" + jpeg(covered()), "damaged"
    yield "jpeg thumbnail first", lambda: jpeg(photo()[::4, ::4])[:-2] + jpeg(covered())[2:], "too-small"
    yield "jpeg arithmetic", lambda: _frame(0xC9), "wrong-format"
    yield "jpeg arithmetic progressive", lambda: _frame(0xCA), "wrong-format"
    yield "jpeg lossless", lambda: _frame(0xC3), "wrong-format"
    yield "jpeg extended", lambda: _frame(0xC1), ACCEPTED
    yield "jpeg of 12 bits", lambda: _frame(0xC1, bits=12), "sixteen-bit"
    yield "jpeg sampling of 4 x 4", lambda: _frame(sampling=0x44), "damaged"
    yield "jpeg sampling of nothing", lambda: _frame(sampling=0), "damaged"
    yield "jpeg height after the scan", lambda: _with_lines(0, 360), "damaged"
    yield "jpeg another height after the scan", lambda: _with_lines(360, 9_000), "damaged"
    yield "jpeg cut at a third", lambda: _cut(0.33), "damaged"
    yield "jpeg cut near its end", lambda: _cut(0.95), "damaged"
    yield "jpeg cut in its first scan", _cut_progressive, "damaged"
    yield "jpeg with a grey corner", _grey_corner, ACCEPTED
    yield (
        "jpeg two orientations",
        lambda: jpeg_with(segment(0xE1, orientation(6)), segment(0xE1, orientation(1))),
        ACCEPTED,
    )
    yield (
        "jpeg orientation twice",
        lambda: jpeg_with(segment(0xE1, exif([(0x112, 3, 1, 6), (0x112, 3, 1, 1)]))),
        ACCEPTED,
    )
    yield "jpeg depth map", lambda: jpeg_with(segment(0xE1, DEPTH_NOTE + noise(60_000)) * 20), ACCEPTED
    yield "jpeg gain map behind", lambda: jpeg_with(segment(0xE1, GAIN_MAP_NOTE)) + small, ACCEPTED
    yield (
        "jpeg large gain map behind",
        lambda: jpeg_with(segment(0xE1, GAIN_MAP_NOTE)) + jpeg(natural(8, 900, 700), 95),
        "trailing-data",
    )
    yield (
        "jfif thumbnail",
        lambda: jpeg_with(segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\x10\x10" + photo()[:16, :16].tobytes())),
        ACCEPTED,
    )


def _png_data(rgb: Picture | None = None) -> bytes:
    return chunk(b"IDAT", zlib.compress(rows_of(covered() if rgb is None else rgb), 1))


def _pngs() -> Verdicts:
    size, indexed = header(480, 360), header(480, 360, 8, 3)
    indices = chunk(b"IDAT", zlib.compress(bytes(360 * 481)))
    swapped, sane = iccp(zlib.compress(swapped_profile())), iccp(zlib.compress(profile()))
    broken = zeros(1)[:-4] + b"abcd"
    swapped_points = struct.pack(">8I", 31270, 32900, 30000, 60000, 64000, 33000, 15000, 6000)
    yield "png exif behind", lambda: png_of(size, _png_data(), chunk(b"eXIf", orientation(6)[6:])), ACCEPTED
    yield "png profile behind", lambda: png_of(size, _png_data(), swapped), ACCEPTED
    yield (
        "png gamma behind",
        lambda: png_of(size, _png_data(), chunk(b"gAMA", struct.pack(">I", 100_000))),
        ACCEPTED,
    )
    yield "png second profile", lambda: png_with(sane, swapped), ACCEPTED
    yield "png first of two profiles swaps", lambda: png_with(swapped, sane), "odd-colours"
    yield "png swapped primaries", lambda: png_with(chunk(b"cHRM", swapped_points)), "odd-colours"
    yield "png 3,000 profiles", lambda: png_with(iccp(zeros(3)) * 3_000), ACCEPTED
    yield (
        "png 4,000 exif blocks",
        lambda: png_with(chunk(b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + bytes(3_000)) * 4_000),
        ACCEPTED,
    )
    yield "png 4,000 broken texts", lambda: png_with(chunk(b"zTXt", b"k\0\0" + broken) * 4_000), "too-heavy"
    yield (
        "png 500 MB international text",
        lambda: png_with(chunk(b"iTXt", b"k\0\1\0\0\0" + zeros(500))),
        "too-heavy",
    )
    yield (
        "png animation behind",
        lambda: png_of(size, _png_data(), chunk(b"acTL", struct.pack(">II", 2, 0))),
        "animated",
    )
    yield (
        "png frame data alone",
        lambda: png_of(size, _png_data(), chunk(b"fdAT", bytes(4) + zlib.compress(rows_of(photo())))),
        "animated",
    )
    yield (
        "png of an iphone's own kind",
        lambda: png_of()[:8] + chunk(b"CgBI", b"\x50\0\x20\2") + png_of(size, _png_data())[8:],
        "damaged",
    )
    yield (
        "png interlaced",
        lambda: png_of(header(480, 360, 8, 2, 1), chunk(b"IDAT", zlib.compress(interlaced(covered()), 1))),
        ACCEPTED,
    )
    yield (
        "png interlaced, 5,000 x 5,000 of nothing",
        lambda: png_of(header(5_000, 5_000, 8, 6, 1), chunk(b"IDAT", zeros(100))),
        "damaged",
    )
    yield "png without its palette", lambda: png_of(indexed, indices), "damaged"
    yield "png palette behind", lambda: png_of(indexed, indices, chunk(b"PLTE", bytes(3))), "damaged"
    yield "png two palettes", lambda: png_of(indexed, chunk(b"PLTE", bytes(3)) * 2, indices), "damaged"
    yield "png palette of 257", lambda: png_of(indexed, chunk(b"PLTE", bytes(771)), indices), "damaged"
    yield (
        "png cover of the clear colour",
        lambda: png_with(chunk(b"tRNS", struct.pack(">HHH", *ARC))),
        "transparent",
    )
    yield (
        "png unknown filter",
        lambda: png_of(
            size, chunk(b"IDAT", zlib.compress(b"".join(b"\x09" + row.tobytes() for row in covered())))
        ),
        "damaged",
    )


def _webps() -> Verdicts:
    frame, canvas = webp_frame(covered()), vp8x(480, 360, 0x10)
    clear, full = b"\0" + bytes(480 * 360), b"\0" + b"\xff" * (480 * 360)
    flat = Image.new("RGB", (4_000, 3_000), (10, 20, 30))

    def without_its_flag() -> bytes:
        frames = [Image.fromarray(covered()), Image.fromarray(photo())]
        data = bytearray(saved(frames[0], "WEBP", lossless=True, save_all=True, append_images=frames[1:]))
        data[20] &= ~2
        return bytes(data)

    yield "webp animated in secret", without_its_flag, "animated"
    yield "webp frame hidden behind", lambda: riff(vp8x(480, 360), frame, (b"ANMF", noise(5_000))), "animated"
    yield "webp canvas twice", lambda: riff(vp8x(480, 360), vp8x(480, 360), frame), "damaged"
    yield "webp canvas too small", lambda: riff(vp8x(400, 300), frame), "damaged"
    yield "webp flag of an animation that is none", lambda: riff(vp8x(480, 360, 2), frame), ACCEPTED
    yield "webp alpha of full strength", lambda: riff(canvas, (b"ALPH", full), frame), ACCEPTED
    yield "webp alpha of nothing", lambda: riff(canvas, (b"ALPH", clear), frame), "transparent"
    yield "webp alpha unannounced", lambda: riff((b"ALPH", clear), frame), "transparent"
    yield "webp alpha behind", lambda: riff(canvas, frame, (b"ALPH", clear)), "transparent"
    yield "webp alpha twice", lambda: riff(canvas, (b"ALPH", full), (b"ALPH", clear), frame), "damaged"
    yield "webp alpha too short", lambda: riff(canvas, (b"ALPH", full[:999]), frame), "damaged"
    yield "webp alpha of noise", lambda: riff(canvas, (b"ALPH", b"\1" + noise(3_000)), frame), "damaged"
    yield "webp both kinds", lambda: riff(frame, (b"VP8L", vp8l_header(480, 360) + bytes(99))), "damaged"
    yield "webp cut a little", lambda: riff((frame[0], frame[1][:-8])), "damaged"
    yield "webp between frames", lambda: riff((frame[0], bytes([frame[1][0] | 1]) + frame[1][1:])), "damaged"
    yield "webp of 12 megapixels without loss", lambda: saved(flat, "WEBP", lossless=True, method=0), "no-arc"
    yield (
        "webp swapping profile",
        lambda: riff(vp8x(480, 360, 0x20), (b"ICCP", swapped_profile()), frame),
        "odd-colours",
    )


def _profile_with(at: int, value: bytes) -> bytes:
    icc = p3_profile()
    return icc[:at] + value + icc[at + len(value) :]


def _tagged(icc: bytes) -> bytes:
    return jpeg_with(icc_segments(icc))


def _profiles() -> Verdicts:
    """A profile that cannot be read is ignored, as every viewer does."""
    for name, icc in (
        ("of version 5", _profile_with(8, b"\5")),
        ("with tags without end", _profile_with(128, b"\xff" * 4)),
        ("of grey", _profile_with(16, b"GRAY")),
        ("that links devices", _profile_with(12, b"link")),
        ("of names", _profile_with(12, b"nmcl")),
        ("cut", p3_profile()[:300]),
    ):
        yield f"profile {name}", partial(_tagged, icc), ACCEPTED


def _covers() -> Verdicts:
    rows, columns = np.mgrid[0:360, 0:480]
    distance = np.hypot(rows - 180, columns - 240)
    inside = distance < 140
    hidden = natural(9, 480, 360).astype(float) / 128 - 1

    def tinted(strength: float) -> bytes:
        rgb = photo()
        rgb[inside] = (np.array(ARC) + strength * hidden).clip(0, 255).round()[inside]
        return png(rgb)

    def pierced(down: int, across: int) -> bytes:
        solid = inside.astype(float)
        solid[::down, ::across] = 0
        return png(blend(photo(), solid))

    yield "hidden picture of 2 levels", lambda: tinted(2), ACCEPTED
    yield "hidden picture of 4 levels", lambda: tinted(4), "semi-opaque"
    yield "hidden picture of 8 levels", lambda: tinted(8), "semi-opaque"
    yield "soft brush", lambda: png(blend(photo(), np.clip(1.4 - distance / 140, 0, 1))), "semi-opaque"
    yield (
        "every second row weak",
        lambda: png(blend(photo(), inside * np.where(rows % 2, 1, 0.9))),
        "semi-opaque",
    )
    yield "lines of one pixel", lambda: pierced(2, 1), "specks-only"
    yield "columns of one pixel", lambda: pierced(1, 2), "specks-only"
    yield "a line in ten open", lambda: pierced(10, 1), "semi-opaque"
    yield "a pixel in 16 open", lambda: pierced(4, 4), "semi-opaque"
    yield "a pixel in 36 open", lambda: pierced(6, 6), "semi-opaque"
    yield (
        "cover in display p3, quality 60",
        lambda: jpeg_with(icc_segments(p3_profile()), quality=60),
        ACCEPTED,
    )
    yield "webp of quality 30", lambda: webp(covered(), 30), ACCEPTED
