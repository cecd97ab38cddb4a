"""The canonical grid: one picture, whatever file it comes in. The distances are those that the docs state."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import bricks
import drawing
import numpy as np
import pytest
from PIL import Image, ImageCms

from enrollment.photo import luma_of
from matching.cli.stills import stills_of
from matching.engine.grid import Grid, luma_grid

LARGE = (2049, 1537)  # decoded at a quarter, where the last blocks reach three pixels beyond the picture


def grid_of(path: Path, data: bytes) -> Grid:
    path.write_bytes(data)
    [still] = stills_of(path)
    return still.grid


def lying(rgb: drawing.Picture, save: Callable[..., bytes]) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(np.rot90(rgb).copy(), exif=exif)


def deep(rgb: drawing.Picture) -> bytes:
    """The picture in 16 bits of grey."""
    return drawing.saved(Image.fromarray(luma_of(rgb).astype(np.uint16) * 257), "PNG")


def with_alpha(rgb: drawing.Picture) -> bytes:
    return drawing.saved(Image.fromarray(rgb).convert("RGBA"), "PNG")


def in_profile(rgb: drawing.Picture, icc: bytes) -> Image.Image:
    """The pixels that look the same under another profile."""
    target = ImageCms.ImageCmsProfile(BytesIO(icc))
    there = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), target, "RGB", "RGB")
    return there.apply(Image.fromarray(rgb))


def wide(rgb: drawing.Picture, format: str) -> bytes:
    icc = bricks.p3_profile()
    return drawing.saved(in_profile(rgb, icc), format, icc_profile=icc, quality=90)


def printed(rgb: drawing.Picture) -> bytes:
    return drawing.saved(Image.fromarray(rgb).convert("CMYK"), "JPEG", quality=90)


def palette(rgb: drawing.Picture) -> bytes:
    return drawing.saved(Image.fromarray(rgb).quantize(256), "PNG")


FILES: dict[str, tuple[Callable[[drawing.Picture], bytes], float]] = {
    "png": (drawing.png, 0.01),
    "png with alpha": (with_alpha, 0.01),
    "png of 16 bits": (deep, 0.01),
    "png with a palette": (palette, 1.5),
    "png, wide colours": (lambda rgb: wide(rgb, "PNG"), 0.5),
    "png, lying": (lambda rgb: lying(rgb, drawing.png), 0.01),
    "jpeg": (drawing.jpeg, 0.5),
    "jpeg, progressive": (lambda rgb: drawing.jpeg(rgb, progressive=True), 0.5),
    "jpeg, lying": (lambda rgb: lying(rgb, drawing.jpeg), 0.5),
    "jpeg, wide colours": (lambda rgb: wide(rgb, "JPEG"), 0.5),
    "jpeg, printing colours": (printed, 0.5),
    "webp": (drawing.webp, 1.0),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_same_picture_gives_the_same_grid_whatever_its_file(tmp_path: Path, kind: str) -> None:
    rgb = drawing.natural(61, 601, 403)
    save, apart = FILES[kind]
    assert np.abs(grid_of(tmp_path / "a", save(rgb)) - luma_grid(luma_of(rgb))).mean() <= apart


def test_a_jpeg_decoded_small_keeps_its_extent(tmp_path: Path) -> None:
    small = Image.fromarray(drawing.natural(62, 400, 300))
    rgb = np.asarray(small.resize(LARGE, Image.Resampling.BICUBIC))
    whole = luma_grid(luma_of(rgb))
    upright, turned = (
        grid_of(tmp_path / "a", data) for data in (drawing.jpeg(rgb), lying(rgb, drawing.jpeg))
    )
    assert np.abs(upright - whole).mean() <= 0.75
    assert np.abs(turned - whole).mean() <= 0.75


def test_a_profile_that_turns_the_colours_round_is_followed_as_viewers_do(tmp_path: Path) -> None:
    icc, rgb = bricks.swapped_profile(), drawing.natural(63, 300, 200)
    shown = drawing.saved(in_profile(rgb, icc), "PNG", icc_profile=icc)
    assert np.abs(grid_of(tmp_path / "a", shown) - luma_grid(luma_of(rgb))).mean() <= 1.0


def test_a_damaged_profile_is_ignored_as_viewers_do(tmp_path: Path) -> None:
    rgb = drawing.natural(64, 300, 200)
    data = drawing.saved(Image.fromarray(rgb), "PNG", icc_profile=b"no profile")
    assert np.abs(grid_of(tmp_path / "a", data) - luma_grid(luma_of(rgb))).max() < 0.01


def test_a_photo_of_one_pixel_is_a_flat_grid(tmp_path: Path) -> None:
    assert np.ptp(grid_of(tmp_path / "a", drawing.png(drawing.natural(65)[:1, :1]))) < 0.01
