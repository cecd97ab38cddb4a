"""The structural walk rebuilds a file from what draws the picture, and from nothing else."""

import contextlib
from io import BytesIO

import bricks
import hostile
import numpy as np
import pytest
from drawing import jpeg, png, webp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from enrollment.exif import Exif, read_exif
from enrollment.refusals import Refused
from enrollment.structure import walk

EXIF = bricks.segment(0xE1, bricks.orientation(6))


def pixels(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    jpeg_file = data.startswith(b"\xff\xd8")  # opened as such, without a look at further pictures
    with JpegImageFile(BytesIO(data)) if jpeg_file else Image.open(BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("specimen", hostile.ordinary(), ids=lambda specimen: specimen.name)
def test_the_essence_draws_the_same_picture_without_metadata(specimen: hostile.Specimen) -> None:
    data = specimen.make()

    anatomy = walk(data)

    assert np.array_equal(pixels(anatomy.essence), pixels(data))
    assert (anatomy.width, anatomy.height) == (480, 360)
    with Image.open(BytesIO(anatomy.essence)) as image:
        assert image.format == anatomy.format
        assert image.info.keys() <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "dpi",
            "adobe",
            "adobe_transform",
            "progressive",
            "progression",
            "loop",
            "timestamp",
            "duration",
            "background",
            "interlace",
        }
    assert bricks.CANARY not in anatomy.essence


def test_it_gives_profile_and_orientation_of_a_jpeg() -> None:
    icc = bricks.profile()
    anatomy = walk(bricks.jpeg_with(EXIF, bricks.icc_segments(icc, 3)))

    assert anatomy.profile == icc
    assert anatomy.orientation == 6


def test_it_gives_profile_and_orientation_of_a_webp() -> None:
    icc = bricks.profile()
    image = Image.fromarray(bricks.covered())
    target = BytesIO()
    image.save(target, "WEBP", exif=bricks.orientation(8), icc_profile=icc)

    anatomy = walk(target.getvalue())

    assert anatomy.profile == icc
    assert anatomy.orientation == 8


def test_it_gives_the_gamma_only_of_a_png_without_better() -> None:
    gamma = bricks.chunk(b"gAMA", (100_000).to_bytes(4, "big"))

    assert walk(bricks.png_with(gamma)).gamma == 1.0
    assert walk(bricks.png_with(gamma, bricks.chunk(b"sRGB", b"\0"))).gamma is None


@pytest.mark.parametrize(
    "whole",
    [jpeg(bricks.covered()), png(bricks.covered()), webp(bricks.covered())],
    ids=["jpeg", "png", "webp"],
)
@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 0.999))
def test_a_file_cut_anywhere_is_refused(whole: bytes, share: float) -> None:
    with pytest.raises(Refused):
        walk(whole[: int(len(whole) * share)])


@pytest.mark.parametrize(
    "whole",
    [jpeg(bricks.covered()), png(bricks.covered()), webp(bricks.covered())],
    ids=["jpeg", "png", "webp"],
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_change_is_taken_or_refused_but_never_fails(whole: bytes, data: st.DataObject) -> None:
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, min(len(whole) - 1, 700)))
        broken[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Refused):
        assert 200 <= walk(bytes(broken)).width <= 10_000


@given(st.binary(max_size=400))
def test_exif_never_fails(block: bytes) -> None:
    assert read_exif(b"II*\0" + block).orientation in range(1, 9)


def test_exif_tells_what_it_holds() -> None:
    assert read_exif(bricks.thumbnail_exif()) == Exif(1, location=False, thumbnail=True)
    assert read_exif(bricks.exif([(0x8825, 4, 1, 26)])) == Exif(1, location=True, thumbnail=False)
    assert read_exif(bricks.exif([(0x0112, 3, 1, 5)])) == Exif(5)
    assert read_exif(b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0") == Exif(3)
