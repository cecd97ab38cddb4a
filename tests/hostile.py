"""Generates the files that the upload path must withstand, each with its verdict.

A verdict is the code of the refusal, or "accepted" for files whose surprise is simply left out.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from bricks import (
    CANARY,
    MPF,
    chunk,
    covered,
    exif,
    filled,
    frame_start,
    header,
    icc_segments,
    iccp,
    jpeg_with,
    many_scans,
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
    thumbnail_exif,
    vp8l_header,
    vp8x,
    webp_frame,
    zeros,
)
from drawing import ARC, Picture, Shape, cover, jpeg, natural, png, saved, webp
from hostile_more import more
from odd_covers import blurred, framed, gradient, natural_pink, striped
from PIL import Image

ACCEPTED = "accepted"


@dataclass(frozen=True)
class Specimen:
    """One file: how it is made, and what must be said of it."""

    name: str
    make: Callable[[], bytes]
    verdict: str


def erased() -> bytes:
    """A PNG whose "cover" is alpha 0 over the real picture."""
    rgba = np.dstack([covered(), np.full((360, 480), 255, np.uint8)])
    rgba[60:200, 100:300, :3] = photo()[60:200, 100:300]
    rgba[60:200, 100:300, 3] = 0
    return saved(Image.fromarray(rgba), "PNG")


def animation(format: str) -> bytes:
    """Two frames, the second one uncovered."""
    target = BytesIO()
    frames = [Image.fromarray(covered()), Image.fromarray(photo())]
    frames[0].save(target, format, save_all=True, append_images=frames[1:])
    return target.getvalue()


def many_pixels() -> bytes:
    """A true 13,000 x 13,000 one-bit PNG in few kilobytes."""
    return png_of(header(13_000, 13_000, 1, 0), chunk(b"IDAT", zeros(22)))


def flipped_bit() -> bytes:
    """A PNG with one bit of its packed data flipped and the check sum made good again."""
    packed = bytearray(zlib.compress(rows_of(covered()), 1))
    packed[len(packed) // 2] ^= 0x10
    return png_of(header(480, 360), chunk(b"IDAT", bytes(packed)))


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _always(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _saved_png(make: Callable[[], Picture]) -> Callable[[], bytes]:
    return lambda: png(make())


def _turned(value: int) -> Callable[[], bytes]:
    return lambda: jpeg_with(segment(0xE1, orientation(value)))


def _bad_check_sum() -> bytes:
    data = bytearray(png(covered()))
    data[60] ^= 1
    return bytes(data)


def _not_pictures() -> list[Specimen]:
    xxe = b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'
    files = {
        "one byte": b"\xff",
        "text": b"hello there\n" * 40,
        "html": b"<!doctype html><script>alert(1)</script>",
        "svg with xxe": xxe,
        "pdf": b"%PDF-1.7\n" + noise(500),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n" + noise(500),
        "zip": b"PK\3\4" + noise(500),
    }
    named = [Specimen(name, _always(data), "not-a-picture") for name, data in files.items()]
    return [Specimen("empty", lambda: b"", "empty"), *named]


def _formats() -> list[Specimen]:
    image = Image.fromarray(covered())
    makers: dict[str, Callable[[], bytes]] = {
        "photoshop": lambda: b"8BPS\0\1" + noise(500),
        "gif": lambda: saved(image, "GIF"),
        "animated gif": lambda: animation("GIF"),
        "bmp": lambda: saved(image, "BMP"),
        "tiff of two pages": lambda: animation("TIFF"),
        "icon": lambda: saved(image, "ICO"),
        "jpeg 2000": lambda: saved(image, "JPEG2000"),
        "avif": lambda: saved(image, "AVIF"),
        "heic": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + noise(500),
        "film": lambda: b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + noise(500),
    }
    return [Specimen(name, make, "wrong-format") for name, make in makers.items()]


def _corrupt() -> list[Specimen]:
    makers: dict[str, Callable[[], bytes]] = {
        "half jpeg": lambda: _half(jpeg(covered())),
        "jpeg header only": lambda: (d := jpeg(covered()))[: d.index(b"\xff\xda")],
        "jpeg header and end": lambda: (d := jpeg(covered()))[: d.index(b"\xff\xda")] + b"\xff\xd9",
        "jpeg without end": lambda: jpeg(covered())[:-2],
        "jpeg of three bytes": lambda: b"\xff\xd8\xff",
        "jpeg segment too short": lambda: b"\xff\xd8\xff\xe0\0\1" + jpeg(covered())[2:],
        "jpeg with two frames": lambda: (
            (d := jpeg(covered()))[: frame_start(d)]
            + d[frame_start(d) : frame_start(d) + 19] * 2
            + d[frame_start(d) + 19 :]
        ),
        "png check sum": _bad_check_sum,
        "png bit flip": flipped_bit,
        "png without end": lambda: png(covered())[:-12],
        "half png": lambda: _half(png(covered())),
        "png short data": lambda: png_of(
            header(480, 360), chunk(b"IDAT", _half(zlib.compress(rows_of(covered()), 1)))
        ),
        "png data too few rows": lambda: png_of(
            header(480, 360), chunk(b"IDAT", zlib.compress(rows_of(covered())[:200_000], 1))
        ),
        "png overlong data": lambda: png_of(
            header(480, 360), chunk(b"IDAT", zlib.compress(rows_of(covered()) + rows_of(photo()), 1))
        ),
        "png data after its end": lambda: png_of(
            header(480, 360), chunk(b"IDAT", zlib.compress(rows_of(covered()), 1) + noise(5_000))
        ),
        "png second header": lambda: png_with(header(480, 360)),
        "png unknown critical chunk": lambda: png_with(chunk(b"ABCD", b"x")),
        "png header of no data": lambda: png_of(header(480, 360)),
        "riff size lie": lambda: (d := webp(covered()))[:4] + struct.pack("<I", len(d) + 1000) + d[8:],
        "half webp": lambda: _half(webp(covered())),
        "webp short frame": lambda: riff(((f := webp_frame(covered()))[0], _half(f[1]))),
        "webp two frames": lambda: riff(webp_frame(covered()), webp_frame(photo())),
        "webp two sizes": lambda: riff(vp8x(900, 900), webp_frame(covered())),
    }
    return [Specimen(name, make, "damaged") for name, make in makers.items()]


def _bombs() -> list[Specimen]:
    tiny_jpeg = resized_header(jpeg(covered()), 65_500, 65_500)
    return [
        Specimen("jpeg 65,500 x 65,500", lambda: tiny_jpeg, "too-many-pixels"),
        Specimen("jpeg header lies", lambda: resized_header(jpeg(covered(), 20), 5_000, 5_000), "damaged"),
        Specimen("jpeg 0 x 0", lambda: resized_header(jpeg(covered()), 0, 0), "damaged"),
        Specimen("png 0 x 0", lambda: png_of(header(0, 0), chunk(b"IDAT", zeros(1))), "damaged"),
        Specimen(
            "png 30,000 x 30,000 in one bit",
            lambda: png_of(header(30_000, 30_000, 1, 0), chunk(b"IDAT", zeros(113))),
            "too-many-pixels",
        ),
        Specimen("png 13,000 x 13,000", many_pixels, "too-many-pixels"),
        Specimen(
            "png 5,000 x 5,000 of nothing",
            lambda: png_of(header(5_000, 5_000, 8, 6), chunk(b"IDAT", zeros(100))),
            "damaged",
        ),
        Specimen(
            "png of 69 bytes", lambda: png_of(header(20_000, 20_000), chunk(b"IDAT", b"")), "too-many-pixels"
        ),
        Specimen(
            "png small and empty", lambda: png_of(header(4_000, 4_000), chunk(b"IDAT", zeros(1))), "damaged"
        ),
        Specimen(
            "png interlaced bomb",
            lambda: png_of(header(30_000, 30_000, 8, 6, 1), chunk(b"IDAT", zeros(9))),
            "too-many-pixels",
        ),
        Specimen(
            "png 1 x 89,000,000",
            lambda: png_of(header(1, 89_000_000), chunk(b"IDAT", zeros(9))),
            "too-many-pixels",
        ),
        Specimen(
            "png 1 x 20,000,000", lambda: png_of(header(1, 20_000_000), chunk(b"IDAT", zeros(9))), "too-long"
        ),
        Specimen(
            "png of the largest sides",
            lambda: png_of(header(2**31 - 1, 2**31 - 1), chunk(b"IDAT", zeros(1))),
            "too-many-pixels",
        ),
        Specimen("png 500 MB profile", lambda: png_with(iccp(zeros(500))), "too-heavy"),
        Specimen("png 500 MB text", lambda: png_with(chunk(b"zTXt", b"k\0\0" + zeros(500))), "too-heavy"),
        Specimen("png 200,000 texts", lambda: png_with(chunk(b"tEXt", b"k\0v") * 200_000), "too-many-parts"),
        Specimen("jpeg 5,000 scans", lambda: many_scans(5_000), "too-many-parts"),
        Specimen("jpeg 95 scans", lambda: many_scans(85), "no-arc"),
        Specimen("jpeg heavy scans", lambda: resized_header(many_scans(50), 4_900, 4_900), "too-heavy"),
        Specimen(
            "jpeg 200 metadata segments", lambda: jpeg_with(segment(0xE1, noise(99)) * 200), "too-many-parts"
        ),
        Specimen(
            "webp of 34 bytes",
            lambda: riff((b"VP8L", vp8l_header(16_383, 16_383) + bytes(9))),
            "too-many-pixels",
        ),
        Specimen(
            "webp 16,383 x 5,400",
            lambda: riff((b"VP8L", vp8l_header(16_383, 5_400) + bytes(9))),
            "too-many-pixels",
        ),
        Specimen(
            "webp canvas lie", lambda: riff(vp8x(16_000, 16_000), webp_frame(covered())), "too-many-pixels"
        ),
        Specimen("png 1 x 1", lambda: png(covered()[:1, :1]), "too-small"),
        Specimen("jpeg of 16 MB", lambda: jpeg(covered()) + noise(16_000_000), "too-large-file"),
    ]


def _metadata() -> list[Specimen]:
    makers: dict[str, Callable[[], bytes]] = {
        **{f"orientation {value}": _turned(value) for value in (0, 6, 8, 99)},
        "uncovered thumbnail": lambda: jpeg_with(segment(0xE1, thumbnail_exif())),
        "script comment": lambda: jpeg_with(segment(0xFE, b"<script>alert(1)</script>" + CANARY)),
        "php comment": lambda: png_with(chunk(b"tEXt", b"Comment\0<?php system('id'); ?>" + CANARY)),
        "exif loop": lambda: jpeg_with(segment(0xE1, exif([(0x8769, 4, 1, 8)], following=8))),
        "exif huge counts": lambda: jpeg_with(segment(0xE1, exif([(0x010E, 2, 0xFFFFFFFF, 0xFFFFFF00)]))),
        "exif of 65,535 entries": lambda: jpeg_with(
            segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(900))
        ),
        "garbage profile": lambda: jpeg_with(icc_segments(noise(4_000))),
        "garbage png profile": lambda: png_with(iccp(zlib.compress(noise(4_000)))),
        "unpackable png profile": lambda: png_with(iccp(noise(4_000))),
        "place": lambda: jpeg_with(segment(0xE1, exif([(0x8825, 4, 1, 26)], after=CANARY))),
        "photoshop thumbnail": lambda: jpeg_with(
            segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x0c" + CANARY)
        ),
        "little after the end": lambda: jpeg(covered()) + noise(3_000) + CANARY,
        "little after the png": lambda: png(covered()) + noise(3_000) + CANARY,
        "little after the webp": lambda: webp(covered()) + noise(3_000) + CANARY,
    }
    return [Specimen(name, make, ACCEPTED) for name, make in makers.items()]


def _second_pictures() -> list[Specimen]:
    gain_map = jpeg(photo()[::2, ::2])
    return [
        Specimen("mpo", lambda: animation("MPO"), "several-frames"),
        Specimen("gain map", lambda: jpeg_with(MPF) + gain_map, "several-frames"),
        Specimen("apng", lambda: animation("PNG"), "animated"),
        Specimen("animated webp", lambda: animation("WEBP"), "animated"),
        Specimen("much after the end", lambda: jpeg(covered()) + noise(70_000), "trailing-data"),
        Specimen(
            "motion photo", lambda: jpeg(covered()) + b"\0\0\0\x18ftypmp42" + noise(200_000), "trailing-data"
        ),
        Specimen("cropped over", lambda: png(covered()) + png(natural(8, 640, 480))[100:], "trailing-data"),
        Specimen("much after the webp", lambda: webp(covered()) + noise(70_000), "trailing-data"),
    ]


def _colour_tricks() -> list[Specimen]:
    image = Image.fromarray(covered())
    return [
        Specimen("erased to transparent", erased, "transparent"),
        Specimen("palette", lambda: saved(image.quantize(256), "PNG"), ACCEPTED),
        Specimen(
            "palette with a clear colour",
            lambda: saved(image.quantize(64), "PNG", transparency=3),
            "transparent",
        ),
        Specimen(
            "sixteen bits", lambda: png_of(header(480, 360, 16, 2), chunk(b"IDAT", zeros(2))), "sixteen-bit"
        ),
        Specimen("linear gamma", lambda: png_with(chunk(b"gAMA", struct.pack(">I", 100_000))), "wrong-pink"),
        Specimen("gamma of zero", lambda: png_with(chunk(b"gAMA", struct.pack(">I", 0))), "odd-colours"),
        Specimen("ordinary gamma", lambda: png_with(chunk(b"gAMA", struct.pack(">I", 45_455))), ACCEPTED),
        Specimen(
            "cicp of a television", lambda: png_with(chunk(b"cICP", bytes([9, 16, 0, 1]))), "odd-colours"
        ),
        Specimen("swapping profile", lambda: jpeg_with(icc_segments(swapped_profile())), "odd-colours"),
        Specimen(
            "swapping png profile", lambda: png_with(iccp(zlib.compress(swapped_profile()))), "odd-colours"
        ),
        Specimen("cmyk", lambda: saved(image.convert("CMYK"), "JPEG"), "cmyk"),
        Specimen("grey", lambda: saved(image.convert("L"), "JPEG"), "no-arc"),
    ]


def _covers() -> list[Specimen]:
    pictures: list[tuple[str, Callable[[], Picture], str]] = [
        ("no cover", photo, "no-arc"),
        ("everything covered", lambda: np.full((360, 480, 3), ARC, np.uint8), "too-much-arc"),
        ("50 % opacity", lambda: cover(photo(), opacity=0.5), "no-arc"),
        ("90 % opacity", lambda: cover(photo(), opacity=0.9), "semi-opaque"),
        ("95 % opacity", lambda: cover(photo(), opacity=0.95), "semi-opaque"),
        ("98 % opacity", lambda: cover(photo(), opacity=0.98), "semi-opaque"),
        ("checkerboard of pixels", lambda: striped(1, True), "specks-only"),
        ("checkerboard of 8", lambda: striped(8, True), "too-little-detail"),
        ("stripes of 8", lambda: striped(8, False), "too-little-detail"),
        ("0.05 %", lambda: cover(photo(), [Shape("rectangle", (0.5, 0.5, 0.522, 0.5225))]), "too-little-arc"),
        ("2 %", lambda: cover(photo(), [Shape("rectangle", (0.4, 0.4, 0.541, 0.541))]), "too-little-arc"),
        ("wrong pink", lambda: cover(photo(), colour=(255, 168, 208)), "wrong-pink"),
        ("natural pink", natural_pink, "too-little-arc"),
        ("natural pink around the colour", lambda: natural_pink(ARC), "semi-opaque"),
        ("border only", framed, "border-only"),
        ("gradient", gradient, "semi-opaque"),
        ("blur", blurred, "no-arc"),
        ("emoji", lambda: cover(photo(), colour=(255, 204, 50)), "no-arc"),
    ]
    files = [Specimen(name, _saved_png(make), code) for name, make, code in pictures]
    return [
        *files,
        Specimen("90 % opacity, jpeg", lambda: jpeg(cover(photo(), opacity=0.9), 75), "semi-opaque"),
        Specimen("95 % opacity, jpeg", lambda: jpeg(cover(photo(), opacity=0.95), 75), "semi-opaque"),
        Specimen("honest jpeg of quality 30", lambda: jpeg(covered(), 30), ACCEPTED),
        Specimen("wrong pink, jpeg", lambda: jpeg(cover(photo(), colour=(255, 168, 208)), 75), "wrong-pink"),
        Specimen("no cover, jpeg", lambda: jpeg(photo()), "no-arc"),
    ]


def hostile() -> list[Specimen]:
    """Every hostile file."""
    groups = (_not_pictures, _formats, _corrupt, _bombs, _metadata, _second_pictures, _colour_tricks, _covers)
    listed = [specimen for group in groups for specimen in group()]
    return [*listed, *(Specimen(*parts) for parts in more())]


def ordinary() -> list[Specimen]:
    """Files as cameras, phones and editors write them: all must pass."""
    image = Image.fromarray(covered())
    opaque = Image.fromarray(np.dstack([covered(), np.full((360, 480), 255, np.uint8)]))
    exif_data = orientation(6)
    makers: dict[str, Callable[[], bytes]] = {
        "baseline": lambda: jpeg(covered()),
        "progressive": lambda: jpeg(covered(), progressive=True),
        "4:4:4": lambda: jpeg(covered(), subsampling=0),
        "restart markers": lambda: jpeg(covered(), restart_marker_rows=1),
        "fill bytes": lambda: filled(jpeg(covered())),
        "profile in three parts": lambda: jpeg_with(icc_segments(profile(), 3)),
        "display p3": lambda: jpeg_with(icc_segments(p3_profile())),
        "display p3 png": lambda: png_with(iccp(zlib.compress(p3_profile()))),
        "exif thumbnail": lambda: jpeg_with(segment(0xE1, thumbnail_exif())),
        **{f"orientation {value}": _turned(value) for value in range(1, 9)},
        "padding after the end": lambda: jpeg(covered()) + bytes(100_000),
        "index of pictures that are gone": lambda: jpeg_with(MPF),
        "rgb jpeg": lambda: saved(image, "JPEG", keep_rgb=True, quality=90),
        "png": lambda: png(covered()),
        "opaque alpha": lambda: saved(opaque, "PNG"),
        "png with exif": lambda: png_with(chunk(b"eXIf", exif_data[6:])),
        "png in many parts": lambda: png_of(
            header(480, 360),
            *(chunk(b"IDAT", part) for part in _pieces(zlib.compress(rows_of(covered()), 6), 4_096)),
        ),
        "webp": lambda: webp(covered()),
        "webp without loss": lambda: webp(covered(), lossless=True),
        "webp with opaque alpha": lambda: saved(opaque, "WEBP", quality=80),
        "webp with exif and profile": lambda: saved(image, "WEBP", exif=exif_data, icc_profile=profile()),
    }
    return [Specimen(name, make, ACCEPTED) for name, make in makers.items()]


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]
