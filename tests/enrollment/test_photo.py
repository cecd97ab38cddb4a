"""The recipes: what a covered photo becomes, what people see of it, how a public photo is read."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import bricks
import drawing
import numpy as np
import pytest
from drawing import cover, jpeg, natural, png, saved, webp
from PIL import Image

from enrollment.arc import ARC
from enrollment.areas import dilate
from enrollment.photo import (
    decode_working,
    encode_working,
    luma_of,
    masked_png,
    read_covered,
    read_public,
    working_mask,
)
from enrollment.refusals import MESSAGES, Refused

pytestmark = pytest.mark.pictures


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read_public(data)
    return refused.value.code


@pytest.mark.parametrize(
    ("size", "working"),
    [
        ((2048, 1024), (2048, 1024)),
        ((2049, 1024), (1025, 512)),
        ((4100, 1200), (1025, 300)),
        ((640, 480), (640, 480)),
    ],
)
@pytest.mark.parametrize("save", [jpeg, png], ids=["jpeg", "png"])
def test_it_halves_until_the_longest_side_fits(
    size: tuple[int, int], working: tuple[int, int], save: object
) -> None:
    assert callable(save)
    small = cover(natural(41, 320, 240))
    rgb = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.NEAREST))

    photo = read_covered(save(rgb))

    assert (photo.rgb.shape[1], photo.rgb.shape[0]) == working
    assert photo.mask.shape == photo.rgb.shape[:2]


@pytest.mark.parametrize("save", [jpeg, png, webp], ids=["jpeg", "png", "webp"])
def test_the_working_picture_is_sealed_and_survives_encoding(save: object) -> None:
    assert callable(save)
    photo = read_covered(save(cover(natural(42))))

    again = decode_working(encode_working(photo.rgb))

    assert np.array_equal(again, photo.rgb)
    assert np.array_equal(working_mask(again), photo.mask)
    assert photo.coverage == photo.mask.mean()


@pytest.mark.parametrize("orientation", [1, 6])
def test_its_luma_is_that_of_the_working_picture(orientation: int) -> None:
    rgb = cover(natural(44, 401, 300), [drawing.FACE])
    rgb[-1, -1] = ARC  # a stray, which sealing moves away from the colour
    turned = bricks.segment(0xE1, bricks.orientation(orientation))
    for data in (png(rgb), bricks.jpeg_with(turned, rgb=rgb)):
        photo = read_covered(data)
        assert np.array_equal(photo.luma, luma_of(photo.rgb))


def test_turning_brings_the_cover_where_the_eye_sees_it() -> None:
    upright = cover(natural(43, 400, 300), [drawing.FACE])
    lying = np.rot90(upright).copy()  # a camera held sideways; 6 means: turn it clockwise to see it
    data = bricks.jpeg_with(bricks.segment(0xE1, bricks.orientation(6)), rgb=lying)

    turned = read_covered(data).mask

    assert (turned & read_covered(png(upright)).mask).sum() > 0.95 * turned.sum()


def test_a_wide_profile_is_converted_before_the_colour_is_looked_for() -> None:
    plain, wide = bricks.covered(), bricks.jpeg_with(bricks.icc_segments(bricks.p3_profile()))
    red = np.array([[[200, 60, 60]]], dtype=np.uint8).repeat(300, 0).repeat(300, 1)
    red[50:200, 50:200] = ARC

    photo = read_covered(bricks.png_with(bricks.iccp(zlib.compress(bricks.p3_profile())), rgb=red))

    assert photo.rgb[280, 280, 0] > 205  # the same numbers are a stronger red on a wide screen
    assert read_covered(wide).coverage == pytest.approx(read_covered(jpeg(plain)).coverage, abs=0.01)


def test_a_plain_profile_changes_nothing() -> None:
    with_profile = bricks.jpeg_with(bricks.icc_segments(bricks.profile()))

    assert np.array_equal(read_covered(with_profile).rgb, read_covered(jpeg(bricks.covered())).rgb)


def test_people_see_exact_paint_well_beyond_the_edge_and_no_metadata() -> None:
    photo = read_covered(jpeg(cover(natural(44)), 50))

    with Image.open(BytesIO(masked_png(photo.rgb))) as image:
        seen = np.asarray(image)
        assert image.info == {}

    hidden = dilate(photo.mask, 16)
    assert (seen[hidden] == ARC).all()
    assert np.array_equal(seen[~hidden], photo.rgb[~hidden])


def test_what_a_soft_brush_let_through_is_not_kept() -> None:
    rgb = cover(natural(45), opacity=0.995)

    photo = read_covered(png(rgb))

    assert not (rgb[photo.mask] == ARC).all()
    assert (photo.rgb[photo.mask] == ARC).all()
    assert photo.coverage > 0.2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        png(natural(46)),
        saved(Image.new("RGB", (300, 300)), "PPM"),
        encode_working(natural(46))[:-1],
        encode_working(natural(46)) + b"\0",
        encode_working(np.zeros((1, 2049, 3), np.uint8)),
    ],
    ids=["empty", "text", "png", "other-ppm", "cut", "longer", "too-wide"],
)
def test_what_is_not_a_working_picture_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a working picture"):
        decode_working(data)


def test_luma_is_that_of_rec_601() -> None:
    rgb = natural(47)

    assert np.abs(luma_of(rgb) - rgb @ [0.299, 0.587, 0.114]).max() <= 1


PUBLIC = {
    "jpeg": lambda image: saved(image, "JPEG", quality=95),
    "progressive": lambda image: saved(image, "JPEG", quality=95, progressive=True),
    "cmyk": lambda image: saved(image.convert("CMYK"), "JPEG", quality=95),
    "png": lambda image: saved(image, "PNG"),
    "palette": lambda image: saved(image.quantize(256), "PNG"),
    "webp": lambda image: saved(image, "WEBP", quality=95),
    "gif": lambda image: saved(image, "GIF"),
    "bmp": lambda image: saved(image, "BMP"),
    "tiff": lambda image: saved(image, "TIFF"),
    "avif": lambda image: saved(image, "AVIF", quality=95),
    "sixteen bits": lambda image: saved(
        Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257), "PNG"
    ),
    "float tiff": lambda image: saved(
        Image.fromarray(np.asarray(image.convert("L"), np.float32) / 255), "TIFF"
    ),
}


@pytest.mark.parametrize("kind", PUBLIC)
def test_a_public_photo_is_read_in_any_format(kind: str) -> None:
    rgb = natural(48, 400, 300)

    luma = read_public(PUBLIC[kind](Image.fromarray(rgb)))

    assert luma.dtype == np.uint8
    assert luma.shape == (300, 400)
    assert np.abs(luma.astype(int) - luma_of(rgb)).mean() < 4


def test_a_large_public_jpeg_is_read_small(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(jpeg(natural(49, 1600, 1200)))

    luma = read_public(path.read_bytes())

    assert luma.shape == (300, 400)


def test_what_is_clear_is_white() -> None:
    rgba = np.zeros((300, 300, 4), dtype=np.uint8)
    rgba[:, 150:] = (10, 10, 10, 255)

    luma = read_public(saved(Image.fromarray(rgba), "PNG"))

    assert (luma[:, :150] == 255).all()
    assert (luma[:, 150:] == 10).all()


def test_a_public_photo_is_turned() -> None:
    data = bricks.jpeg_with(bricks.segment(0xE1, bricks.orientation(6)), rgb=natural(50, 400, 300))

    assert read_public(data).shape == (400, 300)


def test_a_public_jpeg_that_was_cut_off_is_read_all_the_same() -> None:
    data = jpeg(natural(51, 400, 300))

    luma = read_public(data[: len(data) * 9 // 10])

    whole = read_public(data).astype(int)
    assert np.abs(whole - luma)[:200].max() == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-a-picture"),
        (b"no picture at all", "not-a-picture"),
        (png(natural(52))[:3000], "damaged"),
        (jpeg(natural(52))[:100], "damaged"),
        (bricks.png_of(bricks.header(9_000, 9_000, 1, 0), bricks.chunk(b"IDAT", b"")), "too-many-pixels"),
        (bricks.png_of(bricks.header(50_000, 50_000), bricks.chunk(b"IDAT", b"")), "too-many-pixels"),
        (bricks.resized_header(jpeg(natural(52)), 12_000, 12_000), "too-many-pixels"),
    ],
    ids=["empty", "text", "half png", "jpeg header", "bomb", "large bomb", "jpeg bomb"],
)
def test_a_public_photo_that_cannot_be_read_is_refused(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_every_message_is_human_and_whole() -> None:
    figures: dict[str, float | int | str] = {
        "percent": 1.5,
        "needed_percent": 3.0,
        "limit_percent": 90.0,
        "colour": "#FFA8E6",
    }
    figures |= {
        "found": "#FFA8D0",
        "width": 1,
        "height": 1,
        "limit": 1,
        "parts": 1,
        "bits": 16,
        "format": "GIF",
    }
    figures |= {"megabytes": 16, "limit_megabytes": 15.0, "megapixels": 26.0, "limit_megapixels": 25.0}
    figures |= {"kilobytes": 70, "where": "the file ends too early", "detail": 10, "needed": 128}

    for code in MESSAGES:
        message = Refused(code, figures).message
        assert not message[0].islower()
        assert message.endswith(".")
        assert "%(" not in message
        assert "%%" not in message


def test_a_refusal_with_a_missing_figure_or_unknown_code_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Refused("too-little-arc")
    with pytest.raises(KeyError):
        Refused("no-such-code")


def test_a_working_picture_is_what_others_know_as_a_ppm() -> None:
    rgb = natural(53, 33, 17)
    with Image.open(BytesIO(encode_working(rgb))) as image:
        assert image.format == "PPM"
        assert np.array_equal(np.asarray(image), rgb)


def test_the_png_writer_writes_three_chunks() -> None:
    data = masked_png(cover(natural(53)))

    kinds, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kinds.append(data[at + 4 : at + 8])
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
